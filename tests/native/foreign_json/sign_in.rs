//! The documents of a provider, each tested by a complete sign-in.

use serde_json::{Value, json};
use vestibule::domain::machine::Class;

use super::{Document, ISSUER, NOW, odd_forms};
use crate::support::World;
use crate::support::browser::{Browser, answer, text};
use crate::support::provider::{Bent, SECRET, TestProvider, callback, setting};

/// Signs in at a provider that writes one member in an odd form. Returns whether it succeeds, and the log.
fn sign_in(
    document: &'static str,
    base: &Value,
    bent: Option<(&str, &str)>,
) -> (bool, Vec<String>) {
    let more = json!({ "trust_email": true, "membership": true });
    let world = World::new(&[("PROVIDERS", &setting(ISSUER, more)), SECRET]);
    let provider = TestProvider::new(&world, ISSUER);
    {
        let mut says = provider.says.borrow_mut();
        let profile = json!({ "email": "dana@example.org", "email_verified": true });
        says.id_token = profile.clone();
        says.userinfo = profile;
        match document {
            "ID token" => says.id_token = base.clone(),
            "userinfo" => says.userinfo = base.clone(),
            "token response" => says.tokens = base.clone(),
            "header" => says.header = base.clone(),
            _ => {}
        }
        says.bent = bent.map(|(member, value)| Bent {
            document,
            member: member.to_owned(),
            value: value.to_owned(),
        });
    }
    let mut browser = Browser::default();
    let there = browser.get(&world, "/sign-in/acme");
    let mut is_in = false;
    if there.header("location").is_some_and(|to| to.starts_with(ISSUER)) {
        // What the metadata says of PKCE takes nothing away (RFC 9700 §2.1.1).
        assert_eq!(answer(&there, "code_challenge_method").as_deref(), Some("S256"));
        provider.expects(&there);
        let state = answer(&there, "state").unwrap();
        let query = [("code", "a code"), ("state", state.as_str()), ("iss", ISSUER)];
        let back = browser.get(&world, &callback(&query));
        is_in = back.status == 303 && browser.cookies.contains_key("__Host-session");
        assert_eq!(world.objects.count(Class::Account), usize::from(is_in), "{bent:?}");
    }
    let log = world.log.0.borrow().clone();
    (is_in, log)
}

fn check(document: &Document) {
    let Document { name, members, .. } = document;
    assert!(sign_in(name, members, None).0, "{name} in its usual form");
    for (member, form, is_allowed) in document.mutations() {
        let (is_in, log) = sign_in(name, members, Some((&member, &form)));
        assert_eq!(is_in, is_allowed, "{name}: {member} = {form:.60}\n{log:#?}");
        let named = log.iter().filter(|line| line.contains(&member) && line.contains("unexpected"));
        assert!(named.count() <= 1, "{name}: {member} = {form:.60} is logged once\n{log:#?}");
        assert!(log.iter().all(|line| line.contains("acme") && line.len() < 300), "{log:#?}");
    }
}

#[test]
fn only_a_needed_member_of_the_metadata_changes_a_sign_in() {
    // OpenID Connect Discovery §3 and §4.3, RFC 9207 §3
    let at = |path: &str| format!("{ISSUER}{path}");
    check(&Document {
        name: "metadata",
        members: json!({
            "issuer": ISSUER, "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"), "jwks_uri": at("/keys"), "userinfo_endpoint": at("/me"),
            "revocation_endpoint": at("/revoke"), "end_session_endpoint": at("/out"),
            "prompt_values_supported": ["login"], "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
            "authorization_response_iss_parameter_supported": true,
            "id_token_signing_alg_values_supported": ["ES256"],
        }),
        needed: &["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"],
        restricting: &[],
    });
}

#[test]
fn only_a_needed_member_of_the_keys_changes_a_sign_in() {
    // RFC 7517 §4 and §5
    let keys = json!({ "keys": [], "other": 1 });
    check(&Document { name: "keys", members: keys, needed: &["keys"], restricting: &[] });
    check(&Document {
        name: "key",
        members: json!({ "kty": "EC", "crv": "P-256", "x": "", "y": "", "kid": "k1", "use": "sig",
            "key_ops": ["verify"], "alg": "ES256", "n": "", "e": "", "x5c": [], "x5t": "" }),
        // The token has a `kid`, so only the key with that `kid` is tried.
        needed: &["kty", "crv", "x", "y", "kid"],
        restricting: &[("use", &["null"]), ("key_ops", &["null"]), ("alg", &["null"])],
    });
}

#[test]
fn only_a_needed_member_of_the_token_response_changes_a_sign_in() {
    // RFC 6749 §5.1, OpenID Connect Core §3.1.3.3
    check(&Document {
        name: "token response",
        members: json!({ "expires_in": 60, "refresh_token": "rt", "scope": "openid",
            "token_type": "Bearer", "access_token": "at", "id_token": "replaced" })
        .as_object()
        .map(|all| all.iter().filter(|(name, _)| *name != "id_token"))
        .map(|all| all.map(|(name, value)| (name.clone(), value.clone())).collect())
        .unwrap(),
        needed: &[],
        restricting: &[("token_type", &["null", "\"\""]), ("access_token", &["\"text\""])],
    });
    let id_token = json!({});
    for form in odd_forms() {
        assert!(!sign_in("token response", &id_token, Some(("id_token", &form))).0, "{form:.60}");
    }
}

