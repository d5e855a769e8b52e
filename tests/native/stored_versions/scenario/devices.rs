//! The device grant (RFC 8628).

use serde_json::{Value, json};
use vestibule::domain::distance::Location;

use super::{Scene, assert_ok};
use crate::attacks::access::{refresh, register, signed_up, userinfo};
use crate::support::browser::{Browser, json as body, text};
use crate::support::recorder::step;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

struct Television<'s> {
    scene: &'s Scene,
    client_id: String,
}

impl Television<'_> {
    fn ask(&self) -> Value {
        let fields = [("client_id", self.client_id.as_str()), ("scope", "openid offline_access")];
        body(&Browser::default().post(&self.scene.world, "/device_authorization", &fields))
    }

    fn ask_from(&self, location: Location) -> Value {
        let mut device = Browser { location, ..Browser::default() };
        let fields = [("client_id", self.client_id.as_str())];
        body(&device.post(&self.scene.world, "/device_authorization", &fields))
    }

    fn poll(&self, asked: &Value) -> Value {
        let fields = [
            ("grant_type", GRANT),
            ("client_id", self.client_id.as_str()),
            ("device_code", asked["device_code"].as_str().unwrap()),
        ];
        body(&Browser::default().post(&self.scene.world, "/token", &fields))
    }

    fn decide(&self, browser: &mut Browser, asked: &Value, decision: &str) {
        let user_code = asked["user_code"].as_str().unwrap();
        let page = format!("/device?user_code={user_code}");
        let hidden =
            crate::support::browser::hidden_fields(&text(&browser.get(&self.scene.world, &page)));
        let hidden: Vec<(&str, &str)> =
            hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let fields = [&hidden[..], &[("decision", decision)]].concat();
        assert_ok(&browser.post(&self.scene.world, "/device/decide", &fields));
    }
}

pub fn run(scene: &Scene) {
    let world = &scene.world;
    let client_id = register(
        world,
        &json!({ "redirect_uris": [], "response_types": [], "client_name": "Test TV",
            "token_endpoint_auth_method": "none", "grant_types": [GRANT, "refresh_token"] }),
    );
    let television = Television { scene, client_id };
    let mut browser = signed_up(world, "cleo@example.test");
    step("a device asks");
    let asked = television.ask();
    television.poll(&asked);
    step("a device asks too soon");
    television.poll(&asked);
    step("a device is allowed");
    television.decide(&mut browser, &asked, "allow");
    step("the device gets its tokens");
    world.advance(30);
    let issued = television.poll(&asked);
    step("the device gets its tokens again");
    television.poll(&asked);
    step("the device uses its tokens");
    userinfo(world, &issued);
    refresh(world, &television.client_id, &issued);
    step("a device code that was spent");
    television.poll(&asked);
    step("a device in Lisbon");
    let name = |name: &str| Some(name.to_owned());
    let asked = television.ask_from(Location {
        city: name("Lisbon"),
        region: name("Lisbon"),
        country: name("PT"),
        network_operator: name("A network"),
        coordinates: name("38.7").zip(name("-9.1")),
    });
    television.decide(&mut browser, &asked, "allow");
    step("a device is denied");
    let asked = television.ask();
    television.decide(&mut browser, &asked, "deny");
    television.poll(&asked);
    step("a device code that was decided");
    let user_code = asked["user_code"].as_str().unwrap();
    browser.get(world, &format!("/device?user_code={user_code}"));
    step("a user code that nobody has");
    browser.get(world, "/device?user_code=BCDF-GHJK");
    step("a device code that has expired");
    let asked = television.ask();
    world.advance(700);
    television.poll(&asked);
    world.advance(3600);
    television.poll(&asked);
    step("too many devices");
    for _ in 0..10 {
        television.ask();
    }
}
