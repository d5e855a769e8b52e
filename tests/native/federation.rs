//! Sign-in through an upstream provider (OpenID Connect Core §3.1, RFC 9207, RFC 9700), and the account that the user
//! gets.

use serde_json::{Value, json};
use vestibule::domain::machine::Class;

use crate::support::World;
use crate::support::browser::{Browser, ORIGIN, csrf as csrf_of, text};
use crate::support::provider::{SECRET, TestProvider, callback, parameter, setting};

const ISSUER: &str = "https://acme.example.com";
const PASSWORD: &str = "a long enough passphrase";
/// When the test clock starts, in seconds since 1970.
const NOW: i64 = 1_800_000_000;

fn world_with(more: Value) -> (World, TestProvider) {
    world_and(more, &[])
}

fn world_and(more: Value, settings: &[(&str, &str)]) -> (World, TestProvider) {
    let providers = setting(ISSUER, more);
    let mut all = vec![("PROVIDERS", providers.as_str()), SECRET];
    all.extend_from_slice(settings);
    let world = World::new(&all);
    let provider = TestProvider::new(&world, ISSUER);
    (world, provider)
}

fn sign_up(world: &World, email: &str) -> Browser {
    let mut browser = Browser::default();
    let fields = [("email", email), ("password", PASSWORD)];
    let page = browser.submit(world, "/sign-up", &fields);
    assert_eq!(page.status, 303, "{}", text(&page));
    browser
}

fn account_page(world: &World, browser: &mut Browser) -> String {
    text(&browser.get(world, "/account"))
}

fn verified(email: &str) -> Value {
    json!({ "email": email, "email_verified": true, "name": "Dana Lee" })
}

#[test]
fn a_new_user_gets_an_account_and_finds_it_again() {
    // Mode 2, steps 3 to 12
    let (world, provider) = world_with(json!({ "trust_email": true }));
    provider.tells(verified("dana@example.org"));
    let mut browser = Browser::default();
    let back = provider.visit(&world, &mut browser, "/sign-in/acme");
    assert_eq!(back.header("location"), Some(&*format!("{ORIGIN}/account")));
    let page = account_page(&world, &mut browser);
    assert!(page.contains("dana@example.org") && page.contains("From Acme: name."), "{page}");
    let accounts = world.objects.count(Class::Account);
    let mut later = Browser::default();
    provider.visit(&world, &mut later, "/sign-in/acme");
    assert_eq!(world.objects.count(Class::Account), accounts);
    assert!(account_page(&world, &mut later).contains("dana@example.org"));
}

#[test]
fn the_request_is_bound_by_pkce_state_and_nonce_and_names_its_own_redirect_uri() {
    // RFC 7636 §4.3, OpenID Connect Core §3.1.2.1, RFC 9700 §4.4.2
    let (world, provider) = world_with(json!({}));
    let (_, address) = provider.go(&world, &mut Browser::default(), "/sign-in/acme");
    let of = |name| parameter(&address, name).unwrap();
    assert_eq!(of("redirect_uri"), format!("{ORIGIN}/callback/acme"));
    assert_eq!(of("code_challenge_method"), "S256");
    assert!(of("code_challenge").len() == 43 && of("state").len() == 43 && of("nonce").len() == 43);
}

#[test]
fn a_response_in_another_browser_changes_nothing() {
    // RFC 9700 §4.7: cross-site request forgery, and a stolen callback.
    let (world, provider) = world_with(json!({}));
    let (state, _) = provider.go(&world, &mut Browser::default(), "/sign-in/acme");
    let mut other = Browser::default();
    let address = callback(&[("code", "c"), ("state", &state), ("iss", ISSUER)]);
    let page = other.get(&world, &address);
    assert_eq!(page.status, 400);
    assert_eq!(world.internet.count(&format!("{ISSUER}/token")), 0);
}

