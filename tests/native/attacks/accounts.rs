//! Attacks with a stolen session, which must not become a permanent takeover.

use serde_json::json;

use super::access::{self, PASSWORD, signed_up};
use crate::support::World;
use crate::support::browser::{Browser, answer, csrf as csrf_of, field, text};
use crate::support::provider::{SECRET, TestProvider, callback, parameter, setting};

const ISSUER: &str = "https://acme.example.com";
const NEW_PASSWORD: &str = "another long passphrase";

fn world() -> (World, TestProvider) {
    let providers = setting(ISSUER, json!({}));
    let world = World::new(&[("PROVIDERS", providers.as_str()), SECRET]);
    let provider = TestProvider::new(&world, ISSUER);
    (world, provider)
}

/// A browser with a copy of another browser's session cookie.
fn thief_of(victim: &Browser) -> Browser {
    let mut thief = Browser::default();
    let cookie = victim.cookies["__Host-session"].clone();
    thief.cookies.insert("__Host-session".to_owned(), cookie);
    thief
}

#[test]
fn a_stolen_session_links_the_thiefs_own_identity() {
    let (world, _) = world();
    let victim = signed_up(&world, "victim@example.test");
    let mut thief = thief_of(&victim);
    let csrf = csrf_of(&world, &mut thief);
    for password in [None, Some("guess guess guess")] {
        let mut fields = vec![("csrf", csrf.as_str()), ("link", "acme")];
        fields.extend(password.map(|password| ("current_password", password)));
        let page = thief.post(&world, "/account/identities", &fields);
        assert_eq!(page.status, 403);
        assert!(text(&page).contains("Confirm it&#39;s you"), "{}", text(&page));
        assert_eq!(world.internet.count(&format!("{ISSUER}/token")), 0);
    }
}

#[test]
fn a_stolen_session_unlinks_sets_a_password_or_deletes_without_a_proof() {
    // Every change of how a user signs in needs a confirmation
    let (world, provider) = world();
    provider.says.borrow_mut().id_token = json!({ "auth_time": 1_800_000_000 });
    let mut victim = Browser::default();
    provider.visit(&world, &mut victim, "/sign-in/acme");
    world.advance(601);
    let mut thief = thief_of(&victim);
    let csrf = csrf_of(&world, &mut thief);
    let key = format!("identity/upstream:{ISSUER}#dana");
    for (path, field, status) in [
        ("/account/identities", ("unlink", key.as_str()), 403),
        ("/account/identities", ("link", "acme"), 403),
        ("/account/delete", ("really", "yes"), 422),
    ] {
        let page = thief.post(&world, path, &[("csrf", csrf.as_str()), field]);
        assert_eq!(page.status, status, "{path} {field:?}: {}", text(&page));
    }
    // The user signs in again and repeats the change.
    provider.says.borrow_mut().id_token = json!({ "auth_time": 1_800_000_601 });
    provider.visit(&world, &mut victim, "/sign-in/acme?prompt=login");
    let token = csrf_of(&world, &mut victim);
    let unlink = [("csrf", token), ("unlink", key)];
    let unlink: Vec<(&str, &str)> = unlink.iter().map(|(n, v)| (*n, v.as_str())).collect();
    // The confirmation was accepted. Another rule refuses now: the last way to sign in stays.
    assert_eq!(victim.post(&world, "/account/identities", &unlink).status, 409);
}

#[test]
fn a_stolen_session_lives_on_after_the_password_was_changed() {
    let (world, _) = world();
    let mut victim = signed_up(&world, "victim@example.test");
    let app = access::app(&world, "openid offline_access", true);
    let mut thief = thief_of(&victim);
    let scope = "&scope=openid+offline_access";
    let stolen = access::tokens(&world, &mut thief, &app, scope);
    let csrf = csrf_of(&world, &mut victim);
    let change =
        [("csrf", csrf.as_str()), ("current_password", PASSWORD), ("new_password", NEW_PASSWORD)];
    let done = victim.post(&world, "/account/password", &change);
    assert_eq!(done.status, 303, "{}", text(&done));
    // The copied cookie belongs to no session any more, and the grants that were made with it have ended.
    assert_eq!(thief.get(&world, "/account").status, 303);
    assert_eq!(access::refresh(&world, &app, &stolen)["error"], "invalid_grant");
    assert_eq!(victim.get(&world, "/account").status, 200);
    // The page asks the user to check the linked accounts, which can still sign in.
    let page = text(&victim.get(&world, "/account?done=password"));
    assert!(page.contains("All other browsers, apps and devices were signed out"), "{page}");
}

