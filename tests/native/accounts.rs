//! Accounts and the addresses that lead to them.

use futures_lite::future::block_on;
use vestibule::domain::account::{
    Account, Authorize, AuthorizeError, Authorized, BeginLink, BeginLinkError, ChangeClaims,
    ChangePassword, ChosenPassword, Confirmation, ConsentGiven, Create, Erase, Link, LinkError,
    LinkRequest, MAX_GRANTS, MAX_SESSIONS, NewAccount, NewSession, Overview, PasswordChange,
    ReadOverview, ReadSession, RequestedAccess, RevokeScope, SessionError, SessionProof, SignIn,
    SignInError, SignedIn, Unlink, UnlinkError, UnlinkRequest, UserInfo,
};
use vestibule::domain::authentication::{AuthTime, NewAuthentication, SessionOrigin};
use vestibule::domain::identifier::{self, IdentifierError, LeadsTo};
use vestibule::domain::identity::{ClaimsUpdate, Identity};
use vestibule::domain::machine::{Address, Class, Command};
use vestibule::domain::notice::to_account::GrantEnded;
use vestibule::domain::password::{NewPassword, PasswordRecord};
use vestibule::domain::secret::{Secret, SecretHash};
use vestibule::domain::time::Seconds;
use vestibule::ports;
use vestibule::protocol::claims::{ClaimsRequest, StandardClaims};
use vestibule::protocol::scope::Scope;
use vestibule::tenant::ObjectName;

use crate::support::{World, by_name};

const EMAIL: &str = "email:person@example.test";
const PASSWORD: &str = "a long enough passphrase";

fn send<C: Command>(world: &World, to: Address, command: C) -> Result<C::Reply, C::Error> {
    block_on(ports::send(&world.ports(), &to, command, Seconds(0))).unwrap()
}

pub fn account<C: Command<Machine = Account>>(
    world: &World,
    command: C,
) -> Result<C::Reply, C::Error> {
    send(world, Address::Id(id()), command)
}

pub fn id() -> String {
    "ab".repeat(32)
}

pub fn new_session() -> NewSession {
    let (browser, place) = ("Firefox on Linux".into(), None);
    NewSession {
        sid: None,
        authentication: NewAuthentication::by_password(),
        confirms: false,
        lifetime: Seconds(86_400),
        browser,
        place,
        asks: None,
    }
}

pub fn created(world: &World) -> SessionProof {
    let claim = identifier::Claim(id());
    send(world, by_name(EMAIL), claim).unwrap();
    let new = NewAccount {
        account: id(),
        address: Some(("person@example.test".into(), ObjectName::email("person@example.test"))),
        claims: StandardClaims::default(),
        password: Some(ChosenPassword::Hashed(record())),
        identity: None,
    };
    proof(account(world, Create { account: new, session: new_session() }))
}

/// The stored record of the password of [`created`].
fn record() -> PasswordRecord {
    NewPassword::parse(PASSWORD, "").unwrap().hash([1; 16]).unwrap()
}

/// A sign-in with the right password.
pub fn right(session: NewSession, replaces: Option<SessionProof>) -> SignIn {
    SignIn { password: PASSWORD.into(), session, replaces }
}

pub fn wrong() -> SignIn {
    SignIn { password: "not the password".into(), session: new_session(), replaces: None }
}

/// The confirmation by the password of [`created`].
pub fn confirmed() -> Confirmation {
    Confirmation::Password(record())
}

fn proof<E: std::fmt::Debug>(reply: Result<SignedIn, E>) -> SessionProof {
    reply.unwrap().session
}

fn sign_in(world: &World) -> SessionProof {
    proof(account(world, right(new_session(), None)))
}

pub fn request(world: &World, consent: ConsentGiven) -> RequestedAccess {
    use vestibule::ports::{Clock, Objects};
    RequestedAccess {
        client_id: "client".into(),
        scope: Scope::parse("openid").unwrap(),
        resources: Vec::new(),
        claims: ClaimsRequest::default(),
        grant_id: world.objects.new_id(Class::Grant).unwrap().to_string(),
        offline: false,
        expires_at: world.clock.now().plus(Seconds(3600)),
        over_at: None,
        tokens: Seconds(600),
        signed_in_since: None,
        sub: None,
        consent,
        declined: Scope::default(),
    }
}

