//! Attacks by an upstream provider, or by someone with an account there.

use serde_json::{Value, json};
use vestibule::domain::machine::Class;
use vestibule::endpoints::settings::Settings;

use crate::support::World;
use crate::support::browser::{Browser, ORIGIN, csrf, text};
use crate::support::provider::{SECRET, TestProvider, callback, setting};

const ISSUER: &str = "https://acme.example.com";
const MICROSOFT: &str = "https://login.microsoftonline.com";
const OWN_TENANT: &str = "0a1b2c3d-0000-1111-2222-333344445555";
const PASSWORD: &str = "a long enough passphrase";

fn refused(table: Value) -> String {
    let providers = json!([table]).to_string();
    let lookup = |name: &str| match name {
        "PROVIDERS" => Some(providers.clone()),
        "PROVIDER_CORP_SECRET" => Some("a secret".to_owned()),
        "ENVIRONMENT" => Some("development".to_owned()),
        _ => None,
    };
    Settings::read(&[], &lookup).map(|_| String::new()).unwrap_or_else(|error| error.to_string())
}

fn world_with(more: Value) -> (World, TestProvider) {
    let providers = setting(ISSUER, more);
    let world = World::new(&[("PROVIDERS", providers.as_str()), SECRET]);
    let provider = TestProvider::new(&world, ISSUER);
    (world, provider)
}

/// A server with two providers, `acme` and `social`, each with additional settings.
fn two(first: Value, second: Value) -> (World, TestProvider, TestProvider) {
    let base = |id: &str, issuer: &str, more: Value| {
        let mut table = json!({ "id": id, "name": id, "issuer": issuer, "client_id": "here",
            "token_endpoint_auth_method": "none" });
        for (name, value) in more.as_object().unwrap() {
            table[name] = value.clone();
        }
        table
    };
    let social = "https://social.example.com";
    let providers = json!([base("acme", ISSUER, first), base("social", social, second)]);
    let world = World::new(&[("PROVIDERS", &providers.to_string())]);
    let company = TestProvider::new(&world, ISSUER);
    let other = TestProvider::new(&world, social);
    (world, company, other)
}

fn sign_in_at(world: &World, provider: &TestProvider, id: &str, browser: &mut Browser) -> u16 {
    let (state, _) = provider.go(world, browser, &format!("/sign-in/{id}"));
    let query = callback(&[("code", "c"), ("state", &state), ("iss", &provider.issuer)]);
    browser.get(world, &query.replace("/acme?", &format!("/{id}?"))).status
}

fn account_page(world: &World, browser: &mut Browser) -> String {
    text(&browser.get(world, "/account"))
}

#[test]
fn another_tenant_of_one_provider_takes_over_the_accounts_of_a_company() {
    // The owner of any tenant can write a company's address into its directory.
    for table in [
        json!({ "preset": "microsoft" }),
        json!({ "preset": "microsoft", "tenant": "organizations" }),
        json!({ "preset": "microsoft", "tenant": "consumers" }),
        json!({ "issuer": format!("{MICROSOFT}/{{tenantid}}/v2.0") }),
    ] {
        for setting in [json!({ "domains": ["corp.example"] }), json!({ "membership": true })] {
            let mut table = table.clone();
            table["id"] = "corp".into();
            table["client_id"] = "here".into();
            for (name, value) in setting.as_object().unwrap() {
                table[name] = value.clone();
            }
            let problem = refused(table.clone());
            assert!(problem.contains("tenants of many companies"), "{table}: {problem}");
        }
    }
    let own = json!({ "id": "corp", "client_id": "here", "preset": "microsoft",
        "tenant": OWN_TENANT, "domains": ["corp.example"] });
    assert_eq!(refused(own), "");
}

