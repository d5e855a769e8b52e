//! Events of an account: what happened, to which account, and through which provider or client.

use vestibule::domain::account::{
    Authorize, ChangePassword, Confirm, ConsentGiven, Disconnect, EndOther, EndSession, Erase,
    Link, LinkRequest, PasswordChange, RequestedAccess, RevokeClient, RevokeScope, SessionProof,
    SignInWith, Unlink, UnlinkRequest, YieldAddress,
};
use vestibule::domain::connection::ConnectionId;
use vestibule::domain::event::{Kind, Recorded};
use vestibule::domain::identity::{ClaimsUpdate, Identity};
use vestibule::domain::password::NewPassword;
use vestibule::protocol::claims::StandardClaims;
use vestibule::protocol::scope::Scope;
use vestibule::tenant::ObjectName;

use crate::accounts::{account, confirmed, created, id, new_session, request, right, wrong};
use crate::events::lines;
use crate::support::World;

/// The events since the last call: the kind of each, and its subjects besides the account.
struct Told<'w> {
    world: &'w World,
    seen: usize,
}

impl Told<'_> {
    fn next(&mut self) -> Vec<(Kind, String)> {
        let lines = lines(self.world);
        let new = lines.get(self.seen..).unwrap_or_default().iter();
        let told = new.map(|Recorded { event, about, .. }| {
            assert_eq!(about.account.as_ref().unwrap().as_str(), id(), "{event:?}");
            let more = [&about.client_id, &about.provider, &about.reason].into_iter().flatten();
            let more = more.map(|text| text.as_str().to_owned());
            let scope = about.scope.as_ref().map(|text| text.as_str().to_owned());
            (*event, more.chain(scope).collect::<Vec<_>>().join(" "))
        });
        let told = told.collect();
        self.seen = lines.len();
        told
    }
}

fn one(kind: Kind, about: &str) -> Vec<(Kind, String)> {
    vec![(kind, about.to_owned())]
}

fn dana() -> Identity {
    Identity {
        provider: "acme".into(),
        issuer: "https://acme.example.com".into(),
        subject: "dana".into(),
        verified_email: None,
        claims: StandardClaims::default(),
    }
}

fn authorize(world: &World, session: &SessionProof, scope: &str) {
    let consent = ConsentGiven::JustNow;
    let scope = Scope::parse(scope).unwrap();
    let request = RequestedAccess { scope, ..request(world, consent) };
    account(world, Authorize { session: session.clone(), request }).unwrap();
}

#[test]
fn sign_ups_sign_ins_and_sign_outs_are_events() {
    let world = World::new(&[]);
    let mut told = Told { world: &world, seen: 0 };
    let first = created(&world);
    assert_eq!(told.next(), one(Kind::SignedUp, ""));
    let second = account(&world, right(new_session(), None)).unwrap().session;
    assert_eq!(told.next(), one(Kind::SignInSucceeded, ""));
    for _ in 0..5 {
        account(&world, wrong()).unwrap_err();
        assert_eq!(told.next(), one(Kind::SignInFailed, "wrong_password"));
    }
    account(&world, right(new_session(), None)).unwrap_err();
    assert_eq!(told.next(), one(Kind::SignInFailed, "blocked"));
    world.advance(3600);
    let confirm = Confirm { session: first.clone(), password: "wrong".into() };
    account(&world, confirm).unwrap_err();
    assert_eq!(told.next(), one(Kind::SignInFailed, "wrong_password"));
    account(&world, EndOther { session: first.clone(), other: second.number }).unwrap();
    assert_eq!(told.next(), one(Kind::SessionEnded, ""));
    account(&world, EndOther { session: first.clone(), other: second.number }).unwrap();
    assert_eq!(told.next(), [], "it had ended already");
    account(&world, EndSession(first)).unwrap();
    assert_eq!(told.next(), one(Kind::SessionEnded, ""));
}