fn authorize(
    world: &World,
    session: &SessionProof,
    request: RequestedAccess,
) -> Result<Authorized, AuthorizeError> {
    account(world, Authorize { session: session.clone(), request })
}

fn overview(world: &World, session: &SessionProof) -> Overview {
    account(world, ReadOverview(session.clone())).unwrap()
}

#[test]
fn an_address_leads_to_one_account() {
    let world = World::new(&[]);
    created(&world);
    let identifier = || by_name(EMAIL);
    let other = identifier::Claim("cd".repeat(32));
    let taken = send(&world, identifier(), other);
    assert_eq!(taken, Err(IdentifierError::Taken));
    let found = send(&world, identifier(), identifier::SignIn);
    assert_eq!(found, Ok(LeadsTo::Account(id())));
}

#[test]
fn an_unconfirmed_claim_expires() {
    let world = World::new(&[]);
    let identifier = || by_name(EMAIL);
    send(&world, identifier(), identifier::Claim(id())).unwrap();
    let other = || identifier::Claim("cd".repeat(32));
    assert!(send(&world, identifier(), other()).is_err());
    world.advance(300);
    assert!(send(&world, identifier(), other()).is_ok());
}

#[test]
fn consent_is_remembered_and_asked_again_for_anything_new() {
    let world = World::new(&[]);
    let session = created(&world);
    let before = |world: &World| request(world, ConsentGiven::Before);
    let refused = authorize(&world, &session, before(&world));
    assert!(matches!(refused, Err(AuthorizeError::ConsentRequired { .. })));
    authorize(&world, &session, request(&world, ConsentGiven::JustNow)).unwrap();
    authorize(&world, &session, before(&world)).unwrap();
    let more = RequestedAccess { scope: Scope::parse("openid email").unwrap(), ..before(&world) };
    assert!(authorize(&world, &session, more).is_err());
    let elsewhere = RequestedAccess { resources: vec!["https://a.test".into()], ..before(&world) };
    assert!(authorize(&world, &session, elsewhere).is_err());
    let other = RequestedAccess { client_id: "other".into(), ..before(&world) };
    assert!(authorize(&world, &session, other).is_err());
    assert!(authorize(&world, &session, request(&world, ConsentGiven::MustAsk)).is_err());
}

#[test]
fn a_session_must_be_proven_and_ends() {
    let world = World::new(&[]);
    let session = created(&world);
    let forged = SessionProof { number: session.number, ..sign_in(&world) };
    let read = |proof: &SessionProof| account(&world, ReadSession(proof.clone()));
    assert_eq!(read(&forged).unwrap_err(), SessionError::NoSession);
    assert!(read(&session).is_ok());
    world.advance(86_400);
    assert_eq!(read(&session).unwrap_err(), SessionError::NoSession);
}

#[test]
fn a_login_that_is_too_old_must_be_repeated() {
    // OpenID Connect Core §3.1.2.1, max_age
    use vestibule::ports::Clock;
    let world = World::new(&[]);
    let session = created(&world);
    world.advance(100);
    let now = world.clock.now();
    let aged = |since| RequestedAccess {
        signed_in_since: Some(since),
        ..request(&world, ConsentGiven::FirstParty)
    };
    assert_eq!(
        authorize(&world, &session, aged(now)).unwrap_err(),
        AuthorizeError::ReauthenticationRequired
    );
    assert!(authorize(&world, &session, aged(now.minus(Seconds(100)))).is_ok());
}

