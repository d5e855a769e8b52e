//! Sign-in and confirmation with a password: the account's object counts, verifies and decides in one step.

use futures_lite::future::block_on;
use proptest::prelude::*;
use vestibule::domain::account::{
    Account, ChangePassword, ChangePasswordError, ChosenPassword, Confirm, ConfirmError,
    Confirmation, ConsentGiven, Create, NewAccount, PasswordChange, SessionProof, SignIn,
    SignInError,
};
use vestibule::domain::identifier;
use vestibule::domain::machine::{
    Address, Before, Class, Command, Effect, Machine, Message, Next, Nothing, Notice, Receive,
};
use vestibule::domain::notice::to_account::{AccessTokenRevoked, GrantEnded, GrantStands};
use vestibule::domain::password::{NewPassword, PasswordError, PasswordRecord, TypedPassword};
use vestibule::domain::time::Seconds;
use vestibule::endpoints::failure::Failure;
use vestibule::ports::{self, Clock};
use vestibule::protocol::claims::StandardClaims;
use vestibule::tenant::ObjectName;

use crate::accounts::{new_session, request};
use crate::attacks::access::{PASSWORD, signed_up};
use crate::support::browser::{Browser, csrf, text};
use crate::support::{World, by_name};

fn id() -> Address {
    Address::Id("ab".repeat(32))
}

fn send<C: Command>(world: &World, to: &Address, command: C) -> Result<C::Reply, C::Error> {
    block_on(ports::send(&world.ports(), to, command, Seconds(0))).unwrap()
}

pub fn hashed(password: &str) -> PasswordRecord {
    NewPassword::parse(password, "").unwrap().hash([1; 16]).unwrap()
}

/// A record that can't be verified, as if memory were short.
fn unverifiable() -> PasswordRecord {
    let record = serde_json::to_string(&hashed(PASSWORD)).unwrap();
    serde_json::from_str(&record.replace("v=19", "v=18")).unwrap()
}

/// An account with this password, and its first session.
fn created(world: &World, password: Option<ChosenPassword>) -> SessionProof {
    send(world, &id(), Create { account: new(password), session: new_session() }).unwrap().session
}

fn new(password: Option<ChosenPassword>) -> NewAccount {
    NewAccount {
        account: "ab".repeat(32),
        address: Some(("person@example.test".into(), ObjectName::email("person@example.test"))),
        claims: StandardClaims::default(),
        password,
        identity: None,
    }
}

fn sign_in(password: &str) -> SignIn {
    SignIn { password: password.into(), session: new_session(), replaces: None }
}

fn attempt(world: &World, password: &str) -> Option<SignInError> {
    send(world, &id(), sign_in(password)).err()
}

#[test]
fn an_attempt_is_counted_verified_and_recorded_in_one_call() {
    let world = World::new(&[]);
    created(&world, Some(ChosenPassword::Hashed(hashed(PASSWORD))));
    let before = world.objects.calls.get();
    assert_eq!(attempt(&world, PASSWORD), None);
    assert_eq!(attempt(&world, "wrong wrong wrong"), Some(SignInError::WrongPassword));
    assert_eq!(world.objects.calls.get() - before, 2);
}

#[test]
fn a_wrong_password_is_written_before_the_response_and_a_right_first_one_is_not() {
    let world = World::new(&[]);
    created(&world, Some(ChosenPassword::Hashed(hashed(PASSWORD))));
    let count = |world: &World| {
        let stored = world.objects.stored().concat();
        let count = stored.split("\\\"attempts\\\":{\\\"count\\\":").nth(1).unwrap();
        count.split(',').next().unwrap().to_owned()
    };
    assert_eq!((attempt(&world, PASSWORD), count(&world)), (None, "0".to_owned()));
    for wrong in ["1", "2", "3"] {
        assert!(attempt(&world, "wrong wrong wrong").is_some());
        assert_eq!(count(&world), wrong);
        // A crash right after the response forgets nothing.
        world.objects.evict();
    }
    assert_eq!((attempt(&world, PASSWORD), count(&world)), (None, "0".to_owned()));
}

#[test]
fn a_blocked_account_refuses_every_password_without_hashing_it() {
    let world = World::new(&[]);
    let now = world.clock.now();
    let created = Create {
        account: new(Some(ChosenPassword::Hashed(unverifiable()))),
        session: new_session(),
    };
    let created = created.decide(Before::nothing(), now, &*world.entropy);
    let Next::Written(mut person) = created.change.next else { panic!("nothing was written") };
    for _ in 0..5 {
        person.attempts = person.attempts.begin(now).unwrap();
    }
    let state = serde_json::to_string(&person).unwrap();
    world.objects.store_state(Class::Account, &id(), &state);
    for password in ["wrong wrong wrong", PASSWORD] {
        assert!(matches!(attempt(&world, password), Some(SignInError::Blocked(_))), "no hash");
    }
}

