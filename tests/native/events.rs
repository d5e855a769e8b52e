//! Events: they are recorded at least once, in order per object, and without secrets.

use std::collections::BTreeSet;

use futures_lite::future::block_on;
use proptest::prelude::*;
use serde_json::{Value, json};
use vestibule::domain::event::{
    Event, EventId, Kind, MAX_EVENT, Recorded, SignInFailure, Source, Text, TokenRefusal,
};
use vestibule::domain::event_log::{self, Latest, MAX_BATCHES, MAX_LATEST, Record, SHARDS};
use vestibule::domain::machine::{Class, Command, message};
use vestibule::domain::registration;
use vestibule::domain::time::Seconds;
use vestibule::endpoints::http::Method;
use vestibule::ports::Objects;
use vestibule::protocol::error::ErrorCode;
use vestibule::protocol::grant_type::GrantType;
use vestibule::protocol::scope::Scope;

use crate::attacks::access::{self, PASSWORD, app, authorize_url, redeem, refresh, signed_up};
use crate::crashes::cut_everywhere;
use crate::support::browser::{Browser, answer, csrf, json as body};
use crate::support::{START, World, by_name};

/// Asks the object that keeps a subject's events.
fn ask<C: Command>(world: &World, subject: &str, command: &C) -> Result<C::Reply, C::Error> {
    let (to, command) = (event_log::address(subject), command.write().unwrap());
    let sent = world.objects.send(Class::EventLog, &to, command, Seconds(0));
    message::read_answer::<C>(&block_on(sent).unwrap().unwrap()).unwrap()
}

/// The stored events of a subject, oldest first.
fn kept(world: &World, subject: &str) -> Vec<Recorded> {
    let Ok(events) = ask(world, subject, &Latest { limit: MAX_LATEST });
    let events = events.into_iter().rev().map(|event| serde_json::from_value(event).unwrap());
    events.filter(|event: &Recorded| event.subject() == subject).collect()
}

fn kinds(events: &[Recorded]) -> Vec<Kind> {
    events.iter().map(|event| event.event).collect()
}

/// The total number of rows in all logs.
fn rows(world: &World) -> usize {
    let stored = world.objects.stored();
    let logs = stored.iter().filter(|object| object.starts_with("(EventLog"));
    logs.map(|object| object.matches("\"event/").count()).sum()
}