#[test]
fn an_address_without_email_verified_takes_over_an_account_unless_one_named_company_says_it() {
    // A missing `email_verified` (OpenID Connect Core §5.1) doesn't mean true.
    for (issuer, verified) in [(ISSUER, true), ("https://gitlab.com", false)] {
        let providers = setting(issuer, json!({ "domains": ["acme.example"] }));
        let world = World::new(&[("PROVIDERS", providers.as_str()), SECRET]);
        let provider = TestProvider::new(&world, issuer);
        provider.tells(json!({ "email": "boss@acme.example" }));
        let mut browser = Browser::default();
        provider.visit(&world, &mut browser, "/sign-in/acme");
        let page = account_page(&world, &mut browser);
        assert_eq!(page.contains("your account needs no password"), verified, "{issuer}");
    }
    // An unreadable value doesn't count as missing either.
    let (world, provider) = world_with(json!({ "domains": ["acme.example"] }));
    provider.tells(json!({ "email": "boss@acme.example", "email_verified": { "is": true } }));
    let mut browser = Browser::default();
    provider.visit(&world, &mut browser, "/sign-in/acme");
    assert!(!account_page(&world, &mut browser).contains("your account needs no password"));
}

#[test]
fn a_private_google_account_speaks_for_a_company() {
    // Only Google's `hd` says that a user belongs to a company.
    let google = "https://accounts.google.com";
    let table = json!({ "domains": ["acme.example"], "trust_email": true, "membership": true });
    let providers = setting(google, table);
    for (hd, is_the_companys) in
        [(json!(null), false), (json!("evil.example"), false), (json!("acme.example"), true)]
    {
        let world = World::new(&[("PROVIDERS", providers.as_str()), SECRET]);
        let provider = TestProvider::new(&world, google);
        let said = json!({ "email": "boss@acme.example", "email_verified": true, "hd": hd,
            "groups": ["staff"] });
        provider.says.borrow_mut().id_token = said;
        let mut browser = Browser::default();
        provider.visit(&world, &mut browser, "/sign-in/acme");
        let page = account_page(&world, &mut browser);
        assert_eq!(page.contains("your account needs no password"), is_the_companys, "{hd}");
        assert_eq!(page.contains("From Acme: groups"), is_the_companys, "{hd}");
    }
}

#[test]
fn a_statement_about_one_address_verifies_another() {
    // `email: null, email_verified: true` in the ID token, and an address only in the profile.
    let (world, _) = world_with(json!({ "trust_email": true }));
    let provider = &world.settings.providers[0];
    let profile = json!({ "sub": "dana", "email": "victim@example.org" });
    for email in [json!(null), json!("other@example.org"), json!("")] {
        let id_token = json!({ "sub": "dana", "email": email, "email_verified": true });
        let sources = [id_token, profile.clone()];
        let identity = vestibule::upstream::profile::identity(provider, ISSUER, &sources).unwrap();
        assert_ne!(identity.verified_email.as_deref(), Some("victim@example.org"), "{email}");
        let is_verified = identity.claims.email_verified == Some(true);
        assert_eq!(is_verified, email == "other@example.org", "{email}");
    }
}

#[test]
fn a_social_provider_makes_its_user_an_admin() {
    let (world, company, social) =
        two(json!({ "domains": ["acme.example"], "trust_email": true }), json!({}));
    company.tells(json!({ "groups": ["staff"] }));
    company.says.borrow_mut().id_token = json!({ "auth_time": 1_800_000_000 });
    let mut browser = Browser::default();
    assert_eq!(sign_in_at(&world, &company, "acme", &mut browser), 303);
    link(&world, &social, &mut browser);
    social.tells(json!({ "groups": ["admin", "acme-owners"], "roles": ["root"] }));
    let mut later = Browser::default();
    assert_eq!(sign_in_at(&world, &social, "social", &mut later), 303);
    assert_eq!(told(&world, &mut later), (json!(["staff"]), Value::Null));
}

/// Links the social provider to the account of a browser that has just signed in.
fn link(world: &World, social: &TestProvider, browser: &mut Browser) {
    let csrf = csrf(world, browser);
    let fields = [("csrf", csrf.as_str()), ("link", "social")];
    let there = browser.post(world, "/account/identities", &fields);
    let address = there.header("location").expect("the way to the provider").to_owned();
    let parameter = |name| crate::support::provider::parameter(&address, name).unwrap();
    social.says.borrow_mut().id_token = json!({ "nonce": parameter("nonce") });
    let query = [("code", "c"), ("state", &parameter("state")), ("iss", social.issuer.as_str())];
    let linked = browser.get(world, &callback(&query).replace("/acme?", "/social?"));
    assert!(linked.header("location").is_some_and(|to| to.ends_with("done=linked")), "{linked:?}");
    social.says.borrow_mut().id_token = json!({});
}