#[test]
fn lists_are_limited_and_the_oldest_entry_is_removed() {
    let world = World::new(&[]);
    let first = created(&world);
    for _ in 0..MAX_SESSIONS + 5 {
        world.advance(1);
        sign_in(&world);
    }
    let last = sign_in(&world);
    assert!(account(&world, ReadSession(first)).is_err());
    assert_eq!(overview(&world, &last).sessions.len(), MAX_SESSIONS as usize);

    for index in 0..MAX_GRANTS + 5 {
        let mut request = request(&world, ConsentGiven::FirstParty);
        request.client_id = format!("client {index}");
        authorize(&world, &last, request).unwrap();
    }
    assert_eq!(overview(&world, &last).apps.len(), MAX_GRANTS as usize);
}

#[test]
fn erasing_an_account_frees_its_address() {
    let world = World::new(&[]);
    let session = created(&world);
    authorize(&world, &session, request(&world, ConsentGiven::JustNow)).unwrap();
    account(&world, Erase { session: session.clone(), confirmation: confirmed() }).unwrap();
    assert_eq!(world.objects.count(Class::Account), 0);
    assert_eq!(world.objects.count(Class::Identifier), 0);
    assert_eq!(account(&world, ReadSession(session)).unwrap_err(), SessionError::Unknown);
    created(&world);
}

#[test]
fn an_address_without_an_account_delays_attempts_like_one_with_an_account() {
    let known = World::new(&[]);
    created(&known);
    let unknown = World::new(&[]);
    for attempt in 0..12 {
        let with = account(&known, wrong()).err();
        let address = by_name("email:nobody@example.test");
        let without = send(&unknown, address, identifier::SignIn).err();
        match (with, without) {
            (Some(SignInError::WrongPassword), None) => {}
            (Some(SignInError::Blocked(one)), Some(identifier::SignInError::Blocked(other))) => {
                assert_eq!(one, other);
            }
            other => panic!("attempt {attempt}: {other:?}"),
        }
    }
}

#[test]
fn wrong_passwords_are_stored_and_right_ones_cost_no_write() {
    let world = World::new(&[]);
    created(&world);
    let tried = |command| {
        world.objects.evict();
        account(&world, command).err()
    };
    for _ in 0..5 {
        assert_eq!(tried(wrong()), Some(SignInError::WrongPassword));
    }
    assert!(matches!(tried(right(new_session(), None)), Some(SignInError::Blocked(_))));
    world.advance(60 * 60);
    assert_eq!(tried(right(new_session(), None)), None);
    for _ in 0..4 {
        assert_eq!(tried(wrong()), Some(SignInError::WrongPassword));
    }
    assert_eq!(tried(right(new_session(), None)), None);
}

#[test]
fn bounds_hold_when_the_object_leaves_the_memory_between_any_two_commands() {
    let world = World::new(&[]);
    let mut session = created(&world);
    for _ in 0..MAX_SESSIONS * 2 {
        world.objects.evict();
        world.advance(1);
        session = sign_in(&world);
    }
    let seen = overview(&world, &session).sessions.len();
    assert_eq!(seen, usize::try_from(MAX_SESSIONS).unwrap());
}

#[test]
fn signing_in_again_in_one_browser_keeps_the_session() {
    let world = World::new(&[]);
    let first = created(&world);
    let before = overview(&world, &first).session.sid;
    let finish = |replaces| right(new_session(), Some(replaces));
    let second = proof(account(&world, finish(first.clone())));
    assert_eq!(overview(&world, &second).session.sid, before);
    assert!(account(&world, ReadSession(first.clone())).is_err());
    let forged = SessionProof { number: second.number, secret: first.secret };
    let third = proof(account(&world, finish(forged)));
    assert_ne!(overview(&world, &third).session.sid, before, "a session must be proven");
    assert_eq!(overview(&world, &third).sessions.len(), 2);
}