/// The lines of the log.
pub fn lines(world: &World) -> Vec<Recorded> {
    let lines = world.log.1.borrow();
    lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const OPEN: (&str, &str) = ("REGISTRATION", "open");

fn register(world: &World) -> Value {
    let metadata = json!({ "redirect_uris": ["https://app.example.test/callback"] });
    let headers = [("content-type", "application/json")];
    let (path, body_) = ("/register", metadata.to_string());
    body(&Browser::default().request(world, Method::Post, path, body_, &headers))
}

fn id(client: &Value) -> &str {
    client["client_id"].as_str().unwrap()
}

fn manage(world: &World, client: &Value, method: Method, name: &str) -> u16 {
    let bearer = format!("Bearer {}", client["registration_access_token"].as_str().unwrap());
    let metadata = json!({ "client_id": id(client), "client_name": name,
        "redirect_uris": ["https://app.example.test/callback"] });
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let path = format!("/register/{}", id(client));
    Browser::default().request(world, method, &path, metadata.to_string(), &headers).status
}

const LIFE: [Kind; 3] = [Kind::ClientRegistered, Kind::ClientChanged, Kind::ClientDeleted];

#[test]
fn an_event_that_is_kept_is_there_once_wherever_the_process_dies() {
    cut_everywhere(
        || {
            let world = World::new(&[OPEN]);
            let client = register(&world);
            (world, client)
        },
        |world, client| {
            let mut browser = Browser::default();
            let bearer = client["registration_access_token"].as_str().unwrap();
            let headers = [("authorization", &*format!("Bearer {bearer}"))];
            let path = format!("/register/{}", id(client));
            browser.request(world, Method::Delete, &path, String::new(), &headers)
        },
        |world, client, answered| {
            let is_deleted = manage(world, client, Method::Get, "") != 200;
            assert!(is_deleted || answered.is_none());
            let expected = [LIFE[0]].into_iter().chain(is_deleted.then_some(LIFE[2]));
            assert_eq!(kinds(&kept(world, id(client))), expected.collect::<Vec<_>>());
            assert_eq!(rows(world), 1 + usize::from(is_deleted));
        },
    );
}

#[test]
fn events_of_several_steps_are_there_once_and_in_order_wherever_the_process_dies() {
    cut_everywhere(
        || {
            let world = World::new(&[OPEN]);
            world.objects.events_fail.set(true);
            let client = register(&world);
            assert_eq!(manage(&world, &client, Method::Put, "Sundial"), 200);
            world.objects.events_fail.set(false);
            (world, client)
        },
        |world, client| {
            let bearer = client["registration_access_token"].as_str().unwrap();
            let headers = [("authorization", &*format!("Bearer {bearer}"))];
            let path = format!("/register/{}", id(client));
            Browser::default().request(world, Method::Delete, &path, String::new(), &headers)
        },
        |world, client, _| {
            let is_deleted = manage(world, client, Method::Get, "") != 200;
            let events = kept(world, id(client));
            assert_eq!(kinds(&events), LIFE[..2 + usize::from(is_deleted)]);
            let ids: BTreeSet<_> = events.iter().map(|event| &event.id).collect();
            assert_eq!(ids.len(), events.len());
            assert!(events.iter().map(|event| &event.id).is_sorted());
        },
    );
}

#[test]
fn while_the_log_fails_events_wait_in_order_and_other_effects_run() {
    let world = World::new(&[OPEN]);
    world.objects.events_fail.set(true);
    let client = register(&world);
    for name in ["One", "Two", "Three"] {
        assert_eq!(manage(&world, &client, Method::Put, name), 200);
        world.advance(11);
    }
    let published = world.clients.get(id(&client)).unwrap();
    assert_eq!(published.metadata.client_name.as_deref(), Some("Three"));
    assert!(kept(&world, id(&client)).is_empty() && lines(&world).is_empty());
    world.restart();
    world.objects.events_fail.set(false);
    world.advance(11);
    let expected = [LIFE[0], LIFE[1], LIFE[1], LIFE[1]];
    assert_eq!(kinds(&kept(&world, id(&client))), expected);
    assert_eq!(kinds(&lines(&world)), expected, "each is a line of the log once it has arrived");
    assert_eq!(rows(&world), 1, "they left together");
    let waits = |object: &String| object.contains("effect/");
    assert!(!world.objects.stored().iter().any(waits), "nothing waits any more");
}

#[test]
fn a_change_that_is_sent_again_is_no_event() {
    let world = World::new(&[OPEN]);
    let client = register(&world);
    let registered = world.clients.get(id(&client)).unwrap();
    let command = registration::Write(Box::new(registered)).write().unwrap();
    let to = by_name(id(&client));
    block_on(world.objects.send(Class::Registration, &to, command, Seconds(0))).unwrap();
    assert_eq!(kinds(&kept(&world, id(&client))), [Kind::ClientRegistered]);
}

fn event_id(order: i64) -> EventId {
    EventId::new((order, 7), 0)
}

fn batch(order: i64) -> Record {
    let recorded = Event::client_changed("c").recorded(event_id(order), START, None);
    Record { id: event_id(order), events: vec![serde_json::to_value(recorded).unwrap()] }
}

#[test]
fn a_log_is_limited_and_a_repeated_batch_is_the_same_row() {
    let world = World::new(&[]);
    for order in 0..1000 {
        for _ in 0..2 {
            let Ok(()) = ask(&world, "c", &batch(order));
        }
        if order % 300 == 0 {
            world.restart();
        }
        assert!(rows(&world) <= MAX_BATCHES);
    }
    assert!(rows(&world) >= MAX_BATCHES / 2, "not more give way than must");
    let newest = kept(&world, "c");
    assert_eq!(newest.len(), MAX_LATEST, "an answer is bounded");
    let expected: Vec<_> = (900..1000).map(event_id).collect();
    assert_eq!(newest.into_iter().map(|event| event.id).collect::<Vec<_>>(), expected);
}

#[test]
fn no_subject_pushes_out_the_events_of_another() {
    let world = World::new(&[]);
    let shard = event_log::address("c");
    let others = (0..).map(|n| format!("account {n}"));
    let others: Vec<_> = others.filter(|name| event_log::address(name) == shard).take(20).collect();
    for (order, account) in (0..).zip(&others) {
        let changed = Event::password_changed(account).recorded(event_id(order), START, None);
        let events = vec![serde_json::to_value(changed).unwrap()];
        let Ok(()) = ask(&world, "c", &Record { id: event_id(order), events });
    }
    for order in 1000..2000 {
        let Ok(()) = ask(&world, "c", &batch(order));
    }
    assert!(rows(&world) <= MAX_BATCHES);
    let stored = world.objects.stored().join("\n");
    for account in others {
        assert!(stored.contains(&account), "{account}");
    }
}

#[test]
fn an_event_that_a_later_release_sends_is_kept_as_it_is() {
    let world = World::new(&[]);
    let later = json!({"event":"passkey_added","id":"1","about":{"account":"c","passkey":"p"}});
    let Ok(()) = ask(&world, "c", &Record { id: event_id(1), events: vec![later.clone()] });
    world.restart();
    let Ok(latest) = ask(&world, "c", &Latest { limit: 1 });
    assert_eq!(latest, [later]);
}

#[test]
fn subjects_are_spread_over_all_shards() {
    let shards: BTreeSet<_> = (0..2000).map(|n| event_log::address(&n.to_string())).collect();
    assert_eq!(shards.len(), SHARDS as usize);
}

#[test]
fn an_event_is_stored_as_the_line_of_an_effect() {
    let line = r#"{"Record":{"event":"code_replayed","id":"0001800000000000-0000000000000007-002","at":1800000000000,"source":{"class":"Grant","object":"ab"},"about":{"account":"a","client_id":"c","grant_id":"g"}}}"#;
    let source = Source { class: "Grant".into(), object: "ab".into() };
    let event = Event::code_replayed("c").account("a").grant("g");
    let recorded = event.recorded(EventId::new((START.0, 7), 2), START, Some(source));
    assert_eq!(recorded.to_line().unwrap(), line);
    assert_eq!(Recorded::from_line(line), Some(Ok(recorded)));
    for unknown in ["code_replayed\"", "\"source\"", "\"id\""] {
        let broken = line.replace(unknown, "\"x\"");
        let is_optional = unknown == "\"source\"";
        assert_eq!(Recorded::from_line(&broken).unwrap().is_ok(), is_optional, "{broken}");
    }
    assert_eq!(Recorded::from_line(r#"{"Send":{}}"#), None, "another effect");
}

#[test]
fn an_event_that_cannot_be_read_waits_and_the_others_leave() {
    let world = World::new(&[OPEN]);
    let client = register(&world);
    let to = by_name(id(&client));
    // In the format of a later release.
    let later = r#"{"Record":{"event":"client_verified","id":"1","at":1,"about":{}}}"#;
    world.objects.store_row(Class::Registration, &to, ("effect/0000000000000001/1", later));
    assert_eq!(manage(&world, &client, Method::Put, "Sundial"), 200);
    assert_eq!(kinds(&kept(&world, id(&client))), LIFE[..2]);
    assert!(world.objects.stored().iter().any(|object| object.contains("client_verified")));
}

fn every_text() -> impl Strategy<Value = String> {
    prop_oneof![".{0,400}", "[\"\\\\\u{0}-\u{1f}]{0,400}", "\u{10ffff}{0,200}"]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..<_>::default() })]

    #[test]
    fn an_event_is_bounded(texts in prop::array::uniform4(every_text()), scopes in "[!#-\\[\\]-~]{1,200}( [!#-\\[\\]-~]{1,200}){0,9}") {
        let [account, client, grant, provider] = &texts;
        let scope = Scope::parse(&scopes).unwrap();
        let event = Event::tokens_issued(GrantType::DeviceCode, client, &scope);
        let event = event.account(account).grant(grant).provider(provider);
        let source = Source { class: "Registration".into(), object: "a".repeat(64) };
        let recorded = event.recorded(EventId::new((i64::MAX, u64::MAX), 999), START, Some(source));
        let json = serde_json::to_string(&recorded).unwrap();
        prop_assert!(json.len() <= MAX_EVENT, "{} bytes", json.len());
        prop_assert_eq!(json.lines().count(), 1);
        prop_assert_eq!(serde_json::from_str::<Recorded>(&json).unwrap(), recorded);
    }

    #[test]
    fn a_text_is_as_long_in_json(text in every_text()) {
        let bounded = Text::<50>::new(&text);
        prop_assert!(bounded.as_str().len() <= 50);
        let json = serde_json::to_string(bounded.as_str()).unwrap();
        prop_assert_eq!(json.len(), bounded.as_str().len() + 2);
    }
}

