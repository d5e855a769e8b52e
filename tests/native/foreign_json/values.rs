//! Unusual values that providers send, and how each is read.

use serde_json::{Value, json};
use vestibule::domain::http::{HttpError, HttpResponse};
use vestibule::domain::machine::Class;
use vestibule::endpoints::http::Response;

use super::{ISSUER, NOW};
use crate::support::World;
use crate::support::browser::{Browser, answer, text};
use crate::support::internet;
use crate::support::provider::{Bent, SECRET, TestProvider, callback, setting};

pub fn world_with(more: Value) -> (World, TestProvider) {
    let world = World::new(&[("PROVIDERS", &setting(ISSUER, more)), SECRET]);
    let provider = TestProvider::new(&world, ISSUER);
    (world, provider)
}

fn visit(world: &World, provider: &TestProvider) -> (Response, Browser) {
    let mut browser = Browser::default();
    let back = provider.visit(world, &mut browser, "/sign-in/acme");
    (back, browser)
}

pub fn bend(provider: &TestProvider, document: &'static str, member: &str, value: &str) {
    let (member, value) = (member.to_owned(), value.to_owned());
    provider.says.borrow_mut().bent = Some(Bent { document, member, value });
}

#[test]
fn a_time_may_have_a_fraction_or_an_exponent() {
    // RFC 7519 §2: NumericDate is a JSON numeric value, and "non-integer values can be represented"
    let (world, provider) = world_with(json!({}));
    for (claim, value) in [
        ("iat", "1800000000.5"),
        ("iat", "1.8e9"),
        ("iat", "18e8"),
        ("exp", "1800000300.25"),
        ("auth_time", "1799999999.999"),
    ] {
        bend(&provider, "ID token", claim, value);
        assert_eq!(visit(&world, &provider).0.status, 303, "{claim} = {value}");
    }
    for (claim, value) in [("exp", "1799999939.9"), ("iat", "1.7e9"), ("exp", "\"1800000300\"")] {
        bend(&provider, "ID token", claim, value);
        assert_ne!(visit(&world, &provider).0.status, 303, "{claim} = {value}");
    }
}

#[test]
fn only_a_readable_time_that_has_passed_proves_a_recent_sign_in() {
    // OpenID Connect Core §3.1.2.1
    let (world, provider) = world_with(json!({}));
    for (value, is_proof) in [
        (format!("{NOW}.5"), true),
        (format!("{}", NOW + 60), true),
        (format!("{}", NOW + 61), false),
        (format!("\"{NOW}\""), false),
        ("true".to_owned(), false),
        ("null".to_owned(), false),
        ("1e300".to_owned(), false),
    ] {
        bend(&provider, "ID token", "auth_time", &value);
        let mut browser = Browser::default();
        let back = provider.visit(&world, &mut browser, "/sign-in/acme?prompt=login");
        assert_eq!(back.status == 303, is_proof, "{value}: {}", back.status);
        // Without a request for a recent sign-in, the value doesn't matter.
        assert_eq!(visit(&world, &provider).0.status, 303, "{value}");
    }
}

#[test]
fn an_odd_value_never_proves_that_an_address_is_verified() {
    // OpenID Connect Core §5.1: a boolean; Apple sends it as text
    let proofs = ["true", "\"true\""];
    let others = ["\"yes\"", "\"1\"", "1", "1.0", "\"TRUE\"", "{}", "[true]", "\"\"", "null", "0"];
    for value in proofs.into_iter().chain(others) {
        for document in ["ID token", "userinfo"] {
            let (world, provider) = world_with(json!({ "trust_email": true, "create": "invited",
                "invited": ["dana@example.org"] }));
            let profile = json!({ "email": "dana@example.org" });
            match document {
                "userinfo" => provider.says.borrow_mut().userinfo = profile,
                _ => provider.says.borrow_mut().id_token = profile,
            }
            bend(&provider, document, "email_verified", value);
            let is_in = visit(&world, &provider).0.status == 303;
            assert_eq!(is_in, proofs.contains(&value), "{document}: {value}");
        }
    }
}

#[test]
fn a_statement_that_no_reader_can_hold_is_not_a_missing_one() {
    // A company's own provider need not say `email_verified`; what it says must not count as unsaid
    let deep = "[".repeat(200) + &"]".repeat(200);
    for odd in ["1e400", "\"\\ud800\"", &deep, "false", "5"] {
        let company = json!({ "domains": ["example.org"], "trust_email": true });
        let (world, provider) = world_with(company);
        provider.says.borrow_mut().id_token = json!({ "email": "dana@example.org" });
        provider.says.borrow_mut().bent = Some(Bent {
            document: "ID token",
            member: "email_verified".into(),
            value: odd.to_owned(),
        });
        let (_, mut browser) = visit(&world, &provider);
        let page = text(&browser.get(&world, "/account"));
        let identifiers = world.objects.count(Class::Identifier);
        assert!(identifiers <= 1, "{odd:.40}: the address leads to the account: {page}");
    }
}

