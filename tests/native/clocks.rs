//! Clocks that are set back, while the server runs and while it is stopped: what an object has seen as past stays past.
//! For the signing keys see `signing_keys.rs`.

use futures_lite::future::block_on;
use serde_json::{Value, json};
use vestibule::domain::document::{self, ReadError};
use vestibule::domain::identifier::{Claim, IdentifierError, LeadsTo, Lend, Read};
use vestibule::domain::machine::Command;
use vestibule::domain::registration::Write;
use vestibule::domain::throttle::{Exhausted, Limit, Spend};
use vestibule::domain::time::{Seconds, Timestamp};
use vestibule::ports::{self, Clock};

use crate::attacks::access::{
    PASSWORD, app, authorize_url, claims, redeem, refresh, register, signed_up, tokens,
};
use crate::support::browser::{Browser, answer, csrf, json as body, text};
use crate::support::internet::json as document;
use crate::support::{START, World, by_name};

pub const DAY: u32 = 86_400;
/// How far the clock is set back, in seconds.
const STEPS: [u32; 4] = [1, 5, 120, DAY];
pub const SCOPE: &str = "&scope=openid+offline_access";
pub const EMAIL: &str = "person@example.test";

/// Sends a command to an object.
fn send<C: Command>(world: &World, name: &str, command: C) -> Result<C::Reply, C::Error> {
    let address = by_name(name);
    block_on(ports::send(&world.ports(), &address, command, Seconds(0))).unwrap()
}

pub fn signed_in(world: &World) -> Browser {
    let mut browser = Browser::default();
    let response = browser.submit(world, "/sign-in", &[("email", EMAIL), ("password", PASSWORD)]);
    assert_eq!(response.status, 303, "{}", text(&response));
    browser
}

/// Sets the clock back, and restarts the server if that is part of the case.
pub fn set_back(world: &World, seconds: u32, restarts: bool) {
    world.clock.set_back(seconds);
    if restarts {
        world.restart();
    }
}

/// Every step back, with and without a restart.
pub fn cases() -> impl Iterator<Item = (u32, bool)> {
    STEPS.into_iter().flat_map(|seconds| [(seconds, false), (seconds, true)])
}

#[test]
fn an_effect_that_failed_is_tried_again_in_ten_seconds_though_the_clock_was_set_back_a_day() {
    let world = World::new(&[]);
    let metadata = json!({ "redirect_uris": ["https://app.example.test/callback"] });
    let client = world.clients.get(&register(&world, &metadata)).unwrap();
    let write = || Write(Box::new(client.clone()));
    world.clients.remove_all();
    send(&world, &client.client_id, write()).unwrap();
    assert!(world.clients.get(&client.client_id).is_some());
    world.clients.remove_all();
    world.clients.fails.set(true);
    world.clock.set_back(DAY);
    send(&world, &client.client_id, write()).unwrap();
    world.clients.fails.set(false);
    world.advance(9);
    assert!(world.clients.get(&client.client_id).is_none());
    world.advance(1);
    assert!(world.clients.get(&client.client_id).is_some());
}

#[test]
fn tries_that_were_spent_stay_spent() {
    for (seconds, restarts) in cases() {
        let world = World::new(&[]);
        let limit = Limit { tries: 3, per: Seconds(60), guesses: None };
        let spend = || send(&world, "place", Spend(limit));
        for _ in 0..3 {
            spend().unwrap();
        }
        let exhausted = spend();
        assert!(exhausted.is_err());
        set_back(&world, seconds, restarts);
        // RFC 9110 §10.2.3: the time to wait does not grow.
        let again: Result<(), Exhausted> = spend();
        assert_eq!(again, exhausted);
        // A try comes back after 20 seconds, or after 40 while the clock is behind, because time then runs at half
        // speed.
        world.advance(19);
        assert!(spend().is_err());
        world.advance(21);
        assert!(spend().is_ok(), "{seconds} {restarts}");
    }
}

#[test]
fn a_locked_account_stays_locked() {
    for (seconds, restarts) in cases() {
        let world = World::new(&[("SIGN_INS_PER_MINUTE", "1000")]);
        signed_up(&world, EMAIL);
        let attempt = |email: &str, password: &str| {
            let fields = [("email", email), ("password", password)];
            Browser::default().submit(&world, "/sign-in", &fields).status
        };
        for email in [EMAIL, "nobody@example.test"] {
            for _ in 0..10 {
                attempt(email, "wrong wrong wrong");
                world.advance(17);
            }
            // Ten wrong passwords lock the account for 15 minutes.
            assert_eq!(attempt(email, PASSWORD), 429);
        }
        set_back(&world, seconds, restarts);
        for email in [EMAIL, "nobody@example.test"] {
            assert_eq!(attempt(email, PASSWORD), 429, "{email} {seconds} {restarts}");
        }
        world.advance(seconds + 900);
        assert_eq!(attempt(EMAIL, PASSWORD), 303);
    }
}