#[test]
fn a_password_that_cannot_be_hashed_is_an_error_of_the_server_and_signs_nobody_in() {
    let world = World::new(&[]);
    created(&world, Some(ChosenPassword::Hashed(unverifiable())));
    let before = world.objects.stored();
    for _ in 0..12 {
        let error = attempt(&world, PASSWORD).unwrap();
        assert_eq!(error, SignInError::Password(PasswordError::Hashing));
        assert_eq!(Failure::from(error).to_response().status, 500);
    }
    assert_eq!(world.objects.stored(), before);
}

#[test]
fn an_address_without_an_account_stores_nothing_in_the_object_that_hashes_for_it() {
    let world = World::new(&[]);
    let nobody = by_name("email:nobody@example.test");
    let command = sign_in("wrong wrong wrong");
    assert_eq!(send(&world, &nobody, command).err(), Some(SignInError::Unknown));
    assert_eq!(world.objects.stored(), Vec::<String>::new());
    // Through the page, only the throttle and the identifier's counter are stored.
    let fields = [("email", "nobody@example.test"), ("password", "wrong wrong wrong")];
    assert_eq!(Browser::default().submit(&world, "/sign-in", &fields).status, 422);
    assert_eq!(world.objects.count(Class::Account), 0);
    assert_eq!(world.objects.count(Class::Identifier), 1);
}

#[test]
fn an_account_without_a_password_responds_like_one_with_another_password() {
    let world = World::new(&[]);
    created(&world, None);
    for _ in 0..5 {
        assert_eq!(attempt(&world, PASSWORD), Some(SignInError::WrongPassword));
    }
    assert!(matches!(attempt(&world, PASSWORD), Some(SignInError::Blocked(_))));
}

#[test]
fn confirmations_and_sign_ins_share_one_count_of_attempts() {
    let world = World::new(&[]);
    let session = created(&world, Some(ChosenPassword::Hashed(hashed(PASSWORD))));
    let confirm = |proof: &SessionProof, password: &str| {
        send(&world, &id(), Confirm { session: proof.clone(), password: password.into() })
    };
    for _ in 0..5 {
        assert_eq!(confirm(&session, "wrong").err(), Some(ConfirmError::WrongPassword));
        world.objects.evict();
    }
    assert!(matches!(confirm(&session, PASSWORD).err(), Some(ConfirmError::Blocked(_))));
    assert!(matches!(attempt(&world, PASSWORD), Some(SignInError::Blocked(_))));
    world.advance(60 * 60);
    assert!(confirm(&session, PASSWORD).is_ok());
    // Without the session nothing is verified or counted.
    let forged = SessionProof { number: session.number.wrapping_add(1), secret: session.secret };
    let before = world.objects.stored();
    assert_eq!(confirm(&forged, PASSWORD).err(), Some(ConfirmError::NoSession));
    assert_eq!(world.objects.stored(), before);
}

#[test]
fn a_new_password_is_hashed_only_with_evidence() {
    let world = World::new(&[]);
    let session = created(&world, Some(ChosenPassword::Hashed(hashed(PASSWORD))));
    let change = |verified: PasswordRecord| {
        let password = NewPassword::parse("another long passphrase", "").unwrap().into();
        let confirmation = Confirmation::Password(verified);
        let change = PasswordChange { confirmation, password, keeps_apps: false };
        send(&world, &id(), ChangePassword { session: session.clone(), change })
    };
    let drawn = world.entropy.drawn();
    assert_eq!(
        change(hashed("some other password")).err(),
        Some(ChangePasswordError::NotConfirmed)
    );
    assert_eq!(world.entropy.drawn(), drawn, "no salt was drawn");
    assert!(change(hashed(PASSWORD)).is_ok());
    assert_eq!(attempt(&world, PASSWORD), Some(SignInError::WrongPassword));
    assert_eq!(attempt(&world, "another long passphrase"), None);
}

#[test]
fn an_older_hash_is_replaced_in_the_step_that_signs_in() {
    use argon2::password_hash::PasswordHasher;
    let params = argon2::Params::new(8192, 1, 1, None).unwrap();
    let weak = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let hash = weak.hash_password_with_salt(PASSWORD.as_bytes(), &[1; 16]).unwrap().to_string();
    let record = serde_json::from_str(&format!("\"{hash}\"")).unwrap();
    let world = World::new(&[]);
    created(&world, Some(ChosenPassword::Hashed(record)));
    assert_eq!(attempt(&world, PASSWORD), None);
    assert!(world.objects.stored().concat().contains("m=19456,t=2,p=1"));
    world.objects.evict();
    assert_eq!(attempt(&world, PASSWORD), None);
}