#[test]
fn a_statement_within_an_object_is_read_as_strictly() {
    for odd in [
        r#"{"verified":false,"verified":true}"#,
        r#"{"verified":false,"other":1e400}"#,
        r#"{"verified":1e400}"#,
        r#"{"verified":true,"verified":true}"#,
        "5",
        "[]",
    ] {
        let company = json!({ "domains": ["example.org"], "trust_email": true,
            "claims": { "email_verified": "/ext/verified" } });
        let (world, provider) = world_with(company);
        provider.says.borrow_mut().id_token = json!({ "email": "dana@example.org", "ext": {} });
        provider.says.borrow_mut().bent =
            Some(Bent { document: "ID token", member: "ext".into(), value: odd.to_owned() });
        visit(&world, &provider);
        assert!(world.objects.count(Class::Identifier) <= 1, "{odd}");
    }
}

#[test]
fn the_verification_of_one_address_proves_no_other_one() {
    // The ID token has an unreadable address, and says that it is verified
    let (world, provider) = world_with(json!({ "trust_email": true, "create": "invited",
        "invited": ["dana@example.org"] }));
    provider.says.borrow_mut().id_token = json!({ "email": 5, "email_verified": true });
    provider.tells(json!({ "email": "dana@example.org", "name": "Dana" }));
    assert_eq!(visit(&world, &provider).0.status, 403);
    provider.tells(json!({ "email": "dana@example.org", "email_verified": true }));
    assert_eq!(visit(&world, &provider).0.status, 303);
}

#[test]
fn a_claim_that_cannot_be_read_in_the_id_token_is_taken_from_the_userinfo_response() {
    let (world, provider) = world_with(json!({}));
    provider.says.borrow_mut().id_token = json!({ "name": ["Dana"], "nickname": "Dee" });
    provider.tells(json!({ "name": "Dana Lee" }));
    let (_, mut browser) = visit(&world, &provider);
    let page = text(&browser.get(&world, "/account"));
    assert!(page.contains("From Acme: name, nickname."), "{page}");
}

#[test]
fn a_tenant_that_cannot_be_read_is_no_tenant() {
    // Microsoft Entra ID: the issuer has the tenant in it
    let base = "https://login.microsoftonline.com";
    let providers = json!([{ "id": "acme", "preset": "microsoft", "client_id": "here" }]);
    let world = World::new(&[("PROVIDERS", &providers.to_string()), SECRET]);
    let provider = TestProvider::new(&world, base);
    let metadata = json!({
        "issuer": format!("{base}/{{tenantid}}/v2.0"), "authorization_endpoint": format!("{base}/a"),
        "token_endpoint": format!("{base}/token"), "jwks_uri": format!("{base}/keys"),
    });
    let address = format!("{base}/common/v2.0/.well-known/openid-configuration");
    world.internet.on(&address, move |_| internet::json(&metadata.to_string()));
    for tid in [json!(5), json!([]), json!({}), json!(true)] {
        let iss = format!("{base}/0a1b2c3d-0000-1111-2222-333344445555/v2.0");
        provider.says.borrow_mut().id_token = json!({ "iss": iss, "tid": tid });
        let mut browser = Browser::default();
        let (state, _) = provider.go(&world, &mut browser, "/sign-in/acme");
        let back = browser.get(&world, &callback(&[("code", "c"), ("state", &state)]));
        assert_eq!(back.status, 400, "{tid}");
    }
}

#[test]
fn a_key_that_cannot_be_used_is_passed_over_and_the_others_stay() {
    // RFC 7517 §4.2 to §4.4 and §5
    let (world, provider) = world_with(json!({}));
    let keys = format!("{ISSUER}/keys");
    let own = world.internet.ask(vestibule::domain::http::HttpRequest::get(&keys)).unwrap().body;
    let own = own.strip_prefix("{\"keys\":[").and_then(|own| own.strip_suffix("]}")).unwrap();
    let with = |member: &str| own.replacen('{', &format!("{{{member},"), 1);
    let odd = [
        "5".to_owned(),
        "[]".to_owned(),
        with("\"key_ops\":\"verify\""),
        with("\"key_ops\":[\"sign\"]"),
        with("\"alg\":5"),
        own.replace("\"use\":\"sig\"", "\"use\":[\"sig\"]"),
        own.replace("\"use\":\"sig\"", "\"use\":\"enc\""),
        own.replace("\"kty\":\"EC\"", "\"kty\":5"),
    ];
    for odd in odd {
        for (set, is_verified) in [(odd.clone(), false), (format!("{odd},{own}"), true)] {
            let answer = format!("{{\"keys\":[{set}]}}");
            world.internet.on(&keys, move |_| internet::json(&answer));
            world.advance(3601);
            assert_eq!(visit(&world, &provider).0.status == 303, is_verified, "{odd:.200}");
        }
    }
}

/// Sets the response of the userinfo endpoint.
fn at_userinfo(world: &World, answer: Result<HttpResponse, HttpError>) {
    world.internet.on(&format!("{ISSUER}/me"), move |_| answer.clone());
}