#[test]
fn a_claim_that_expired_and_passed_to_another_account_stays_there() {
    for (seconds, restarts) in cases() {
        let world = World::new(&[]);
        let claim = |account: &str| send(&world, EMAIL, Claim(account.into()));
        claim("one").unwrap();
        world.advance(5 * 60);
        claim("other").unwrap();
        set_back(&world, seconds, restarts);
        assert_eq!(claim("one"), Err(IdentifierError::Taken));
        assert_eq!(claim("other"), Ok(()));
    }
}

#[test]
fn an_expired_session_name_never_leads_to_its_account_again() {
    for seconds in STEPS {
        let world = World::new(&[]);
        let until = START.plus(Seconds(60));
        send(&world, "sid", Lend { account: "account".into(), until }).unwrap();
        let read = || send(&world, "sid", Read).unwrap();
        assert_eq!(read(), LeadsTo::Account("account".into()));
        world.clock.advance(60);
        assert_eq!(read(), LeadsTo::Nobody);
        world.clock.set_back(seconds);
        assert_eq!(read(), LeadsTo::Nobody);
    }
}

#[test]
fn a_clock_that_jumps_to_and_fro_does_not_drive_time_ahead() {
    let world = World::new(&[]);
    let until = START.plus(Seconds(DAY));
    send(&world, "sid", Lend { account: "account".into(), until }).unwrap();
    for _ in 0..100 {
        world.clock.set_back(3600);
        send(&world, "sid", Read).unwrap();
        world.clock.advance(3600);
        let found = send(&world, "sid", Read);
        assert_eq!(found, Ok(LeadsTo::Account("account".into())));
    }
}

#[test]
fn a_document_is_fetched_no_more_often_and_serves_no_longer() {
    const URL: &str = "https://login.example.test/metadata";
    for (seconds, restarts) in cases() {
        let world = World::new(&[]);
        world.internet.on(URL, |_| document("{}"));
        let read = |outdated| send(&world, URL, document::Read { url: URL.into(), outdated });
        assert_eq!(read(false), Ok("{}".to_owned()));
        set_back(&world, seconds, restarts);
        for _ in 0..20 {
            assert_eq!(read(true), Ok("{}".to_owned()));
        }
        assert_eq!(world.internet.count(URL), 1);
        // After a failed fetch, the source isn't asked for a while, then it is asked again.
        world.advance(seconds + DAY);
        world.internet.on(URL, |_| Err(vestibule::domain::http::HttpError::Timeout));
        assert!(matches!(read(true), Err(ReadError::Unavailable(_))));
        set_back(&world, seconds, restarts);
        assert!(matches!(read(true), Err(ReadError::Unavailable(_))));
        assert_eq!(world.internet.count(URL), 2);
        world.internet.on(URL, |_| document("{}"));
        // The waiting time passes at half speed while the clock is behind, instead of only after the clock has caught
        // up.
        world.advance(10);
        assert_eq!(read(true), Ok("{}".to_owned()), "{seconds} {restarts}");
    }
}