#[test]
fn an_answer_counts_once() {
    let (world, provider) = world_with(json!({}));
    let mut browser = Browser::default();
    let (state, _) = provider.go(&world, &mut browser, "/sign-in/acme");
    let address = callback(&[("code", "c"), ("state", &state), ("iss", ISSUER)]);
    assert_eq!(browser.get(&world, &address).status, 303);
    assert_eq!(browser.get(&world, &address).status, 400);
    assert_eq!(world.internet.count(&format!("{ISSUER}/token")), 1);
}

#[test]
fn a_response_of_another_issuer_or_of_none_is_refused() {
    // RFC 9207 §2.4
    let (world, provider) = world_with(json!({}));
    for iss in [Some("https://evil.example.com"), None] {
        let mut browser = Browser::default();
        let (state, _) = provider.go(&world, &mut browser, "/sign-in/acme");
        let mut query = vec![("code", "c"), ("state", state.as_str())];
        query.extend(iss.map(|iss| ("iss", iss)));
        let page = browser.get(&world, &callback(&query));
        assert_eq!(page.status, 502, "{}", text(&page));
    }
    assert_eq!(world.internet.count(&format!("{ISSUER}/token")), 0);
}

#[test]
fn an_id_token_that_breaks_a_rule_signs_nobody_in() {
    // OpenID Connect Core §3.1.3.7
    let now = 1_800_000_000;
    let bent = [
        json!({ "iss": "https://evil.example.com" }),
        json!({ "aud": "another client" }),
        json!({ "aud": ["here", "another client"] }),
        json!({ "aud": ["here", "another client"], "azp": "another client" }),
        json!({ "exp": now - 61 }),
        json!({ "iat": now + 61 }),
        json!({ "iat": now - 4000 }),
        json!({ "nonce": "another" }),
        json!({ "nonce": null }),
        json!({ "sub": "" }),
        json!({ "sub": null }),
        json!({ "at_hash": "wrong" }),
    ];
    let (world, provider) = world_with(json!({}));
    for claims in bent {
        provider.says.borrow_mut().id_token = claims.clone();
        let mut browser = Browser::default();
        let page = provider.visit(&world, &mut browser, "/sign-in/acme");
        assert!(matches!(page.status, 400 | 502), "{claims}: {}", page.status);
        assert!(!browser.cookies.contains_key("__Host-session"), "{claims}");
    }
    assert_eq!(world.objects.count(Class::Account), 0);
}

#[test]
fn a_wrong_signature_signs_nobody_in() {
    // RFC 8725 §3.1 and §3.2: the token can't choose the algorithm, or another provider's key.
    let (world, provider) = world_with(json!({}));
    for header in [
        json!({ "alg": "none" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "RS256" }),
        json!({ "kid": "unknown" }),
        json!({ "crit": ["exp"] }),
    ] {
        provider.says.borrow_mut().header = header.clone();
        let page = provider.visit(&world, &mut Browser::default(), "/sign-in/acme");
        assert_eq!(page.status, 502, "{header}");
    }
}

#[test]
fn an_unknown_key_has_the_set_fetched_again_but_nobody_can_force_it() {
    // OpenID Connect Core §10.1.1
    let (world, provider) = world_with(json!({}));
    let keys = format!("{ISSUER}/keys");
    provider.visit(&world, &mut Browser::default(), "/sign-in/acme");
    assert_eq!(world.internet.count(&keys), 1);
    world.advance(61);
    provider.says.borrow_mut().header = json!({ "kid": "unknown" });
    for _ in 0..10 {
        provider.visit(&world, &mut Browser::default(), "/sign-in/acme");
    }
    assert_eq!(world.internet.count(&keys), 2);
}

#[test]
fn a_profile_of_another_user_signs_nobody_in() {
    // OpenID Connect Core §5.3.2
    let (world, provider) = world_with(json!({}));
    provider.tells(json!({ "sub": "somebody else" }));
    assert_eq!(provider.visit(&world, &mut Browser::default(), "/sign-in/acme").status, 502);
}