#[test]
fn an_owner_may_keep_apps_and_devices_signed_in() {
    let (world, _) = world();
    let mut owner = signed_up(&world, "owner@example.test");
    let app = access::app(&world, "openid offline_access", true);
    let tokens = access::tokens(&world, &mut owner, &app, "&scope=openid+offline_access");
    let csrf = csrf_of(&world, &mut owner);
    let change = [
        ("csrf", csrf.as_str()),
        ("current_password", PASSWORD),
        ("new_password", NEW_PASSWORD),
        ("keep_apps", "yes"),
    ];
    assert_eq!(owner.post(&world, "/account/password", &change).status, 303);
    assert!(access::refresh(&world, &app, &tokens)["access_token"].is_string());
}

#[test]
fn the_owner_confirms_once_and_links_what_they_chose() {
    let (world, provider) = world();
    let mut owner = signed_up(&world, "owner@example.test");
    let csrf = csrf_of(&world, &mut owner);
    let asked = owner.post(&world, "/account/identities", &[("csrf", &csrf), ("link", "acme")]);
    let fields = crate::support::browser::hidden_fields(&text(&asked));
    let mut fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert!(fields.contains(&("link", "acme")), "the form repeats the request");
    fields.push(("current_password", PASSWORD));
    let there = owner.post(&world, "/account/identities", &fields);
    let address = there.header("location").unwrap().to_owned();
    provider.says.borrow_mut().id_token = json!({ "nonce": parameter(&address, "nonce") });
    let state = parameter(&address, "state").unwrap();
    let back = owner.get(&world, &callback(&[("code", "c"), ("state", &state), ("iss", ISSUER)]));
    assert!(back.header("location").is_some_and(|to| to.ends_with("done=linked")), "{back:?}");
}

#[test]
fn right_passwords_at_the_gate_are_no_guesses() {
    let (world, _) = world();
    let mut owner = signed_up(&world, "owner@example.test");
    let csrf = csrf_of(&world, &mut owner);
    for _ in 0..12 {
        let fields = [("csrf", csrf.as_str()), ("link", "acme"), ("current_password", PASSWORD)];
        assert_eq!(owner.post(&world, "/account/identities", &fields).status, 303);
    }
}

#[test]
fn an_old_id_token_alone_ends_a_users_session() {
    // The ID token is only a hint (OpenID Connect RP-Initiated Logout §2)
    let (world, _) = world();
    let mut victim = signed_up(&world, "victim@example.test");
    let app = access::app(&world, "openid", true);
    let tokens = access::tokens(&world, &mut victim, &app, "&scope=openid");
    let hint = tokens["id_token"].as_str().unwrap();
    let mut anyone = Browser::default();
    anyone.get(&world, &format!("/end_session?id_token_hint={hint}"));
    anyone.post(&world, "/end_session", &[("id_token_hint", hint)]);
    assert_eq!(victim.get(&world, "/account").status, 200);
    // With the session's cookie, the ID token signs the browser out without asking.
    assert_eq!(victim.get(&world, &format!("/end_session?id_token_hint={hint}")).status, 303);
    assert_eq!(answer(&victim.get(&world, "/account"), "code"), None);
    assert_eq!(victim.get(&world, "/account").status, 303);
}

#[test]
fn a_stolen_session_makes_a_secret_for_an_app_or_points_it_elsewhere() {
    let (world, _) = world();
    let mut victim = signed_up(&world, "developer@example.test");
    let token = csrf_of(&world, &mut victim);
    let app = [
        ("csrf", token.as_str()),
        ("name", "My app"),
        ("redirect_uris", "https://app.example.test/callback"),
        ("kind", "confidential"),
    ];
    let made = text(&victim.post(&world, "/developers", &app));
    let client_id = made.split("<code>vcl_").nth(1).unwrap().split('<').next().unwrap();
    let path = format!("/developers/vcl_{client_id}");
    world.advance(601);
    let mut thief = thief_of(&victim);
    let token = csrf_of(&world, &mut thief);
    let elsewhere = ("redirect_uris", "https://evil.example.test/");
    for (action, more) in [("rotate", None), ("save", Some(elsewhere)), ("delete", None)] {
        let mut fields = vec![("csrf", token.as_str()), ("action", action), ("name", "My app")];
        fields.extend(more);
        let page = thief.post(&world, &path, &fields);
        assert_eq!(page.status, 403, "{action}");
        assert!(text(&page).contains("To change My app, confirm that it&#39;s you"), "{action}");
    }
    let token = csrf_of(&world, &mut victim);
    let secrets = field(&text(&victim.get(&world, &path)), "secrets").unwrap();
    let fields = [
        ("csrf", token.as_str()),
        ("action", "rotate"),
        ("secrets", secrets.as_str()),
        ("current_password", PASSWORD),
    ];
    let rotated = victim.post(&world, &path, &fields);
    assert!(text(&rotated).contains("A new secret was created"), "{}", text(&rotated));
}

