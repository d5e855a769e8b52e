//! Workers of the previous release and objects of this one, while a release is rolled out: the commands as those
//! workers wrote them.

use futures_lite::future::block_on;
use serde_json::{Value, json};
use vestibule::domain::account::password::{ChosenPassword, PasswordChange};
use vestibule::domain::account::{Account, AccountCommand};
use vestibule::domain::machine::{Address, Class, Machine};
use vestibule::domain::password::{NewPassword, PasswordRecord};
use vestibule::domain::time::Seconds;
use vestibule::ports::Objects;

use crate::passwords::hashed;
use crate::support::World;

const RECORD: &str = "$argon2id$v=19$m=19456,t=2,p=1$AQEBAQEBAQEBAQEBAQEBAQ$\
                      aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaY";
const OTHER: &str = "$argon2id$v=19$m=19456,t=2,p=1$AgICAgICAgICAgICAgICAg$\
                     aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaY";

/// Sends a command as text, and returns the reply as JSON.
fn send(world: &World, command: &Value) -> Value {
    let to = Address::Id("ab".repeat(32));
    let sent = world.objects.send(Account::CLASS, &to, command.to_string(), Seconds(0));
    serde_json::from_str(&block_on(sent).unwrap().unwrap()).unwrap()
}

fn session() -> Value {
    json!({ "amr": ["pwd"], "authenticated": "Now", "lifetime": 86_400, "browser": "Firefox on Linux" })
}

fn created(world: &World) -> Value {
    let account = json!({
        "account": "ab".repeat(32),
        "address": ["person@example.test", "email:person@example.test"],
        "claims": {},
        "password": RECORD,
        "identity": null,
    });
    let reply = send(world, &json!({ "Create": [account, session()] }));
    reply["Ok"]["SignedIn"]["session"].clone()
}

#[test]
fn a_sign_in_that_a_worker_of_the_previous_release_verifies_is_counted_and_finished() {
    let world = World::new(&[]);
    created(&world);
    for _ in 0..4 {
        assert_eq!(send(&world, &json!("BeginSignIn"))["Ok"]["Password"], RECORD);
        assert_eq!(send(&world, &json!("AttemptFailed"))["Ok"], "Done");
        world.objects.evict();
    }
    let finish = |verified: &str| {
        let sign_in = json!({
            "session": session(), "verified": verified, "rehashed": null, "replaces": null,
        });
        send(&world, &json!({ "FinishSignIn": sign_in }))
    };
    assert_eq!(send(&world, &json!("BeginSignIn"))["Ok"]["Password"], RECORD);
    assert_eq!(finish(OTHER)["Err"], "PasswordChanged");
    assert!(finish(RECORD)["Ok"]["SignedIn"].is_object());
    world.objects.evict();
    for _ in 0..4 {
        assert!(send(&world, &json!("BeginSignIn"))["Ok"].is_object(), "the count starts again");
    }
}

#[test]
fn a_confirmation_and_a_new_password_from_a_worker_of_the_previous_release_are_understood() {
    let world = World::new(&[]);
    let proof = created(&world);
    assert_eq!(send(&world, &json!({ "BeginConfirmation": proof }))["Ok"]["Password"], RECORD);
    let finish = |verified: &str| send(&world, &json!({ "FinishConfirmation": [proof, verified] }));
    assert_eq!(finish(OTHER)["Err"], "PasswordChanged");
    assert_eq!(finish(RECORD)["Ok"], "Done");
    let change = json!({
        "confirmation": { "Password": RECORD }, "password": OTHER, "keeps_apps": false,
    });
    let changed = send(&world, &json!({ "ChangePassword": [proof, change] }));
    assert!(changed["Ok"]["SessionRenewed"].is_object(), "{changed}");
    assert_eq!(send(&world, &json!("BeginSignIn"))["Ok"]["Password"], OTHER);
    assert_eq!(world.objects.count(Class::Account), 1);
}

#[test]
fn an_object_of_the_previous_release_refuses_a_password_that_nobody_hashed() {
    // It reads a record, which is a string, and must refuse anything else.
    let plain = ChosenPassword::from(NewPassword::parse("a long enough passphrase", "").unwrap());
    let sent = serde_json::to_value(&plain).unwrap();
    assert!(sent.is_object() && serde_json::from_value::<Option<PasswordRecord>>(sent).is_err());
    let hashed = hashed("a long enough passphrase");
    let sent = serde_json::to_string(&ChosenPassword::Hashed(hashed.clone())).unwrap();
    assert_eq!(serde_json::from_str::<PasswordRecord>(&sent).unwrap(), hashed);
    // A command with an unreadable record is refused, and is not taken for a password.
    let broken = json!({ "confirmation": "SignIn", "password": "hunter2", "keeps_apps": false });
    assert!(serde_json::from_value::<PasswordChange>(broken).is_err());
    assert!(serde_json::from_value::<AccountCommand>(json!("SignIn")).is_err());
}
