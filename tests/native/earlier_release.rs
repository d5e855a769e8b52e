//! Workers of the previous release with objects of this one, during a gradual deployment: the commands in the format of
//! those workers.

use serde_json::{Value, json};
use vestibule::domain::account::{ChosenPassword, PasswordChange, SignIn};
use vestibule::domain::password::{NewPassword, PasswordRecord};
use vestibule::domain::secret::SecretHash;
use vestibule::endpoints::http::Response;
use vestibule::ports::Clock;
use vestibule::tenant::Purpose;

use crate::attacks::access::{CALLBACK, PASSWORD, app, signed_up};
use crate::passwords::hashed;
use crate::support::World;
use crate::support::browser::{Browser, text};

#[test]
fn an_object_of_the_previous_release_refuses_a_password_that_nobody_hashed() {
    // It expects a record, which is a string, and must refuse anything else.
    let plain = ChosenPassword::from(NewPassword::parse("a long enough passphrase", "").unwrap());
    let sent = serde_json::to_value(&plain).unwrap();
    assert!(sent.is_object() && serde_json::from_value::<Option<PasswordRecord>>(sent).is_err());
    let hashed = hashed("a long enough passphrase");
    let sent = serde_json::to_string(&ChosenPassword::Hashed(hashed.clone())).unwrap();
    assert_eq!(serde_json::from_str::<PasswordRecord>(&sent).unwrap(), hashed);
    // A command with an unreadable record is refused instead of being taken for a password.
    let broken = json!({ "confirmation": "SignIn", "password": "hunter2", "keeps_apps": false });
    assert!(serde_json::from_value::<PasswordChange>(broken).is_err());
    assert!(serde_json::from_value::<SignIn>(json!(null)).is_err());
}

/// Where a user lands after signing in, with an interaction that the previous release sealed.
fn signed_in_with(world: &World, browser: &mut Browser, interaction: &Value) -> Response {
    let sealed = json!({ "expires_at": world.clock.now().0 + 1000, "interaction": interaction });
    let sealer = &world.settings.sealer;
    let flow = sealer.seal(Purpose::Interaction, sealed.to_string().as_bytes(), [7; 24]).unwrap();
    let fields = [("email", "dana@example.test"), ("password", PASSWORD)];
    browser.submit(world, &format!("/sign-in?flow={flow}"), &fields)
}

#[test]
fn what_waits_for_a_sign_in_opens_as_the_previous_release_sealed_it() {
    let world = World::new(&[]);
    signed_up(&world, "dana@example.test");
    let authorize = json!({ "Authorize": {
        "client_id": app(&world, "openid", true), "redirect_uri": CALLBACK, "response_mode": "query", "state": "s",
        "scope": "openid", "resources": [], "nonce": "n",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "prompt": {
            "none": false, "login": false, "consent": false, "select_account": false, "create": false,
        },
        "max_age": 100, "login_hint": null, "ui_locales": null, "acr_values": null, "claims": {}, "sub": null,
        "started_at": world.clock.now().0, "account_selected": false,
    }});
    let connect = json!({ "Connect": {
        "provider": "acme", "client_id": "c", "redirect_uri": CALLBACK, "state": null, "scope": "calendar.read",
    }});
    let leads_to = [
        (authorize.clone(), format!("{CALLBACK}?code=")),
        (json!({ "Device": "BCDFGHJK" }), "/device?user_code=BCDF-GHJK".to_owned()),
        (json!("Account"), "/account".to_owned()),
        (json!({ "Confirm": { "account": "ab" } }), "/account?done=confirmed".to_owned()),
        (connect, "/connect/acme?flow=".to_owned()),
    ];
    for (interaction, address) in &leads_to {
        let response = signed_in_with(&world, &mut Browser::default(), interaction);
        let location = response.header("location").unwrap();
        assert!(location.contains(address), "{interaction}: {location}");
    }
    let mut browser = Browser::default();
    browser.get(&world, "/sign-in");
    let link = json!({ "Link": {
        "provider_name": "Acme",
        "identity": {
            "provider": "acme", "issuer": "https://acme.example.com", "subject": "1", "verified_email": null,
            "claims": {},
        },
        "session": { "auth_time": null, "sid": null },
        "is_unproven": false, "update": "follow", "next": authorize,
        "browser": SecretHash::of_text(&browser.cookies["__Host-csrf"]),
    }});
    let response = signed_in_with(&world, &mut browser, &link);
    assert!(response.header("location").unwrap().contains("?code="), "{}", text(&response));
}