/// `groups` and `roles` as userinfo returns them.
fn told(world: &World, browser: &mut Browser) -> (Value, Value) {
    let app = super::access::app(world, "openid groups roles", true);
    let tokens = super::access::tokens(world, browser, &app, "&scope=openid+groups+roles");
    let claims = super::access::userinfo(world, &tokens);
    (claims["groups"].clone(), claims["roles"].clone())
}

#[test]
fn one_source_of_groups_replaces_anothers() {
    let member = json!({ "membership": true });
    let (world, one, other) = two(member.clone(), member);
    one.tells(json!({ "groups": ["staff"] }));
    one.says.borrow_mut().id_token = json!({ "auth_time": 1_800_000_000 });
    let mut browser = Browser::default();
    sign_in_at(&world, &one, "acme", &mut browser);
    link(&world, &other, &mut browser);
    other.tells(json!({ "groups": ["guests"], "roles": ["reader"] }));
    sign_in_at(&world, &other, "social", &mut browser);
    assert_eq!(told(&world, &mut browser), (json!(["staff", "guests"]), json!(["reader"])));
    // A group that its source no longer asserts is removed; the other source's groups stay.
    other.tells(json!({}));
    sign_in_at(&world, &other, "social", &mut browser);
    assert_eq!(told(&world, &mut browser), (json!(["staff"]), Value::Null));
}

#[test]
fn what_an_earlier_version_stored_of_groups_is_kept_by_its_source() {
    use vestibule::domain::account::Account;
    use vestibule::domain::machine::Machine;
    let mut stored = json!({
        "account": "a", "email": null, "identifier": null, "password": null,
        "claims": { "name": "Dana", "groups": ["staff"] },
        "sources": { "name": "acme", "groups": "acme" },
        "attempts": { "count": 0, "last": null }, "created_at": 0,
    });
    let person = Account::migrate(1, stored.clone()).expect("a state of version 1");
    assert!(person.claims.groups.is_empty() && !person.sources.contains_key("groups"));
    let held: Vec<_> = person.memberships.values().collect();
    assert_eq!((held[0].provider.as_str(), &held[0].groups), ("acme", &vec!["staff".to_owned()]));
    // Groups that the operator set, and no provider asserted, stay.
    stored["sources"] = json!({});
    let person = Account::migrate(1, stored).expect("a state of version 1");
    assert_eq!(person.claims.groups, ["staff"]);
}

#[test]
fn two_accounts_say_that_one_address_is_verified() {
    // `link = "never"`: the second account has the address only as a claim
    let (world, provider) = world_with(json!({ "trust_email": true, "link": "never" }));
    let mut owner = Browser::default();
    let fields = [("email", "dana@example.org"), ("password", PASSWORD)];
    owner.submit(&world, "/sign-up", &fields);
    provider.tells(json!({ "email": "dana@example.org", "email_verified": true }));
    let mut browser = Browser::default();
    provider.visit(&world, &mut browser, "/sign-in/acme");
    assert_eq!(world.objects.count(Class::Account), 2);
    let app = super::access::app(&world, "openid email", true);
    let tokens = super::access::tokens(&world, &mut browser, &app, "&scope=openid+email");
    let claims = super::access::userinfo(&world, &tokens);
    assert_eq!(claims["email"], "dana@example.org");
    assert_eq!(claims["email_verified"], false);
}

#[test]
fn an_account_without_an_address_adopts_a_proven_one_that_no_account_has() {
    let (world, provider) = world_with(json!({ "trust_email": true }));
    provider.tells(json!({ "email": "dana@example.org", "email_verified": false }));
    provider.visit(&world, &mut Browser::default(), "/sign-in/acme");
    provider.tells(json!({ "email": "dana@example.org", "email_verified": true }));
    let mut browser = Browser::default();
    provider.visit(&world, &mut browser, "/sign-in/acme");
    assert_eq!(world.objects.count(Class::Account), 1);
    assert!(account_page(&world, &mut browser).contains("Set a password"));
}

