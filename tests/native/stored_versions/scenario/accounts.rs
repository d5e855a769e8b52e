//! Signing up and in, what a user changes, and the end of an account.

use super::{DAY, PASSWORD, Scene, assert_ok};
use crate::attacks::access::signed_up;
use crate::support::browser::{Browser, text};
use crate::support::recorder::step;

const EMAIL: &str = "ada@example.test";
const WRONG: &str = "not the right passphrase";
const NEW: &str = "another long passphrase";

pub fn run(scene: &Scene) {
    let world = &scene.world;
    step("sign-up");
    let mut browser = signed_up(world, EMAIL);
    assert_ok(&browser.get(world, "/account"));
    step("sign-up with a taken address");
    let again = [("email", EMAIL), ("password", PASSWORD)];
    Browser::default().submit(world, "/sign-up", &again);
    step("sign-in");
    let mut other = Browser::default();
    assert_ok(&scene.sign_in(&mut other, EMAIL, PASSWORD));
    step("sign-in in the same browser");
    assert_ok(&scene.sign_in(&mut other, EMAIL, PASSWORD));
    step("a wrong password");
    for _ in 0..5 {
        assert_eq!(scene.sign_in(&mut Browser::default(), EMAIL, WRONG).status, 422);
    }
    step("too many wrong passwords");
    assert_eq!(scene.sign_in(&mut Browser::default(), EMAIL, PASSWORD).status, 429);
    world.advance(10);
    assert_ok(&scene.sign_in(&mut other, EMAIL, PASSWORD));
    step("nobody's address");
    for _ in 0..6 {
        scene.sign_in(&mut Browser::default(), "nobody@example.test", WRONG);
    }
    step("a profile");
    let mut profile = vec![("name", "Ada"), ("nickname", "A"), ("phone_number", "+351 1")];
    assert_ok(&scene.send(&mut browser, "/account/profile", &profile));
    step("a whole profile");
    profile.extend([
        ("given_name", "Ada"),
        ("family_name", "Lovelace"),
        ("birthdate", "1815-12-10"),
        ("locale", "en"),
        ("zoneinfo", "Europe/London"),
    ]);
    assert_ok(&scene.send(&mut browser, "/account/profile", &profile));
    step("an unconfirmed change");
    let change = |current| [("current_password", current), ("new_password", NEW)];
    scene.send(&mut browser, "/account/password", &change(WRONG));
    step("a new password that is too short");
    let short = [("current_password", PASSWORD), ("new_password", "short")];
    scene.send(&mut browser, "/account/password", &short);
    world.advance(10);
    step("another session ends");
    let page = text(&browser.get(world, "/account"));
    let session = page.split("name=\"session\" value=\"").nth(1).expect("another session");
    let session = session.split('"').next().unwrap();
    assert_ok(&scene.send(&mut browser, "/account/sessions", &[("session", session)]));
    step("an ended session");
    other.get(world, "/account");
    step("a new password");
    assert_ok(&scene.sign_in(&mut other, EMAIL, PASSWORD));
    assert_ok(&scene.send(&mut browser, "/account/password", &change(PASSWORD)));
    step("sign-out");
    assert_ok(&scene.send(&mut browser, "/sign-out", &[]));
    step("the account is deleted");
    let mut browser = Browser::default();
    assert_ok(&scene.sign_in(&mut browser, EMAIL, NEW));
    let fields = [("current_password", NEW)];
    assert_ok(&browser.submit(world, "/account/delete", &fields));
    step("what is over is forgotten");
    world.advance(2 * DAY);
}