#[test]
fn changes_of_consents_are_events() {
    let world = World::new(&[]);
    let session = created(&world);
    let mut told = Told { world: &world, seen: 0 };
    told.next();
    authorize(&world, &session, "openid email");
    assert_eq!(told.next(), one(Kind::ConsentGiven, "client openid email"));
    authorize(&world, &session, "openid email");
    assert_eq!(told.next(), [], "the same consent once more, as a device's approval gives it");
    authorize(&world, &session, "openid profile");
    assert_eq!(told.next(), one(Kind::ConsentGiven, "client openid profile"));
    let revoke = |client_id: &str, scope: &str| {
        let (session, client_id, scope) = (session.clone(), client_id.into(), scope.into());
        account(&world, RevokeScope { session, client_id, scope }).unwrap();
    };
    revoke("client", "email");
    assert_eq!(told.next(), one(Kind::ConsentWithdrawn, "client email"));
    revoke("no such client", "email");
    assert_eq!(told.next(), [], "it was allowed nothing");
    for not_held in ["email", "phone", "openid profile", "what a form may contain \u{202e}"] {
        revoke("client", not_held);
        assert_eq!(told.next(), [], "{not_held}: it has no such scope");
    }
    let long = "x".repeat(60_000);
    revoke("client", &long);
    assert!(world.objects.largest_row() < 1000, "what the app doesn't have is not remembered");
    let revoke = |client_id: &str| {
        let command = RevokeClient { session: session.clone(), client_id: client_id.into() };
        account(&world, command).unwrap();
    };
    revoke("what a form may contain");
    assert_eq!(told.next(), [], "it was allowed nothing");
    revoke("client");
    assert_eq!(told.next(), one(Kind::ConsentWithdrawn, "client"));
    let id = ConnectionId::new("storage", Some("client")).unwrap();
    account(&world, Disconnect { session: session.clone(), id }).unwrap();
    assert_eq!(told.next(), []);
}

#[test]
fn changes_of_how_a_user_signs_in_are_events() {
    let world = World::new(&[]);
    let session = created(&world);
    let mut told = Told { world: &world, seen: 0 };
    told.next();
    let confirmation = confirmed();
    let link = LinkRequest { identity: dana(), update: ClaimsUpdate::Follow, confirmation };
    account(&world, Link { session: session.clone(), request: link }).unwrap();
    assert_eq!(told.next(), one(Kind::IdentityLinked, "acme"));
    let sign_in = SignInWith {
        identity: dana(),
        update: ClaimsUpdate::Follow,
        link_by_email: false,
        session: new_session(),
        replaces: None,
        adopts_address: None,
    };
    account(&world, sign_in).unwrap();
    assert_eq!(told.next(), one(Kind::SignInSucceeded, "acme"));
    let key = "identity/upstream:https://acme.example.com#dana".into();
    let unlink = UnlinkRequest { key, confirmation: confirmed(), company: None };
    account(&world, Unlink { session: session.clone(), request: unlink }).unwrap();
    assert_eq!(told.next(), one(Kind::IdentityUnlinked, "acme"));
    let password = NewPassword::parse("another long passphrase", "").unwrap();
    let password = password.hash([2; 16]).unwrap();
    let change = PasswordChange {
        confirmation: confirmed(),
        password: vestibule::domain::account::ChosenPassword::Hashed(password.clone()),
        keeps_apps: true,
    };
    let session = account(&world, ChangePassword { session, change }).unwrap();
    assert_eq!(told.next(), one(Kind::PasswordChanged, ""));
    account(&world, YieldAddress(ObjectName::email("person@example.test"))).unwrap();
    assert_eq!(told.next(), one(Kind::AddressLost, ""));
    let confirmation = vestibule::domain::account::Confirmation::Password(password);
    account(&world, Erase { session, confirmation }).unwrap();
    assert_eq!(told.next(), one(Kind::AccountErased, ""));
}