/// The secrets of a broad run, which no event may contain.
struct Run {
    world: World,
    secrets: Vec<String>,
}

impl Run {
    /// Remembers the secrets in a response.
    fn hide(&mut self, answered: &Value) {
        let names = ["access_token", "refresh_token", "id_token", "client_secret", "device_code"];
        let names = names.into_iter().chain(["user_code", "registration_access_token"]);
        self.secrets.extend(names.filter_map(|name| answered[name].as_str().map(String::from)));
    }

    fn token(&mut self, fields: &[(&str, &str)]) -> Value {
        let answered = body(&Browser::default().post(&self.world, "/token", fields));
        self.hide(&answered);
        answered
    }
}

fn broad_run() -> Run {
    let world = World::new(&[]);
    let address = "person@example.test";
    let mut browser = signed_up(&world, address);
    let client_id = app(&world, "openid profile offline_access", false);
    let secrets = vec![address.to_owned(), PASSWORD.to_owned(), "nobody@example.test".to_owned()];
    let mut run = Run { world, secrets };
    let wrong = [("email", "nobody@example.test"), ("password", PASSWORD)];
    for _ in 0..8 {
        Browser::default().submit(&run.world, "/sign-in", &wrong);
    }
    // A code is redeemed twice.
    let scope = "&scope=openid+profile+offline_access";
    let page = browser.get(&run.world, &authorize_url(&client_id, scope));
    let consent = page.header("location").unwrap().to_owned();
    let page = browser.submit(&run.world, &consent, &[("decision", "allow")]);
    let code = answer(&page, "code").unwrap();
    run.secrets.push(code.clone());
    let first = redeem(&run.world, &client_id, &code);
    run.hide(&first);
    access::userinfo(&run.world, &first);
    assert_eq!(redeem(&run.world, &client_id, &code)["error"], "invalid_grant");
    // A refresh token is used, and used again much later.
    let issued = access::tokens(&run.world, &mut browser, &client_id, scope);
    run.hide(&issued);
    let second = refresh(&run.world, &client_id, &issued);
    run.hide(&second);
    let third = refresh(&run.world, &client_id, &second);
    run.hide(&third);
    run.world.advance(3600);
    assert_eq!(refresh(&run.world, &client_id, &issued)["error"], "invalid_grant");
    // A service, and clients that are refused.
    let metadata = json!({ "redirect_uris": [], "grant_types": ["client_credentials",
        "urn:ietf:params:oauth:grant-type:device_code"], "scope": "report",
        "token_endpoint_auth_method": "client_secret_post" });
    let headers = [("content-type", "application/json")];
    let machine = Browser::default().request(
        &run.world,
        Method::Post,
        "/register",
        metadata.to_string(),
        &headers,
    );
    let machine = body(&machine);
    run.hide(&machine);
    let secret = machine["client_secret"].as_str().unwrap().to_owned();
    let basic = [("client_id", id(&machine)), ("client_secret", &secret)];
    let with = |more: &[(&'static str, &str)]| -> Vec<(&'static str, String)> {
        let fields = basic.iter().chain(more);
        fields.map(|(name, value)| (*name, (*value).to_owned())).collect()
    };
    let send = |run: &mut Run, fields: &[(&'static str, String)]| {
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
        run.token(&fields)
    };
    let grant = ("grant_type", "client_credentials");
    assert!(send(&mut run, &with(&[grant]))["access_token"].is_string());
    run.token(&[grant, ("client_id", "a client that does not exist"), ("client_secret", &secret)]);
    assert_eq!(send(&mut run, &with(&[grant, ("scope", "all")]))["error"], "invalid_scope");
    // A device is approved and another one denied.
    for decision in ["allow", "deny"] {
        let fields = with(&[("scope", "report")]);
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, &**value)).collect();
        let asked = Browser::default().post(&run.world, "/device_authorization", &fields);
        let asked = body(&asked);
        run.hide(&asked);
        let code = asked["device_code"].as_str().unwrap().to_owned();
        let device = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
        let poll = with(&[device, ("device_code", &code)]);
        assert_eq!(send(&mut run, &poll)["error"], "authorization_pending");
        let csrf = csrf(&run.world, &mut browser);
        let user_code = asked["user_code"].as_str().unwrap();
        let fields = [("csrf", &*csrf), ("user_code", user_code), ("decision", decision)];
        assert_eq!(browser.post(&run.world, "/device/decide", &fields).status, 200);
        run.world.advance(6);
        let polled = send(&mut run, &poll);
        assert_eq!(polled["access_token"].is_string(), decision == "allow", "{polled}");
    }
    run
}