#[test]
fn a_grant_that_ends_twice_is_counted_once() {
    let world = World::new(&[]);
    let session = created(&world);
    for index in 0..MAX_GRANTS {
        let mut request = request(&world, ConsentGiven::FirstParty);
        request.client_id = format!("client {index}");
        let grant_id = request.grant_id.clone();
        authorize(&world, &session, request).unwrap();
        if index == 0 {
            account(&world, GrantEnded(grant_id.clone())).unwrap();
            account(&world, GrantEnded(grant_id)).unwrap();
        }
    }
    for index in 0..3 {
        let mut request = request(&world, ConsentGiven::FirstParty);
        request.client_id = format!("late client {index}");
        authorize(&world, &session, request).unwrap();
    }
    assert_eq!(overview(&world, &session).apps.len(), MAX_GRANTS as usize);
}

#[test]
fn a_removed_session_ends_the_grants_that_were_bound_to_it() {
    // OpenID Connect Core §11
    let world = World::new(&[]);
    let first = created(&world);
    let online = request(&world, ConsentGiven::FirstParty);
    let offline = RequestedAccess {
        client_id: "offline".into(),
        offline: true,
        ..request(&world, ConsentGiven::FirstParty)
    };
    authorize(&world, &first, online).unwrap();
    authorize(&world, &first, offline).unwrap();
    for _ in 0..MAX_SESSIONS {
        world.advance(1);
        sign_in(&world);
    }
    let last = sign_in(&world);
    let apps: Vec<String> =
        overview(&world, &last).apps.into_iter().map(|app| app.client_id).collect();
    assert_eq!(apps, ["offline"]);
}

#[test]
fn consent_for_a_scope_at_one_resource_does_not_count_at_another() {
    // RFC 8707 §3: `read` at one and `write` at another is not `write` at the first
    let world = World::new(&[]);
    let session = created(&world);
    let asks = |scope: &str, resource: &str, consent| RequestedAccess {
        scope: Scope::parse(scope).unwrap(),
        resources: vec![resource.into()],
        ..request(&world, consent)
    };
    let (one, other) = ("https://one.test/", "https://other.test/");
    authorize(&world, &session, asks("read", one, ConsentGiven::JustNow)).unwrap();
    authorize(&world, &session, asks("write", other, ConsentGiven::JustNow)).unwrap();
    assert!(authorize(&world, &session, asks("read", one, ConsentGiven::Before)).is_ok());
    let crossed = authorize(&world, &session, asks("write", one, ConsentGiven::Before));
    assert!(matches!(crossed, Err(AuthorizeError::ConsentRequired { .. })));
    let elsewhere = RequestedAccess {
        scope: Scope::parse("read").unwrap(),
        ..request(&world, ConsentGiven::Before)
    };
    assert!(matches!(
        authorize(&world, &session, elsewhere),
        Err(AuthorizeError::ConsentRequired { .. })
    ));
}

#[test]
fn a_form_changes_only_the_claims_that_the_user_may_write() {
    let world = World::new(&[]);
    let session = created(&world);
    let forged = StandardClaims {
        name: Some("Dana".into()),
        email: Some("victim@example.test".into()),
        email_verified: Some(true),
        groups: vec!["admin".into()],
        phone_number: Some("+351 1".into()),
        phone_number_verified: Some(true),
        ..StandardClaims::default()
    };
    let change = ChangeClaims { session: session.clone(), claims: forged };
    account(&world, change).unwrap();
    let claims = overview(&world, &session).session.claims;
    assert_eq!(claims.name.as_deref(), Some("Dana"));
    assert_eq!((claims.email, claims.email_verified, claims.groups), (None, None, Vec::new()));
    assert_eq!(claims.phone_number_verified, Some(false));
}

#[test]
fn whoever_signs_in_again_at_the_bound_ends_no_other_session_and_none_of_its_own_grants() {
    let world = World::new(&[]);
    let first = created(&world);
    for _ in 1..MAX_SESSIONS {
        sign_in(&world);
    }
    let granted = request(&world, ConsentGiven::JustNow);
    authorize(&world, &first, granted).unwrap();
    let second = proof(account(&world, right(new_session(), Some(first))));
    let overview = overview(&world, &second);
    assert_eq!(overview.sessions.len(), usize::try_from(MAX_SESSIONS).unwrap());
    assert_eq!(overview.apps.len(), 1);
}