#[test]
fn an_address_that_is_not_verified_or_not_trusted_opens_no_account() {
    // The attack is an account takeover by an address that the provider doesn't vouch for.
    for (trusted, profile) in [
        (true, json!({ "email": "victim@example.org", "email_verified": false })),
        (true, json!({ "email": "victim@example.org" })),
        (false, verified("victim@example.org")),
    ] {
        let (world, provider) = world_with(json!({ "trust_email": trusted }));
        sign_up(&world, "victim@example.org");
        provider.tells(profile);
        let mut browser = Browser::default();
        let back = provider.visit(&world, &mut browser, "/sign-in/acme");
        // The user gets a new account, which doesn't reveal whether another one exists.
        assert_eq!(back.status, 303);
        assert_eq!(world.objects.count(Class::Account), 2);
        let page = account_page(&world, &mut browser);
        assert!(!page.contains("Change password") && !page.contains("Set a password"));
    }
}

#[test]
fn a_verified_address_links_at_once_only_where_the_account_has_proven_it_too() {
    // The attack is pre-hijacking: someone who signed up first with another user's address must not keep a way to sign
    // in.
    let (world, provider) = world_with(json!({ "trust_email": true }));
    sign_up(&world, "dana@example.org");
    provider.tells(verified("dana@example.org"));
    let mut browser = Browser::default();
    let page = provider.visit(&world, &mut browser, "/sign-in/acme");
    assert_eq!(page.status, 200);
    assert!(text(&page).contains("Link your Acme account"));
    assert!(!browser.cookies.contains_key("__Host-session"));
}

#[test]
fn an_account_that_began_at_one_provider_is_linked_by_the_next_that_vouches_for_the_address() {
    let other = "https://other.example.com";
    let providers = json!([
        { "id": "acme", "issuer": ISSUER, "client_id": "here", "trust_email": true },
        { "id": "other", "issuer": other, "client_id": "here", "trust_email": true },
    ])
    .to_string();
    let secret = ("PROVIDER_OTHER_SECRET", "the other one's secret");
    let world = World::new(&[("PROVIDERS", &providers), SECRET, secret]);
    let (first, second) = (TestProvider::new(&world, ISSUER), TestProvider::new(&world, other));
    for provider in [&first, &second] {
        provider.tells(verified("dana@example.org"));
    }
    first.visit(&world, &mut Browser::default(), "/sign-in/acme");
    let mut browser = Browser::default();
    let (state, _) = second.go(&world, &mut browser, "/sign-in/other");
    let query = callback(&[("code", "c"), ("state", &state), ("iss", other)]);
    let back = browser.get(&world, &query.replace("/acme?", "/other?"));
    assert_eq!(back.status, 303, "{}", text(&back));
    assert_eq!(world.objects.count(Class::Account), 1);
}