#[test]
fn events_contain_no_secrets() {
    let Run { world, secrets } = broad_run();
    assert!(secrets.len() > 20);
    let logs = world.objects.stored().into_iter().filter(|object| object.starts_with("(EventLog"));
    let told: Vec<String> = world.log.1.borrow().iter().cloned().chain(logs).collect();
    assert!(told.len() > 20);
    for text in &told {
        assert!(!secrets.iter().any(|secret| text.contains(secret)), "{text}");
        // The last part of a token is its secret.
        let ends = secrets.iter().filter(|secret| secret.len() > 40);
        let mut ends = ends.filter_map(|secret| secret.get(secret.len() - 20..));
        assert!(!ends.any(|end| text.contains(end)), "{text}");
    }
}

#[test]
fn events_contain_their_reason() {
    let Run { world, .. } = broad_run();
    let events = lines(&world);
    let told = |kind: Kind| events.iter().filter(move |event| event.event == kind);
    let reasons = |kind: Kind| -> Vec<&str> {
        told(kind).filter_map(|event| Some(event.about.reason.as_ref()?.as_str())).collect()
    };
    let failed = reasons(Kind::SignInFailed);
    let (unknown, blocked) = (SignInFailure::UnknownAddress, SignInFailure::Blocked);
    assert!(failed.contains(&unknown.as_str()) && failed.contains(&blocked.as_str()), "{failed:?}");
    let issued = told(Kind::TokensIssued).filter_map(|event| event.about.grant_type.as_ref());
    let issued: Vec<_> = issued.map(Text::as_str).collect();
    let [code, refresh] = ["authorization_code", "refresh_token"];
    let device = GrantType::DeviceCode.as_str();
    assert_eq!(issued, [code, code, refresh, refresh, "client_credentials", device]);
    assert_eq!(
        reasons(Kind::TokensRefused),
        [ErrorCode::InvalidClient.as_str(), "invalid_scope", TokenRefusal::Denied.as_str()],
        "a poll that waits is not refused"
    );
    for once in
        [Kind::CodeReplayed, Kind::RefreshTokenReplayed, Kind::DeviceApproved, Kind::DeviceDenied]
    {
        assert_eq!(told(once).count(), 1, "{once:?}");
    }
    assert_eq!(told(Kind::ClientRegistered).count(), 2);
    let replayed = told(Kind::CodeReplayed).next().unwrap();
    let account = replayed.about.account.as_ref().unwrap().as_str();
    let kept = kinds(&kept(&world, account));
    assert!(kept.contains(&Kind::CodeReplayed) && kept.contains(&Kind::RefreshTokenReplayed));
    for event in &events {
        let is_stored = |object: &String| object.contains(event.id.as_str());
        let is_kept = world.objects.stored().iter().any(is_stored);
        assert_eq!(is_kept, event.event.is_kept(), "{event:?}");
    }
    let ids: BTreeSet<_> = events.iter().map(|event| &event.id).collect();
    assert_eq!(ids.len(), events.len(), "each has an ID of its own");
}

#[test]
fn the_page_of_events_lists_each_kind_and_reason() {
    let page = include_str!("../../docs/events.md");
    for kind in Kind::ALL {
        let name = serde_json::to_value(kind).unwrap();
        let start = format!("| `{}` | ", name.as_str().unwrap());
        let row =
            page.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("{start}"));
        let goes = if kind.is_kept() { "| kept |" } else { "| line |" };
        assert!(row.ends_with(goes), "{row}");
    }
    let rows = page.lines().filter(|line| line.ends_with("| kept |") || line.ends_with("| line |"));
    assert_eq!(rows.count(), Kind::ALL.len());
    let reasons = SignInFailure::ALL.iter().map(|reason| reason.as_str());
    for reason in reasons.chain(TokenRefusal::ALL.iter().map(|reason| reason.as_str())) {
        assert!(page.contains(&format!("`{reason}`")), "{reason}");
    }
}