#[test]
fn a_stolen_session_takes_an_identity_that_waits_to_be_linked() {
    // A provider vouches for the address of the thief's own account, so its identity waits to be linked. The thief then
    // sends the stolen cookie instead of signing in.
    let providers = setting(ISSUER, json!({ "trust_email": true }));
    let world = World::new(&[("PROVIDERS", providers.as_str()), SECRET]);
    let provider = TestProvider::new(&world, ISSUER);
    signed_up(&world, "thief@example.test");
    let mut thief = Browser::default();
    thief.get(&world, "/sign-in");
    provider.tells(json!({ "email": "thief@example.test", "email_verified": true }));
    let page = text(&provider.visit(&world, &mut thief, "/sign-in/acme"));
    let flow = page.split("name=\"flow\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let victim = signed_up(&world, "victim@example.test");
    let cookie = victim.cookies["__Host-session"].clone();
    thief.cookies.insert("__Host-session".to_owned(), cookie);
    let csrf = csrf_of(&world, &mut thief);
    let fields = [("csrf", csrf.as_str()), ("flow", flow)];
    let answer = thief.post(&world, "/select-account", &fields);
    assert!(
        answer.header("location").is_some_and(|to| to.contains("/sign-in?flow=")),
        "{answer:?}"
    );
    let page = text(&thief.get(&world, "/account"));
    assert!(!page.contains("Unlink"), "nothing was linked");
}

#[test]
fn confirming_with_somebody_elses_identity_switches_the_account_or_confirms_anything() {
    let (world, provider) = world();
    provider.says.borrow_mut().id_token = json!({ "auth_time": 1_800_000_000 });
    let mut owner = Browser::default();
    provider.visit(&world, &mut owner, "/sign-in/acme");
    world.advance(601);
    let csrf = csrf_of(&world, &mut owner);
    let fields = [("csrf", csrf.as_str()), ("link", "acme")];
    let asked = text(&owner.post(&world, "/account/identities", &fields));
    let way = asked.split("href=\"").find(|link| link.contains("/sign-in/acme?flow=")).unwrap();
    let way = way.split('"').next().unwrap().replace("&#38;", "&");
    let session = owner.cookies["__Host-session"].clone();
    // Another user is signed in at the provider.
    provider.says.borrow_mut().id_token = json!({ "sub": "eve", "auth_time": 1_800_000_601 });
    provider.tells(json!({ "sub": "eve" }));
    let refused = provider.visit(&world, &mut owner, &way);
    assert_eq!(refused.status, 403, "{}", text(&refused));
    assert_eq!(owner.cookies["__Host-session"], session, "the session is the owner's still");
    // The linked identity confirms, and the user sees that they can continue.
    provider.says.borrow_mut().id_token = json!({ "auth_time": 1_800_000_601 });
    provider.tells(json!({}));
    let confirmed = provider.visit(&world, &mut owner, &way);
    let location = confirmed.header("location").unwrap_or_default();
    assert!(location.ends_with("/account?done=confirmed"), "{location}");
}

/// A browser whose user has a password and links `acme`, and the user's key there.
fn linked(world: &World, provider: &TestProvider) -> Browser {
    let mut owner = signed_up(world, "owner@example.test");
    let token = csrf_of(world, &mut owner);
    let fields = [("csrf", token.as_str()), ("link", "acme"), ("current_password", PASSWORD)];
    let there = owner.post(world, "/account/identities", &fields);
    provider.expects(&there);
    let state = answer(&there, "state").unwrap();
    let back = owner.get(world, &callback(&[("code", "c"), ("state", &state), ("iss", ISSUER)]));
    assert!(back.header("location").is_some_and(|to| to.ends_with("done=linked")), "{back:?}");
    owner
}

#[test]
fn a_cookie_copied_right_after_a_sign_in_needs_no_password() {
    let (world, provider) = world();
    let mut owner = linked(&world, &provider);
    provider.says.borrow_mut().id_token = json!({ "auth_time": 1_800_000_000 });
    provider.visit(&world, &mut owner, "/sign-in/acme");
    let mut thief = thief_of(&owner);
    let token = csrf_of(&world, &mut thief);
    let key = format!("identity/upstream:{ISSUER}#dana");
    for field in [("link", "acme"), ("unlink", key.as_str())] {
        let page = thief.post(&world, "/account/identities", &[("csrf", token.as_str()), field]);
        assert_eq!(page.status, 403, "{field:?}");
    }
    // The user confirms at the provider instead of typing the password.
    let token = csrf_of(&world, &mut owner);
    let unlink = [("csrf", token.as_str()), ("unlink", key.as_str())];
    let asked = text(&owner.post(&world, "/account/identities", &unlink));
    let way = asked.split("href=\"").find(|link| link.contains("/sign-in/acme?flow=")).unwrap();
    provider.visit(&world, &mut owner, way.split('"').next().unwrap());
    let token = csrf_of(&world, &mut owner);
    let unlink = [("csrf", token.as_str()), ("unlink", key.as_str())];
    assert_eq!(owner.post(&world, "/account/identities", &unlink).status, 303);
}

#[test]
fn a_thief_sends_the_owner_a_confirmation_of_the_thiefs_own() {
    let (world, provider) = world();
    let mut owner = linked(&world, &provider);
    let token = csrf_of(&world, &mut owner);
    let asked =
        text(&owner.post(&world, "/account/identities", &[("csrf", &token), ("link", "acme")]));
    let way = asked.split("/sign-in/acme?flow=").nth(1).unwrap().split('"').next().unwrap();
    let page = format!("/sign-in?flow={way}");
    let credentials = [("email", "owner@example.test"), ("password", PASSWORD)];
    assert_eq!(owner.submit(&world, &page, &credentials).status, 303);
    let mut thief = thief_of(&owner);
    let token = csrf_of(&world, &mut thief);
    let link = [("csrf", token.as_str()), ("link", "acme")];
    assert_eq!(thief.post(&world, "/account/identities", &link).status, 403);
}

#[test]
fn a_person_who_left_the_company_keeps_a_way_in() {
    // A password would still work after the company closes its account, and the company's own link must not be lost.
    let providers = setting(ISSUER, json!({ "domains": ["acme.example"] }));
    let world = World::new(&[("PROVIDERS", providers.as_str()), SECRET]);
    let provider = TestProvider::new(&world, ISSUER);
    provider.says.borrow_mut().id_token = json!({ "auth_time": 1_800_000_000 });
    provider.tells(json!({ "email": "dana@acme.example" }));
    let mut dana = Browser::default();
    provider.visit(&world, &mut dana, "/sign-in/acme");
    let token = csrf_of(&world, &mut dana);
    let set = [("csrf", token.as_str()), ("new_password", NEW_PASSWORD)];
    let refused = dana.post(&world, "/account/password", &set);
    assert_eq!(refused.status, 409);
    assert!(text(&refused).contains("You sign in with Acme"), "{}", text(&refused));
    let key = format!("identity/upstream:{ISSUER}#dana");
    let unlink = [("csrf", token.as_str()), ("unlink", key.as_str())];
    let refused = dana.post(&world, "/account/identities", &unlink);
    assert!(text(&refused).contains("so it stays linked"), "{}", text(&refused));
    assert!(text(&dana.get(&world, "/account")).contains("so your account needs no password"));
}

#[test]
fn the_confirmation_page_offers_a_provider_that_never_reports_auth_time() {
    let google = "https://accounts.google.com";
    let providers = setting(google, json!({ "preset": "google" }));
    let world = World::new(&[("PROVIDERS", providers.as_str()), SECRET]);
    let provider = TestProvider::new(&world, google);
    let mut owner = Browser::default();
    provider.visit(&world, &mut owner, "/sign-in/acme");
    let token = csrf_of(&world, &mut owner);
    let fields = [("csrf", token.as_str()), ("link", "acme")];
    let page = text(&owner.post(&world, "/account/identities", &fields));
    assert!(page.contains("can't confirm that it's you"), "{page}");
    assert!(!page.contains("Sign in again with"), "{page}");
}