#[test]
fn wrong_passwords_expire_at_the_same_time_with_and_without_an_account() {
    // The attack is account enumeration by what is still stored a day later.
    let world = World::new(&[]);
    created(&world);
    let try_both = || {
        let known = account(&world, wrong()).err() == Some(SignInError::WrongPassword);
        let nobody = by_name("email:nobody@example.test");
        (known, send(&world, nobody, identifier::SignIn).is_ok())
    };
    for _ in 0..4 {
        assert_eq!(try_both(), (true, true));
    }
    world.advance(24 * 60 * 60 + 1);
    for _ in 0..5 {
        let (known, unknown) = try_both();
        assert_eq!(known, unknown);
    }
}

#[test]
fn the_request_of_an_app_is_decided_in_the_step_that_signs_the_user_in() {
    let world = World::new(&[]);
    created(&world);
    let asks = request(&world, ConsentGiven::FirstParty);
    let grant_id = asks.grant_id.clone();
    let finish = |asks| right(NewSession { asks: Some(Box::new(asks)), ..new_session() }, None);
    let signed_in = account(&world, finish(asks)).unwrap();
    let authorized = signed_in.authorized.expect("an answer").expect("that it may");
    assert_eq!(authorized.sid, overview(&world, &signed_in.session).session.sid);
    let claims = UserInfo { grant_id, jti: String::new() };
    account(&world, claims).expect("the grant is known");

    // If consent is needed first, the user is signed in all the same.
    let asks = request(&world, ConsentGiven::Before);
    let signed_in = account(&world, finish(asks)).unwrap();
    let refused = signed_in.authorized.expect("an answer");
    assert!(matches!(refused, Err(AuthorizeError::ConsentRequired { .. })));
    overview(&world, &signed_in.session);
}

#[test]
fn a_new_password_changes_the_cookie_and_not_how_the_user_signed_in() {
    // A provider session that became a password session would escape the provider's logout.
    let world = World::new(&[]);
    let first = created(&world);
    let origin = SessionOrigin {
        provider: "acme".into(),
        issuer: "https://acme.example.com".into(),
        subject: "dana".into(),
        sid: Some("there".into()),
    };
    let session = NewSession {
        authentication: NewAuthentication::at_provider(
            origin,
            vec!["mfa".into()],
            AuthTime::Unknown,
        ),
        lifetime: Seconds(600),
        ..new_session()
    };
    let old = proof(account(&world, right(session, Some(first))));
    let before = overview(&world, &old);
    world.advance(60);
    let change = PasswordChange {
        confirmation: confirmed(),
        password: ChosenPassword::Hashed(record()),
        keeps_apps: false,
    };
    let changed = account(&world, ChangePassword { session: old.clone(), change });
    let new = changed.unwrap();
    let after = overview(&world, &new);
    let kept = |overview: &Overview| {
        let (_, session) = &overview.sessions[0];
        let about = (session.origin.clone(), session.authentication());
        (about, session.sid.clone(), session.started_at(), session.expires_at)
    };
    assert_eq!(kept(&before), kept(&after));
    assert_eq!(after.sessions.len(), 1);
    let copy = account(&world, ReadSession(old));
    assert_eq!(copy.err(), Some(SessionError::NoSession));
}

/// Links the user with that `sub` at the provider `acme`.
fn link(
    world: &World,
    session: &SessionProof,
    (subject, confirmation): (&str, Confirmation),
) -> Option<LinkError> {
    let identity = Identity {
        provider: "acme".into(),
        issuer: "https://acme.example.com".into(),
        subject: subject.into(),
        verified_email: None,
        claims: StandardClaims::default(),
    };
    let link = LinkRequest { identity, update: ClaimsUpdate::Follow, confirmation };
    account(world, Link { session: session.clone(), request: link }).err()
}