fn status(status: u16) -> Result<HttpResponse, HttpError> {
    internet::json("{}").map(|answer| HttpResponse { status, ..answer })
}

#[test]
fn the_userinfo_endpoint_may_fail_if_the_id_token_says_all_that_is_needed() {
    // OpenID Connect Core §5.3
    let failures = || {
        [
            status(404),
            status(503),
            status(401),
            Err(HttpError::Timeout),
            internet::json("<html>"),
            internet::json("[]"),
            internet::json("eyJhbGciOiJub25lIn0.e30."),
        ]
    };
    for failure in failures() {
        let (world, provider) = world_with(json!({ "trust_email": true }));
        at_userinfo(&world, failure.clone());
        // The address is needed, or the rules for its domain and for linking would not be applied.
        let without = visit(&world, &provider).0.status;
        assert!(matches!(without, 502 | 503), "{failure:?}: {without}");
        let email = json!({ "email": "dana@example.org", "email_verified": true });
        provider.says.borrow_mut().id_token = email;
        let (back, mut browser) = visit(&world, &provider);
        assert_eq!(back.status, 303, "{failure:?}");
        assert!(text(&browser.get(&world, "/account")).contains("dana@example.org"));
        let log = world.log.0.borrow().join("\n");
        assert!(log.contains("goes on without userinfo"), "{log}");
        // Nobody asks for an address: the subject is all that is needed.
        let (world, provider) = world_with(json!({ "scope": "openid" }));
        at_userinfo(&world, failure.clone());
        assert_eq!(visit(&world, &provider).0.status, 303, "{failure:?}");
    }
}

#[test]
fn an_empty_error_with_tokens_is_ignored() {
    // RFC 6749 §5.2: an error code has at least one character
    let (world, provider) = world_with(json!({}));
    for (error, is_none) in [
        ("null", true),
        ("\"\"", true),
        ("false", true),
        ("\"x\"", false),
        ("5", false),
        ("{}", false),
    ] {
        bend(&provider, "token response", "error", error);
        assert_eq!(visit(&world, &provider).0.status == 303, is_none, "{error}");
    }
}

#[test]
fn a_form_in_another_encoding_is_read_as_far_as_it_is_needed() {
    let plain = json!([{ "id": "acme", "name": "Acme", "client_id": "here",
        "authorization_endpoint": format!("{ISSUER}/authorize"),
        "token_endpoint": format!("{ISSUER}/token"), "userinfo_endpoint": format!("{ISSUER}/me") }]);
    let world = World::new(&[("PROVIDERS", &plain.to_string()), SECRET]);
    world.internet.on(&format!("{ISSUER}/token"), |_| {
        let content_type = "application/x-www-form-urlencoded".to_owned();
        let body = "access_token=at&note=caf%E9&expires=100%&token_type=bearer".to_owned();
        Ok(HttpResponse { status: 200, content_type, body })
    });
    // A subject with a fraction is refused: two of them may be the same number here.
    for (profile, is_in) in
        [(r#"{"sub":5,"x":1e400}"#, true), (r#"{"sub":5.5}"#, false), (r#"{"sub":1e30}"#, false)]
    {
        world.internet.on(&format!("{ISSUER}/me"), move |_| internet::json(profile));
        let mut browser = Browser::default();
        let there = browser.get(&world, "/sign-in/acme");
        let state = answer(&there, "state").unwrap();
        let back = browser.get(&world, &callback(&[("code", "c"), ("state", &state)]));
        assert_eq!(back.status == 303, is_in, "{profile}: {}", text(&back));
    }
}

#[test]
fn members_of_a_dns_response_that_nobody_needs_may_have_any_form() {
    // RFC 1035 §4.1.1: the status says which records there are
    let providers = setting(ISSUER, json!({ "domains": ["acme.example"], "domain_proof": "dns" }));
    let resolver = ("DNS_RESOLVER", "https://dns.example/r");
    let world = World::new(&[("PROVIDERS", &providers), SECRET, resolver]);
    let _provider = TestProvider::new(&world, ISSUER);
    let said = format!("vestibule-provider=acme issuer={}", crate::support::browser::ORIGIN);
    let records = format!(r#"[5,{{"data":5}},{{"data":"{said}","TTL":1e400}}]"#);
    for (answer, status) in [
        (format!(r#"{{"Status":0,"Answer":{records},"AD":1e400}}"#), 303),
        (r#"{"Status":0,"Answer":null}"#.to_owned(), 200),
        (format!(r#"{{"Status":"0","Answer":{records}}}"#), 503),
        (r#"{"Status":0,"Answer":5}"#.to_owned(), 503),
    ] {
        let url = "https://dns.example/r?name=_vestibule.acme.example&type=TXT";
        let sent = answer.clone();
        world.internet.on(url, move |_| internet::json(&sent));
        world.advance(3601);
        let asked = Browser::default().submit(&world, "/sign-in", &[("email", "d@acme.example")]);
        assert_eq!(asked.status, status, "{answer}");
    }
}