#[test]
fn a_password_is_in_nothing_that_is_stored_or_logged() {
    let world = World::new(&[]);
    let mut browser = signed_up(&world, "person@example.test");
    let guess = "a guess that is wrong";
    let new = "another long passphrase";
    for (email, password) in [
        ("person@example.test", PASSWORD),
        ("person@example.test", guess),
        ("nobody@example.test", guess),
    ] {
        let fields = [("email", email), ("password", password)];
        Browser::default().submit(&world, "/sign-in", &fields);
    }
    let token = csrf(&world, &mut browser);
    let fields = [("csrf", &*token), ("current_password", PASSWORD), ("new_password", new)];
    let changed = browser.post(&world, "/account/password", &fields);
    assert_eq!(changed.status, 303, "{}", text(&changed));
    let seen = format!("{:?} {:?}", world.objects.stored(), world.log.0.borrow());
    for password in [PASSWORD, guess, new] {
        assert!(!seen.contains(password));
    }
    // Debug output contains neither typed nor new passwords.
    let chosen = ChosenPassword::from(NewPassword::parse(new, "").unwrap());
    let shown = format!("{:?} {chosen:?}", sign_in(guess));
    assert!(shown.contains("TypedPassword(..)") && shown.contains("NewPassword(..)"));
    assert!(!shown.contains(guess) && !shown.contains(new));
}

#[test]
fn a_notice_from_a_grant_is_a_command_of_the_account() {
    let world = World::new(&[]);
    let moment = request(&world, ConsentGiven::Before).expires_at;
    let grant_id = || "g".to_owned();
    struct Name;
    impl Receive<Account> for Name {
        type Output = &'static str;

        fn receive<C: Command<Machine = Account>>(self, _: C) -> &'static str {
            C::NAME
        }
    }
    fn understood(notice: &impl Notice) -> &'static str {
        let effect = Effect::<Nothing>::send(id(), notice);
        let Some(Effect::Send(Message { command, .. })) = effect else { panic!("no message") };
        Account::receive(&command.to_string(), Name).unwrap()
    }
    assert_eq!(understood(&GrantEnded(grant_id())), "GrantEnded");
    let (redeemed, over_at) = (true, moment);
    let stands = GrantStands { grant_id: grant_id(), redeemed, over_at };
    assert_eq!(understood(&stands), "GrantStands");
    let (jti, expires_at) = ("jti".into(), moment);
    let revoked = AccessTokenRevoked { grant_id: grant_id(), jti, expires_at };
    assert_eq!(understood(&revoked), "AccessTokenRevoked");
}

#[test]
fn a_huge_password_is_cut_before_it_travels_and_stays_wrong() {
    let typed = |text: &str| serde_json::to_string(&TypedPassword::from(text)).unwrap();
    assert_eq!(typed(&"x".repeat(64 * 1024)).len(), 4096 + 2);
    assert!(typed(&"\u{1ec7}".repeat(64 * 1024)).len() <= 4096 + 2);
    // These texts shrink most under normalization to NFC and mapping of spaces. They stay too long.
    for unit in ["\u{1fbe}\u{308}\u{341}", "\u{212a}", "\u{2003}", "\u{1100}\u{1161}\u{11a8}"] {
        let left = unit.repeat(4096 / unit.len());
        assert_eq!(NewPassword::parse(&left, "").err(), Some(PasswordError::Long), "{unit:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn an_account_answers_any_wrong_passwords_at_any_times_as_an_address_without_one_does(
        waits in prop::collection::vec(prop::sample::select(vec![0, 1, 3, 20, 1000, 90_000]), 1..20)
    ) {
        let world = World::new(&[]);
        created(&world, Some(ChosenPassword::Hashed(hashed(PASSWORD))));
        let nobody = by_name("email:nobody@example.test");
        for wait in waits {
            world.advance(wait);
            let with = attempt(&world, "wrong wrong wrong");
            let without = block_on(ports::send(&world.ports(), &nobody, identifier::SignIn, Seconds(0)));
            match (with, without.unwrap().err()) {
                (Some(SignInError::WrongPassword), None) => {}
                (Some(SignInError::Blocked(one)), Some(identifier::SignInError::Blocked(other))) => {
                    prop_assert_eq!(one, other);
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }
}