#[test]
fn auth_time_is_claimed_without_proof() {
    // A provider without `auth_time`: the time is unknown, it is not now.
    let (world, provider) = world_with(json!({ "trust_email": true }));
    provider.tells(json!({ "email": "dana@example.org", "email_verified": true }));
    let app = super::access::app(&world, "openid", true);
    let mut browser = Browser::default();
    // The user leaves this request and signs in at the provider without it.
    let asked = super::access::authorize_url(&app, "&scope=openid&prompt=login");
    browser.get(&world, &asked);
    provider.visit(&world, &mut browser, "/sign-in/acme");
    for more in ["&prompt=login", "&max_age=3600", "&max_age=0"] {
        let url = super::access::authorize_url(&app, &format!("&scope=openid{more}"));
        let answer = browser.get(&world, &url);
        let location = answer.header("location").unwrap_or_default();
        assert!(!location.contains("code="), "{more}: {location}");
    }
    let tokens = super::access::tokens(&world, &mut browser, &app, "&scope=openid");
    assert_eq!(super::access::claims(&tokens["id_token"])["auth_time"], Value::Null);
    assert_eq!(super::access::claims(&tokens["access_token"])["auth_time"], Value::Null);
    // Such a sign-in doesn't confirm setting a first password either.
    let csrf = csrf(&world, &mut browser);
    let fields = [("csrf", csrf.as_str()), ("new_password", PASSWORD)];
    assert_eq!(browser.post(&world, "/account/password", &fields).status, 422);
}

#[test]
fn a_session_of_an_earlier_version_keeps_a_made_up_auth_time() {
    use vestibule::domain::account::Session;
    let stored = |origin: Value| {
        json!({ "secret": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "sid": "s",
            "auth_time": 1_800_000_000_000_i64, "amr": [], "expires_at": 1_900_000_000_000_i64,
            "browser": "Firefox", "place": null, "origin": origin })
    };
    let origin = json!({ "provider": "acme", "issuer": ISSUER, "subject": "dana", "sid": null });
    let through_provider: Session = serde_json::from_value(stored(origin)).unwrap();
    assert_eq!(through_provider.auth_time(), None);
    assert_eq!(through_provider.started_at().seconds(), 1_800_000_000);
    let by_password: Session = serde_json::from_value(stored(Value::Null)).unwrap();
    assert_eq!(by_password.auth_time().map(|time| time.seconds()), Some(1_800_000_000));
}