#[test]
fn a_colleagues_link_stays_forever_because_the_company_signs_the_user_in() {
    let world = World::new(&[]);
    let session = created(&world);
    for subject in ["dana", "eve"] {
        assert_eq!(link(&world, &session, (subject, confirmed())), None);
    }
    let unlink = |subject: &str| {
        let unlink = UnlinkRequest {
            key: format!("identity/upstream:https://acme.example.com#{subject}"),
            confirmation: confirmed(),
            company: Some("acme".into()),
        };
        account(&world, Unlink { session: session.clone(), request: unlink }).err()
    };
    assert_eq!(unlink("eve"), None);
    // A password can't sign in a user whom a company signs in.
    assert_eq!(unlink("dana"), Some(UnlinkError::LastWayIn));
}

#[test]
fn a_stolen_session_fills_the_account_with_apps_that_have_no_access() {
    let world = World::new(&[]);
    let session = created(&world);
    for client_id in ["one", "two"] {
        let command = RevokeScope {
            session: session.clone(),
            client_id: client_id.into(),
            scope: "x".into(),
        };
        account(&world, command).unwrap();
    }
    assert_eq!(overview(&world, &session).apps, []);
}

#[test]
fn a_confirmed_link_is_made_once_and_not_after_the_password_was_changed() {
    let world = World::new(&[]);
    let session = created(&world);
    let begin = |session: &SessionProof, evidence| {
        let command = BeginLink { session: session.clone(), confirmation: evidence };
        account(&world, command)
    };
    let link = |session: &SessionProof, subject: &str, secret: &Secret| {
        link(&world, session, (subject, Confirmation::Link(secret.clone())))
    };
    let secret = begin(&session, confirmed()).unwrap();
    assert_eq!(link(&session, "dana", &secret), None);
    assert_eq!(link(&session, "eve", &secret), Some(LinkError::NotConfirmed), "used twice");
    // The secret confirms only the link, not even another secret.
    let secret = begin(&session, confirmed()).unwrap();
    let chained = begin(&session, Confirmation::Link(secret.clone()));
    assert_eq!(chained.err(), Some(BeginLinkError::NotConfirmed));
    let change = PasswordChange {
        confirmation: confirmed(),
        password: ChosenPassword::Hashed(record()),
        keeps_apps: false,
    };
    let changed = account(&world, ChangePassword { session, change });
    let session = changed.unwrap();
    assert_eq!(link(&session, "eve", &secret), Some(LinkError::NotConfirmed));
    // The confirmation has expired.
    let secret = begin(&session, confirmed()).unwrap();
    world.advance(41 * 60);
    assert_eq!(link(&session, "eve", &secret), Some(LinkError::NotConfirmed));
}

#[test]
fn a_sign_in_that_lost_a_race_releases_the_winners_name() {
    // Two simultaneous responses of one provider: the second gives up only what it claimed itself.
    let world = World::new(&[]);
    let name = || by_name(EMAIL);
    let read = || send(&world, name(), identifier::Read);
    send(&world, name(), identifier::Claim(id())).unwrap();
    send(&world, name(), identifier::Confirm(id())).unwrap();
    send(&world, name(), identifier::Unclaim(id())).unwrap();
    assert_eq!(read(), Ok(LeadsTo::Account(id())));
}

#[test]
fn a_claim_continues_only_in_the_browser_that_made_it() {
    let world = World::new(&[]);
    let name = || Address::Name(ObjectName::email("person@example.test"));
    let claim = |account: &str, browser: &str| {
        let browser = SecretHash::of_text(browser);
        send(&world, name(), identifier::ClaimFor { account: account.into(), browser })
    };
    assert_eq!(claim("one", "browser"), Ok("one".to_owned()));
    assert_eq!(claim("two", "browser"), Ok("one".to_owned()));
    assert_eq!(claim("three", "another"), Err(IdentifierError::Taken));
    let by_an_account = identifier::Claim("one".into());
    assert_eq!(send(&world, name(), by_an_account), Ok(()));
    send(&world, name(), identifier::Confirm("one".into())).unwrap();
    assert_eq!(claim("two", "browser"), Err(IdentifierError::Taken), "it leads to an account now");
}