#[test]
fn only_a_needed_claim_of_the_id_token_changes_a_sign_in() {
    // OpenID Connect Core §2 and §3.1.3.7, RFC 7519 §4
    check(&Document {
        name: "ID token",
        members: json!({ "iss": ISSUER, "sub": "dana", "aud": "here", "azp": "here", "iat": NOW,
            "exp": NOW + 300, "auth_time": NOW, "amr": ["pwd"], "sid": "s", "tid": "t", "acr": "1",
            "email": "dana@example.org", "email_verified": true, "name": "Dana", "groups": ["a"],
            "address": { "country": "NZ" }, "updated_at": NOW, "locale": "en", "jti": "j" }),
        needed: &["iss", "sub", "aud", "iat", "exp"],
        restricting: &[("azp", &["null"])],
    });
    for form in odd_forms() {
        for claim in ["nonce", "at_hash"] {
            let is_allowed = claim == "at_hash" && form == "null";
            let (is_in, log) = sign_in("ID token", &json!({}), Some((claim, &form)));
            assert_eq!(is_in, is_allowed, "{claim} = {form:.60}\n{log:#?}");
        }
    }
}

#[test]
fn only_a_needed_member_of_the_header_changes_a_sign_in() {
    // RFC 7515 §4.1.11: an extension that is not understood is never ignored
    check(&Document {
        name: "header",
        members: json!({ "typ": "JWT", "x5t": "x", "jku": "https://acme.example.com/jku" }),
        needed: &[],
        restricting: &[],
    });
    for form in odd_forms() {
        for member in ["alg", "crit"] {
            assert!(
                !sign_in("header", &json!({}), Some((member, &form))).0,
                "{member} = {form:.60}"
            );
        }
        // Without a `kid`, each key that fits is tried.
        let is_name = matches!(form.as_str(), "\"text\"" | "\"\"");
        let (is_in, log) = sign_in("header", &json!({}), Some(("kid", &form)));
        assert_eq!(is_in, !is_name, "kid = {form:.60}\n{log:#?}");
    }
}

#[test]
fn only_the_subject_of_the_userinfo_response_changes_a_sign_in() {
    // OpenID Connect Core §5.3.2
    check(&Document {
        name: "userinfo",
        members: json!({ "sub": "dana", "email": "dana@example.org", "email_verified": true,
            "name": "Dana", "picture": "https://acme.example.com/p", "groups": ["a"],
            "address": { "country": "NZ" }, "updated_at": NOW, "roles": ["r"], "birthdate": "2000" }),
        needed: &["sub"],
        restricting: &[],
    });
}

#[test]
fn a_member_that_appears_twice_is_refused_if_it_is_read() {
    // RFC 7515 §4, RFC 7519 §4: names are unique
    for (document, member) in [
        ("metadata", "issuer"),
        ("metadata", "userinfo_endpoint"),
        ("header", "alg"),
        ("header", "kid"),
        ("ID token", "iss"),
        ("ID token", "sub"),
        ("ID token", "nonce"),
        ("ID token", "sid"),
        ("token response", "access_token"),
        ("key", "use"),
        ("key", "kid"),
    ] {
        let twice = format!("null,\"{member}\":null");
        assert!(!sign_in(document, &json!({}), Some((member, &twice))).0, "{document}: {member}");
    }
    let twice = "1,\"unheard of\":2";
    assert!(sign_in("ID token", &json!({}), Some(("unheard of", twice))).0);
}

#[test]
fn a_member_that_cannot_be_read_is_logged_once_by_its_name() {
    let bent = [
        ("metadata", "prompt_values_supported"),
        ("token response", "expires_in"),
        ("token response", "refresh_token"),
        ("ID token", "tid"),
        ("ID token", "amr"),
        ("header", "typ"),
    ];
    for (document, member) in bent {
        let (is_in, log) = sign_in(document, &json!({}), Some((member, "{\"secret\":5}")));
        assert!(is_in, "{member}: {log:#?}");
        let [line] = log.as_slice() else { panic!("{member}: {log:#?}") };
        assert!(
            line.contains("acme") && line.contains(member) && !line.contains("secret"),
            "{line}"
        );
    }
}

#[test]
fn the_page_after_an_unusable_provider_response_offers_another_try() {
    let world = World::new(&[("PROVIDERS", &setting(ISSUER, json!({}))), SECRET]);
    let provider = TestProvider::new(&world, ISSUER);
    provider.says.borrow_mut().tokens = json!({ "access_token": 5 });
    let page = provider.visit(&world, &mut Browser::default(), "/sign-in/acme");
    assert_eq!(page.status, 502);
    assert!(text(&page).contains("Continue with Acme"), "{}", text(&page));
}