#[test]
fn a_sign_up_that_proves_nothing_keeps_an_address_from_its_owner() {
    let (world, provider) = world_with(json!({ "trust_email": true }));
    let mut squatter = Browser::default();
    let fields = [("email", "victim@example.org"), ("password", PASSWORD)];
    squatter.submit(&world, "/sign-up", &fields);
    provider.tells(json!({ "email": "victim@example.org", "email_verified": true }));
    let mut browser = Browser::default();
    browser.get(&world, "/sign-in");
    let page = text(&provider.visit(&world, &mut browser, "/sign-in/acme"));
    assert!(page.contains("Start a new account instead"), "{page}");
    let flow = page.split("name=\"flow\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let csrf = browser.cookies["__Host-csrf"].clone();
    // Asked again, because it can't be undone.
    let fields = [("csrf", csrf.as_str()), ("flow", flow), ("decision", "not-mine")];
    let asked = text(&browser.post(&world, "/sign-in", &fields));
    assert!(
        asked.contains("Start a new account?") && asked.contains("you lose its apps"),
        "{asked}"
    );
    let fields = [("csrf", csrf.as_str()), ("flow", flow), ("decision", "start-over")];
    let taken = browser.post(&world, "/sign-in", &fields);
    assert_eq!(taken.header("location"), Some(&*format!("{ORIGIN}/account")), "{}", text(&taken));
    assert!(account_page(&world, &mut browser).contains("victim@example.org"));
    // The other account's page says so, and its password no longer works with that address.
    assert!(account_page(&world, &mut squatter).contains("someone else has proven"));
    let again = Browser::default().submit(
        &world,
        "/sign-in",
        &[("email", "victim@example.org"), ("password", PASSWORD)],
    );
    assert_eq!(again.status, 422);
    // When the form is sent again, it takes nothing from the account that has now proven the address.
    assert_ne!(browser.post(&world, "/sign-in", &fields).status, 303);
}

#[test]
fn an_address_that_is_proven_is_taken_from_its_account() {
    let (world, provider) = world_with(json!({ "trust_email": true, "link": "sign-in-first" }));
    provider.tells(json!({ "email": "dana@example.org", "email_verified": true }));
    provider.visit(&world, &mut Browser::default(), "/sign-in/acme");
    provider.says.borrow_mut().id_token = json!({ "sub": "other" });
    provider.tells(json!({ "sub": "other", "email": "dana@example.org", "email_verified": true }));
    let mut thief = Browser::default();
    thief.get(&world, "/sign-in");
    let page = text(&provider.visit(&world, &mut thief, "/sign-in/acme"));
    assert!(
        page.contains("Link your Acme account") && !page.contains("Start a new account"),
        "{page}"
    );
    let flow = page.split("name=\"flow\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let csrf = thief.cookies["__Host-csrf"].clone();
    let fields = [("csrf", csrf.as_str()), ("flow", flow), ("decision", "start-over")];
    assert_eq!(thief.post(&world, "/sign-in", &fields).status, 403);
}

#[test]
fn an_answer_for_many_tenants_names_somebody_elses_issuer() {
    // RFC 9207 §2.4
    let providers = json!([{ "id": "acme", "preset": "microsoft", "client_id": "here" }]);
    let world = World::new(&[("PROVIDERS", &providers.to_string()), SECRET]);
    let provider = TestProvider::new(&world, MICROSOFT);
    let metadata = json!({
        "issuer": format!("{MICROSOFT}/{{tenantid}}/v2.0"),
        "authorization_endpoint": format!("{MICROSOFT}/authorize"),
        "token_endpoint": format!("{MICROSOFT}/token"), "jwks_uri": format!("{MICROSOFT}/keys"),
    })
    .to_string();
    let address = format!("{MICROSOFT}/common/v2.0/.well-known/openid-configuration");
    world.internet.on(&address, move |_| crate::support::internet::json(&metadata));
    let own = format!("{MICROSOFT}/{OWN_TENANT}/v2.0");
    provider.says.borrow_mut().id_token = json!({ "iss": own, "tid": OWN_TENANT });
    for (iss, taken) in [(own.as_str(), true), ("https://evil.example.com", false)] {
        let mut browser = Browser::default();
        let (state, _) = provider.go(&world, &mut browser, "/sign-in/acme");
        let query = [("code", "c"), ("state", state.as_str()), ("iss", iss)];
        assert_eq!(browser.get(&world, &callback(&query)).status == 303, taken, "{iss}");
    }
}

#[test]
fn a_provider_speaks_for_a_domain_that_the_dns_does_not_prove() {
    let table = json!({ "domains": ["acme.example"], "domain_proof": "dns" });
    let providers = setting(ISSUER, table);
    let resolver = "https://dns.example/resolve";
    let url = format!("{resolver}?name=_vestibule.acme.example&type=TXT");
    let record = format!("vestibule-provider=acme issuer={ORIGIN}");
    let proves = json!({ "Status": 0, "Answer": [{ "type": 16, "data": record }] });
    for (answer, is_proven) in [(json!({ "Status": 3 }), false), (proves, true)] {
        let world = World::new(&[("PROVIDERS", &providers), SECRET, ("DNS_RESOLVER", resolver)]);
        let provider = TestProvider::new(&world, ISSUER);
        world.internet.on(&url, move |_| crate::support::internet::json(&answer.to_string()));
        provider.tells(json!({ "email": "boss@acme.example", "groups": ["staff"] }));
        let mut browser = Browser::default();
        provider.visit(&world, &mut browser, "/sign-in/acme");
        let page = account_page(&world, &mut browser);
        assert!(page.contains("boss@acme.example"), "{page}");
        assert_eq!(page.contains("From Acme: groups"), is_proven, "{page}");
        // If the domain is proven, a sign-up with its address goes to the provider. Otherwise it creates an account.
        let sign_up = [("email", "boss@acme.example"), ("password", PASSWORD)];
        let response = Browser::default().submit(&world, "/sign-up", &sign_up);
        let there = response.header("location").unwrap_or_default().to_owned();
        assert_eq!(there.starts_with(ISSUER), is_proven, "{there}");
        assert_eq!(there.ends_with("/account"), !is_proven, "{there}");
    }
}