/// A device, its client and its codes.
fn device(world: &World) -> (String, Value) {
    let metadata = json!({ "redirect_uris": [], "response_types": [],
        "token_endpoint_auth_method": "none",
        "grant_types": ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"] });
    let client_id = register(world, &metadata);
    let fields = [("client_id", client_id.as_str()), ("scope", "openid")];
    let codes = body(&Browser::default().post(world, "/device_authorization", &fields));
    (client_id, codes)
}

fn poll(world: &World, (client_id, codes): &(String, Value)) -> Value {
    let fields = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", client_id),
        ("device_code", codes["device_code"].as_str().unwrap()),
    ];
    body(&Browser::default().post(world, "/token", &fields))
}

#[test]
fn a_device_code_that_was_found_expired_stays_expired() {
    // RFC 8628 §3.5
    for seconds in STEPS {
        let world = World::new(&[]);
        let mut browser = signed_up(&world, EMAIL);
        let device = device(&world);
        assert_eq!(poll(&world, &device)["error"], "authorization_pending");
        world.clock.advance(600);
        assert_eq!(poll(&world, &device)["error"], "expired_token");
        world.clock.set_back(seconds);
        let user_code = device.1["user_code"].as_str().unwrap();
        let token = csrf(&world, &mut browser);
        let decision = [("csrf", token.as_str()), ("user_code", user_code), ("decision", "allow")];
        assert_ne!(browser.post(&world, "/device/decide", &decision).status, 303);
        assert_eq!(poll(&world, &device)["error"], "expired_token", "{seconds}");
    }
}

#[test]
fn a_code_that_was_found_expired_stays_expired() {
    // RFC 6749 §4.1.2
    for seconds in STEPS {
        let world = World::new(&[]);
        let client_id = app(&world, "openid offline_access", true);
        let mut browser = signed_up(&world, EMAIL);
        let response = browser.get(&world, &authorize_url(&client_id, SCOPE));
        let code = answer(&response, "code").unwrap();
        world.clock.advance(60);
        assert_eq!(redeem(&world, &client_id, &code)["error"], "invalid_grant");
        world.clock.set_back(seconds);
        assert_eq!(redeem(&world, &client_id, &code)["error"], "invalid_grant", "{seconds}");
    }
}

#[test]
fn a_refresh_token_that_was_found_expired_stays_expired() {
    for seconds in STEPS {
        let world = World::new(&[("REFRESH_TOKEN_IDLE_LIFETIME", "3600")]);
        let client_id = app(&world, "openid offline_access", true);
        let mut browser = signed_up(&world, EMAIL);
        let issued = tokens(&world, &mut browser, &client_id, SCOPE);
        world.clock.advance(3600);
        assert_eq!(refresh(&world, &client_id, &issued)["error"], "invalid_grant");
        world.clock.set_back(seconds);
        assert_eq!(refresh(&world, &client_id, &issued)["error"], "invalid_grant", "{seconds}");
    }
}

#[test]
fn a_used_refresh_token_is_not_repeated_longer_than_its_window() {
    // RFC 9700 §4.14.2, after the window of `REFRESH_WINDOW` and the time of `REFRESH_LOST_ANSWER`
    for (seconds, restarts) in cases() {
        let world = World::new(&[("REFRESH_LOST_ANSWER", "0")]);
        let client_id = app(&world, "openid offline_access", true);
        let mut browser = signed_up(&world, EMAIL);
        let issued = tokens(&world, &mut browser, &client_id, SCOPE);
        let mut newest = refresh(&world, &client_id, &issued);
        world.clock.advance(11);
        newest = refresh(&world, &client_id, &newest);
        assert!(newest["refresh_token"].is_string(), "the object has acted at this time");
        set_back(&world, seconds, restarts);
        assert_eq!(refresh(&world, &client_id, &issued)["error"], "invalid_grant", "{seconds}");
        assert_eq!(refresh(&world, &client_id, &newest)["error"], "invalid_grant", "it has ended");
    }
}

#[test]
fn a_session_that_was_found_expired_stays_expired() {
    for seconds in STEPS {
        let world = World::new(&[("SESSION_LIFETIME", "3600")]);
        let mut browser = signed_up(&world, EMAIL);
        assert_eq!(browser.get(&world, "/account").status, 200);
        world.clock.advance(3600);
        assert_eq!(browser.clone_cookies().get(&world, "/account").status, 303);
        world.clock.set_back(seconds);
        assert_eq!(browser.get(&world, "/account").status, 303, "{seconds}");
    }
}

#[test]
fn an_account_never_goes_behind_the_newest_of_the_rows_that_it_reads() {
    // A session is a row of its own, so the account's state isn't written when one starts.
    for seconds in STEPS {
        let world = World::new(&[]);
        let client_id = app(&world, "openid offline_access", true);
        signed_up(&world, EMAIL);
        let auth_time = |browser: &mut Browser| {
            let issued = tokens(&world, browser, &client_id, &format!("{SCOPE}&max_age=86400"));
            Timestamp::from_seconds(claims(&issued["id_token"])["auth_time"].as_i64().unwrap())
        };
        world.advance(3600);
        let first = auth_time(&mut signed_in(&world));
        assert_eq!(first, world.clock.now());
        set_back(&world, seconds, true);
        assert_eq!(auth_time(&mut signed_in(&world)), first, "{seconds}");
    }
}

#[test]
fn a_session_that_begins_while_the_clock_is_behind_lasts_as_long_as_any_other() {
    let world = World::new(&[("SESSION_LIFETIME", "3600")]);
    signed_up(&world, EMAIL);
    world.advance(60);
    signed_in(&world);
    set_back(&world, 60, true);
    let browser = signed_in(&world);
    let status = || browser.clone_cookies().get(&world, "/account").status;
    world.advance(3600);
    assert_eq!(status(), 200, "it began at a later time of the account");
    world.advance(60);
    assert_eq!(status(), 303);
}