#[test]
fn the_owner_of_the_address_signs_in_first_to_link_and_resumes_the_request() {
    let (world, provider) = world_with(json!({ "trust_email": true }));
    sign_up(&world, "dana@example.org");
    provider.tells(verified("dana@example.org"));
    let mut browser = Browser::default();
    browser.get(&world, "/sign-in");
    let page = provider.visit(&world, &mut browser, "/sign-in/acme");
    let html = text(&page);
    let flow = html.split("name=\"flow\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let csrf = browser.cookies["__Host-csrf"].clone();
    let fields = [
        ("csrf", csrf.as_str()),
        ("flow", flow),
        ("email", "dana@example.org"),
        ("password", PASSWORD),
    ];
    // The same page, opened in another browser, links nothing. Otherwise an attacker's identity could be linked to the
    // account of a user who is lured there.
    let mut victim = Browser::default();
    let lured = victim.get(&world, &format!("/sign-in?flow={flow}"));
    assert_eq!(lured.status, 400);
    let linked = browser.post(&world, "/sign-in", &fields);
    assert_eq!(linked.header("location"), Some(&*format!("{ORIGIN}/account")), "{}", text(&linked));
    let mut later = Browser::default();
    assert_eq!(provider.visit(&world, &mut later, "/sign-in/acme").status, 303);
    let page = account_page(&world, &mut later);
    assert!(page.contains("Change password") && page.contains("Acme"), "{page}");
    assert_eq!(world.objects.count(Class::Account), 1);
}

#[test]
fn an_address_that_changed_at_the_provider_changes_neither_account_nor_its_address() {
    let (world, provider) = world_with(json!({ "trust_email": true }));
    sign_up(&world, "victim@example.org");
    provider.tells(verified("dana@example.org"));
    provider.visit(&world, &mut Browser::default(), "/sign-in/acme");
    provider.tells(verified("victim@example.org"));
    let mut browser = Browser::default();
    assert_eq!(provider.visit(&world, &mut browser, "/sign-in/acme").status, 303);
    assert!(account_page(&world, &mut browser).contains("dana@example.org"));
    assert_eq!(world.objects.count(Class::Account), 2);
}

#[test]
fn the_rules_of_a_provider_decide_who_gets_an_account() {
    for (rules, allowed) in [
        (json!({ "create": "off" }), false),
        (json!({ "create": "invited", "invited": ["@example.net"] }), false),
        (json!({ "create": "invited", "invited": ["Dana@example.org"] }), true),
        (json!({ "create": "invited", "invited": ["@example.org"] }), true),
    ] {
        let mut more = rules.clone();
        more["trust_email"] = true.into();
        let (world, provider) = world_with(more);
        provider.tells(verified("dana@example.org"));
        let page = provider.visit(&world, &mut Browser::default(), "/sign-in/acme");
        assert_eq!(page.status == 303, allowed, "{rules}");
        assert_eq!(world.objects.count(Class::Account) == 1, allowed, "{rules}");
    }
}

#[test]
fn the_profile_follows_the_provider_and_keeps_what_the_user_wrote() {
    let (world, provider) = world_with(json!({ "trust_email": true, "membership": true }));
    provider.tells(json!({ "email": "d@example.org", "email_verified": true, "name": "Dana",
        "nickname": "Dee", "groups": ["staff", "admin"] }));
    let mut browser = Browser::default();
    provider.visit(&world, &mut browser, "/sign-in/acme");
    let csrf = csrf_of(&world, &mut browser);
    let fields = [("csrf", csrf.as_str()), ("name", "Dana Lee"), ("nickname", "Dee")];
    assert_eq!(browser.post(&world, "/account/profile", &fields).status, 303);
    provider.tells(json!({ "email": "d@example.org", "email_verified": true, "name": "Other",
        "nickname": "Dandy", "groups": ["staff"] }));
    provider.visit(&world, &mut browser, "/sign-in/acme");
    let page = account_page(&world, &mut browser);
    assert!(page.contains("Dana Lee") && page.contains("Dandy"), "{page}");
    assert!(page.contains("From Acme: groups, nickname."), "{page}");
    // A group that the user left is removed. A name that is sent only once stays.
    provider.tells(json!({ "email": "d@example.org", "email_verified": true }));
    provider.visit(&world, &mut browser, "/sign-in/acme");
    let page = account_page(&world, &mut browser);
    assert!(page.contains("Dandy") && page.contains("From Acme: nickname."), "{page}");
}

#[test]
fn the_last_way_in_is_never_unlinked() {
    let (world, provider) = world_with(json!({ "trust_email": true }));
    provider.tells(verified("dana@example.org"));
    provider.says.borrow_mut().id_token = json!({ "auth_time": NOW });
    let mut browser = Browser::default();
    provider.visit(&world, &mut browser, "/sign-in/acme");
    let csrf = csrf_of(&world, &mut browser);
    let key = format!("identity/upstream:{ISSUER}#dana");
    let unlink =
        [("csrf", csrf.as_str()), ("unlink", key.as_str()), ("current_password", PASSWORD)];
    assert_eq!(browser.post(&world, "/account/identities", &unlink).status, 409);
    let password = [("csrf", csrf.as_str()), ("new_password", PASSWORD)];
    assert_eq!(browser.post(&world, "/account/password", &password).status, 303);
    let csrf = csrf_of(&world, &mut browser);
    let unlink =
        [("csrf", csrf.as_str()), ("unlink", key.as_str()), ("current_password", PASSWORD)];
    assert_eq!(browser.post(&world, "/account/identities", &unlink).status, 303);
    // From now on the identity is free, and the address has an account to which the user must sign in.
    let page = provider.visit(&world, &mut Browser::default(), "/sign-in/acme");
    assert_eq!(page.status, 303, "the account has proven the address, so it is linked again");
}

#[test]
fn an_account_without_a_password_is_changed_only_soon_after_a_sign_in() {
    let (world, provider) = world_with(json!({ "trust_email": true }));
    provider.tells(verified("dana@example.org"));
    let mut browser = Browser::default();
    provider.visit(&world, &mut browser, "/sign-in/acme");
    let csrf = csrf_of(&world, &mut browser);
    world.advance(601);
    let password = [("csrf", csrf.as_str()), ("new_password", PASSWORD)];
    assert_eq!(browser.post(&world, "/account/password", &password).status, 422);
    assert_eq!(browser.post(&world, "/account/delete", &[("csrf", csrf.as_str())]).status, 422);
    // The provider must authenticate the user again, and say so.
    let (_, address) = provider.go(&world, &mut browser, "/sign-in/acme?prompt=login");
    assert_eq!(parameter(&address, "prompt").as_deref(), Some("login"));
}

#[test]
fn an_identity_of_one_account_is_not_linked_to_another() {
    let (world, provider) = world_with(json!({}));
    provider.tells(json!({ "name": "Dana" }));
    provider.visit(&world, &mut Browser::default(), "/sign-in/acme");
    let mut browser = sign_up(&world, "eve@example.org");
    let csrf = csrf_of(&world, &mut browser);
    let link = [("csrf", csrf.as_str()), ("link", "acme"), ("current_password", PASSWORD)];
    let there = browser.post(&world, "/account/identities", &link);
    let address = there.header("location").unwrap().to_owned();
    let state = parameter(&address, "state").unwrap();
    provider.says.borrow_mut().id_token = json!({ "nonce": parameter(&address, "nonce") });
    let page = browser.get(&world, &callback(&[("code", "c"), ("state", &state), ("iss", ISSUER)]));
    assert_eq!(page.status, 409);
    assert!(text(&page).contains("is linked to another account here"));
}

#[test]
fn users_of_a_company_sign_in_there_whatever_way_they_try() {
    // Mode 4
    let company = json!({ "domains": ["acme.example"], "subdomains": true });
    let (world, provider) = world_with(company);
    let mut browser = Browser::default();
    for (path, email) in [("/sign-in", "dana@acme.example"), ("/sign-up", "Dana@EU.acme.example")] {
        let fields = [("email", email), ("password", PASSWORD)];
        let there = browser.submit(&world, path, &fields);
        let address = there.header("location").expect("the company's provider").to_owned();
        assert!(address.starts_with(ISSUER), "{address}");
        assert_eq!(parameter(&address, "login_hint").as_deref(), Some(email));
    }
    // Other users continue here: first the address, then the password.
    let page = browser.submit(&world, "/sign-in", &[("email", "dan@example.org")]);
    assert!(text(&page).contains("type=\"password\""));
    assert!(!text(&browser.get(&world, "/sign-in")).contains("type=\"password\""));
    // A company's provider doesn't speak for other domains.
    provider.tells(verified("victim@example.org"));
    sign_up(&world, "victim@example.org");
    provider.visit(&world, &mut browser, "/sign-in/acme");
    let page = account_page(&world, &mut browser);
    assert!(!page.contains("Change password"), "{page}");
    assert_eq!(world.objects.count(Class::Account), 2);
}

#[test]
fn a_social_provider_signs_in_no_user_of_a_company() {
    let social = "https://social.example.com";
    let providers = json!([
        { "id": "corp", "issuer": "https://corp.example.com", "client_id": "c",
          "token_endpoint_auth_method": "none", "domains": ["corp.example"] },
        { "id": "acme", "name": "Acme", "issuer": social, "client_id": "here",
          "trust_email": true },
    ])
    .to_string();
    let world = World::new(&[("PROVIDERS", &providers), SECRET]);
    let provider = TestProvider::new(&world, social);
    provider.tells(verified("dana@corp.example"));
    let mut browser = Browser::default();
    let page = provider.visit(&world, &mut browser, "/sign-in/acme");
    assert_eq!(page.status, 403, "{}", text(&page));
    assert!(text(&page).contains("Addresses of corp.example sign in with corp"));
    assert_eq!(world.objects.count(Class::Account), 0);
}

#[test]
fn a_domain_that_must_be_proven_counts_once_its_txt_record_says_so() {
    let company = json!({ "domains": ["acme.example"], "domain_proof": "dns" });
    let (world, _provider) = world_and(company, &[("DNS_RESOLVER", "https://dns.example/r")]);
    let url = "https://dns.example/r?name=_vestibule.acme.example&type=TXT";
    let said = format!("vestibule-provider=acme issuer={ORIGIN}");
    let record = json!({ "Status": 0, "Answer": [{ "data": format!("\"{said}\"") }] }).to_string();
    let mut browser = Browser::default();
    let fields = [("email", "dana@acme.example")];
    let ask = |browser: &mut Browser| browser.submit(&world, "/sign-in", &fields).status;
    // Signing the user in some other way while the DNS is down would bypass the company's rule.
    assert_eq!(ask(&mut browser), 503);
    world.internet.on(url, |_| crate::support::internet::json(r#"{"Status":0}"#));
    world.advance(6);
    assert_eq!(ask(&mut browser), 200, "nobody answers for the domain");
    world.advance(3600);
    world.internet.on(url, move |_| crate::support::internet::json(&record));
    world.advance(6);
    assert_eq!(ask(&mut browser), 303);
}

#[test]
fn a_resolver_that_fails_does_not_let_the_rule_of_the_company_lapse() {
    // RFC 1035 §4.1.1: only NOERROR and NXDOMAIN say which records exist.
    let company = json!({ "domains": ["acme.example"], "domain_proof": "dns" });
    let (world, _provider) = world_and(company, &[("DNS_RESOLVER", "https://dns.example/r")]);
    let url = "https://dns.example/r?name=_vestibule.acme.example&type=TXT";
    let fields = [("email", "dana@acme.example")];
    let ask = || Browser::default().submit(&world, "/sign-in", &fields).status;
    let failures = [
        "<html>Bad gateway</html>",
        "",
        "{}",
        "[]",
        r#"{"Status":"0"}"#,
        r#"{"Status":2}"#,
        r#"{"Status":5,"Answer":[]}"#,
        r#"{"Status":0,"Answer":{}}"#,
    ];
    for answer in failures {
        world.internet.on(url, move |_| crate::support::internet::json(answer));
        world.advance(3601);
        assert_eq!(ask(), 503, "{answer}");
    }
    // The failure isn't cached for an hour, and repeated requests don't ask the resolver each time.
    let asked = world.internet.count(url);
    (0..5).for_each(|_| assert_eq!(ask(), 503));
    assert_eq!(world.internet.count(url), asked);
    world.internet.on(url, |_| crate::support::internet::json(r#"{"Status":3}"#));
    world.advance(61);
    assert_eq!(ask(), 200);
}

#[test]
fn a_provider_can_start_a_sign_in_only_if_the_operator_allows_it() {
    // OpenID Connect Core §4. A response without a request is refused in any case.
    for (allowed, status) in [(false, 403), (true, 303)] {
        let (world, provider) = world_with(json!({ "initiated_login": allowed }));
        let address = format!("/initiate-login?iss={ISSUER}&target_link_uri=https://evil.test/");
        let answer = Browser::default().get(&world, &address);
        assert_eq!(answer.status, status);
        let elsewhere = Browser::default().get(&world, "/initiate-login?iss=https://evil.test");
        assert_eq!(elsewhere.status, 403);
        let unsolicited = callback(&[("code", "c"), ("iss", &provider.issuer)]);
        assert_eq!(Browser::default().get(&world, &unsolicited).status, 400);
    }
}

#[test]
fn each_tenant_of_a_provider_speaks_only_for_itself() {
    // Microsoft Entra ID: one metadata document, and an issuer for each tenant.
    let base = "https://login.microsoftonline.com";
    let tenant = "0a1b2c3d-0000-1111-2222-333344445555";
    let providers = json!([{ "id": "acme", "preset": "microsoft", "client_id": "here" }]);
    let world = World::new(&[("PROVIDERS", &providers.to_string()), SECRET]);
    let provider = TestProvider::new(&world, base);
    let metadata = json!({
        "issuer": format!("{base}/{{tenantid}}/v2.0"), "authorization_endpoint": format!("{base}/authorize"),
        "token_endpoint": format!("{base}/token"), "jwks_uri": format!("{base}/keys"),
    })
    .to_string();
    let address = format!("{base}/common/v2.0/.well-known/openid-configuration");
    world.internet.on(&address, move |_| crate::support::internet::json(&metadata));
    let of = |tid: &str| json!({ "iss": format!("{base}/{tid}/v2.0"), "tid": tid });
    let attempt = |claims: Value| {
        provider.says.borrow_mut().id_token = claims;
        let mut browser = Browser::default();
        let (state, _) = provider.go(&world, &mut browser, "/sign-in/acme");
        browser.get(&world, &callback(&[("code", "c"), ("state", &state)])).status
    };
    assert_eq!(attempt(of(tenant)), 303);
    // The same `sub` in another tenant is another user.
    assert_eq!(attempt(of("99999999-0000-1111-2222-333344445555")), 303);
    assert_eq!(world.objects.count(Class::Account), 2);
    // A tenant can't sign in with another tenant's issuer, or write more than its own part of the issuer.
    for claims in [
        json!({ "iss": format!("{base}/{tenant}/v2.0"), "tid": "99999999-0000-1111-2222-333344445555" }),
        json!({ "iss": format!("{base}/{tenant}/v2.0") }),
        json!({ "iss": format!("{base}/evil.test/{tenant}/v2.0"), "tid": format!("evil.test/{tenant}") }),
    ] {
        assert_eq!(attempt(claims), 400);
    }
    // An address counts only if Microsoft has verified its domain (`xms_edov`).
    let mut verified = of(tenant);
    verified["email"] = "dana@example.org".into();
    for (edov, has_password_section) in [(json!(null), false), (json!("1"), true)] {
        verified["sub"] = format!("sub {edov}").into();
        verified["xms_edov"] = edov;
        provider.says.borrow_mut().id_token = verified.clone();
        let mut browser = Browser::default();
        let (state, _) = provider.go(&world, &mut browser, "/sign-in/acme");
        browser.get(&world, &callback(&[("code", "c"), ("state", &state)]));
        let page = account_page(&world, &mut browser);
        assert_eq!(page.contains("Set a password"), has_password_section);
    }
}

#[test]
fn a_failed_sign_in_ends_on_a_page_that_offers_another_try() {
    let (world, provider) = world_with(json!({}));
    let answers = [
        (vec![("error", "access_denied")], 403),
        (vec![("error", "server_error")], 503),
        (vec![("error", "nonsense")], 400),
        (vec![], 502),
    ];
    for (pairs, status) in answers {
        let mut browser = Browser::default();
        let (state, _) = provider.go(&world, &mut browser, "/sign-in/acme");
        let mut query = vec![("state", state.as_str()), ("iss", ISSUER)];
        query.extend(pairs.iter().copied());
        let page = browser.get(&world, &callback(&query));
        assert_eq!(page.status, status, "{pairs:?}");
        let html = text(&page);
        assert!(html.contains("role=\"alert\"") && html.contains("Continue with Acme"), "{html}");
    }
    provider.says.borrow_mut().tokens = json!({ "error": "invalid_grant" });
    assert_eq!(provider.visit(&world, &mut Browser::default(), "/sign-in/acme").status, 502);
}

#[test]
fn a_provider_that_does_not_respond_is_reported_on_the_sign_in_page() {
    let providers = setting("https://down.example.com", json!({}));
    let world = World::new(&[("PROVIDERS", &providers), SECRET]);
    let page = Browser::default().get(&world, "/sign-in/acme");
    assert_eq!(page.status, 503);
    assert!(text(&page).contains("isn&#39;t responding"));
}
