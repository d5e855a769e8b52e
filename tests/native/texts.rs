//! Text that one user writes and another one sees.

use proptest::prelude::*;
use serde_json::json;
use vestibule::domain::client::Client;
use vestibule::endpoints::http::{Method, Response};
use vestibule::protocol::client_metadata::ClientMetadataError;
use vestibule::protocol::registration;
use vestibule::protocol::resource;
use vestibule::protocol::text::{TextError, check, cleaned, is_same_name, isolated};
use vestibule::upstream::profile;

use crate::support::World;
use crate::support::browser::{Browser, csrf, text};
use crate::support::provider::{SECRET, setting};

#[test]
fn a_name_that_reverses_the_sentence_or_hides_in_it_is_refused() {
    for (name, class) in [
        ("Photo\u{202e}moc.elgoog", TextError::Bidi),
        ("\u{2067}Photo", TextError::Bidi),
        ("Photo\u{200f}", TextError::Bidi),
        ("\u{61c}Photo", TextError::Bidi),
        ("Pho\u{200b}to", TextError::Invisible),
        ("Pho\u{200d}to", TextError::Invisible),
        ("Pho\u{fe0f}to", TextError::Invisible),
        ("Photo 5\u{fe0f}", TextError::Invisible),
        ("🎉\u{200d}Photo", TextError::Invisible),
        ("🎉\u{fe0f}\u{fe0f}", TextError::Invisible),
        ("\u{3164}", TextError::Invisible),
        ("\u{2800}", TextError::Invisible),
        ("Photo\u{e0041}", TextError::Invisible),
        ("Pho\u{ad}to", TextError::Invisible),
        ("Pho\u{fff9}to", TextError::Invisible),
        ("Photo\nPrinter", TextError::Control),
        ("Photo\u{85}", TextError::Control),
        ("Photo\u{2028}Printer", TextError::Separator),
        ("\u{f8ff} ID", TextError::PrivateUse),
        ("P\u{300}\u{301}\u{302}\u{303}\u{304}", TextError::Marks),
        ("\u{300}P", TextError::Marks),
    ] {
        assert_eq!(check(name), Err(class), "{name:?}");
    }
}

#[test]
fn names_in_every_script_are_taken_as_they_are() {
    for name in [
        "Photo Printer",
        "café",
        "Strauß & Söhne",
        "Ошибка",
        "東京カメラ",
        "خانه\u{200c}ها",
        "שלום",
        "ශ\u{dca}\u{200d}රී ලංකා",
        "র\u{200d}\u{9cd}যাব",
        "क\u{94d}\u{200d}ष",
        "Tiếng Việt",
        "Party 🎉",
        "I ❤\u{fe0f} photos",
        "👩\u{200d}👩\u{200d}👧 Family",
        "👩🏽\u{200d}🚀",
        "🏳\u{fe0f}\u{200d}🌈",
        "Channel 5\u{fe0f}\u{20e3}",
        "\u{a0}",
    ] {
        assert_eq!(check(name), Ok(()), "{name:?}");
    }
    assert_eq!(cleaned("  خانه\u{200c}ها "), "خانه\u{200c}ها");
}

#[test]
fn text_that_cannot_be_refused_is_cleaned() {
    assert_eq!(cleaned("Dana\u{202e} Smith\u{200b}"), "Dana Smith");
    assert_eq!(cleaned("Dana\nSmith\u{0}"), "Dana Smith");
    assert_eq!(cleaned("\u{200b}\u{2066}"), "");
}

#[test]
fn only_a_right_to_left_name_is_isolated_in_plain_text() {
    assert_eq!(isolated("Photo Printer"), "Photo Printer");
    assert_eq!(isolated("שלום 7"), "\u{2068}שלום 7\u{2069}");
}

#[test]
fn a_name_that_users_could_take_for_the_brand_counts_as_the_brand() {
    for name in [
        "Vestibule",
        "VESTIBULE",
        " vestibule! ",
        "V e s t i b u l e",
        "Ｖｅｓｔｉｂｕｌｅ",
        "𝐕𝐞𝐬𝐭𝐢𝐛𝐮𝐥𝐞",
        "Vestibulе", // Cyrillic е
        "VΕSTIBULE", // Greek Ε
        "Vest\u{131}bule",
        "Vestíbulé",
        "VestibuIe",
        "Vest1bule",
        "ᴠᴇꜱᴛɪʙᴜʟᴇ",
        "Vesti\u{200b}bule",
    ] {
        assert!(is_same_name(name, "Vestibule"), "{name:?}");
    }
    for name in ["Vestibules", "Photo Printer", "Album for Vestibule", "", "★"] {
        assert!(!is_same_name(name, "Vestibule"), "{name:?}");
    }
    assert!(is_same_name("Acrne vvatch", "ACME Watch"));
    assert!(is_same_name("ＫＯ\u{ff76}", "ko\u{30ab}"), "half-width katakana");
    assert!(is_same_name("STRASSE", "Straße") && is_same_name("ПРИВЕТ", "привет"));
    assert!(is_same_name("Ⅴestibule ②", "vestibule2"));
    assert!(!is_same_name("東京", "京都") && !is_same_name("ДОМ", "ДЫМ"));
    // A brand without letters is compared unchanged.
    assert!(is_same_name("★", "★") && !is_same_name("☆", "★"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..<_>::default() })]

    #[test]
    fn what_was_cleaned_may_be_registered_and_stays_as_it_is(
        text in "[a\u{300}-\u{305}\u{200c}\u{200d}\u{202e}\u{628}\u{64b}-\u{64e}\u{9b0}\u{9cd}\n\u{a0} ]{0,12}|\\PC{0,20}|.{0,20}"
    ) {
        let clean = cleaned(&text).into_owned();
        prop_assert_eq!(check(&clean), Ok(()));
        prop_assert_eq!(cleaned(&clean), clean.as_str());
    }

    #[test]
    fn ascii_text_is_registered_as_it_is(text in "[ -~]{0,40}") {
        prop_assert_eq!(check(&text), Ok(()));
    }

    #[test]
    fn a_name_is_the_same_whatever_is_between_its_letters(name in "[a-zA-Z0-9]{1,20}", at in 0_usize..20) {
        let mut other = name.clone();
        other.insert(at.min(name.len()), '-');
        prop_assert!(is_same_name(&name, &other));
    }
}

#[test]
fn every_text_of_a_registration_is_checked() {
    for member in ["client_name", "software_id", "software_version", "contacts"] {
        let value = "x\u{202e}y";
        let value = if member == "contacts" { json!([value]) } else { json!(value) };
        let body = json!({ "redirect_uris": ["https://a.test/cb"], member: value }).to_string();
        let error = registration::metadata(body.as_bytes()).unwrap_err();
        assert_eq!(error, ClientMetadataError::Text(member, TextError::Bidi));
        assert!(error.to_string().contains("direction of text"), "{error}");
    }
}

#[test]
fn a_user_name_in_a_url_or_a_resource_cannot_pose_as_its_host() {
    let uri = "https://accounts.google.com@evil.test/";
    for member in ["client_uri", "logo_uri", "policy_uri", "tos_uri"] {
        let body = json!({ "redirect_uris": ["https://a.test/cb"], member: uri }).to_string();
        assert_eq!(registration::metadata(body.as_bytes()), Err(ClientMetadataError::Uri(member)));
    }
    let parse = |value| resource::parse([value].into_iter(), &resource::Resources::default());
    assert!(parse(uri).is_err());
}

#[test]
fn a_resource_is_the_ascii_that_is_displayed() {
    // RFC 3986 §2; the URL parser accepts all of these
    let parse = |value| resource::parse([value].into_iter(), &resource::Resources::default());
    for refused in [
        "https://api.test/\u{202e}",
        "https://аpi.test/",
        "https://api.test/a b",
        " https://api.test/",
        "https://api.test/\n",
        "https://api.test/<b>",
    ] {
        assert!(parse(refused).is_err(), "{refused:?}");
    }
    assert!(parse("https://xn--pi-7kc.test/").is_ok());
    assert!(parse("urn:example:api").is_ok());
}

fn register(world: &World, metadata: &serde_json::Value) -> Response {
    let headers = [
        ("content-type", "application/json"),
        ("authorization", "Bearer an initial access token of 32 characters"),
    ];
    Browser::default().request(world, Method::Post, "/register", metadata.to_string(), &headers)
}

#[test]
fn only_an_app_that_the_operator_trusts_has_the_name_of_the_service() {
    let named = |name: &str, first_party: bool| {
        json!({
            "client_name": name, "redirect_uris": ["https://a.test/cb"], "first_party": first_party,
            "token_endpoint_auth_method": "none"
        })
    };
    let world = World::new(&[("BRAND_NAME", "Acme ID")]);
    let refused = register(&world, &named("ＡCME\u{a0}-ID", false));
    assert_eq!(refused.status, 400);
    assert!(text(&refused).contains("the name of this service"), "{}", text(&refused));
    assert_eq!(register(&world, &named("Acme ID", true)).status, 201);
    assert_eq!(register(&world, &named("Photo Printer", false)).status, 201);
    let token = [
        ("BRAND_NAME", "Acme ID"),
        ("REGISTRATION", "token"),
        ("REGISTRATION_TOKEN", "an initial access token of 32 characters"),
    ];
    assert_eq!(register(&World::new(&token), &named("Acme ID", false)).status, 201);
}

#[test]
fn the_developers_page_refuses_the_name_of_the_service_too() {
    let world = World::new(&[]);
    let mut browser = Browser::default();
    let person = [("email", "dev@example.test"), ("password", "a long enough passphrase")];
    browser.submit(&world, "/sign-up", &person);
    for (name, words) in
        [("V-estibule", "belongs to the service"), ("Al\u{200b}bum", "Choose another name")]
    {
        let fields = [("name", name), ("redirect_uris", "https://a.test/cb"), ("kind", "public")];
        let refused = browser.submit(&world, "/developers", &fields);
        assert_eq!(refused.status, 422);
        assert!(text(&refused).contains(words), "{}", text(&refused));
    }
}

#[test]
fn a_name_that_was_stored_before_names_were_checked_is_shown_cleaned() {
    let stored = r#"{"client_id":"old\u202e-app","issued_at":0,"metadata":{
        "client_name":"Ph\u200boto\u202e","token_endpoint_auth_method":"none","grant_types":[],
        "response_types":[],"scope":"openid"}}"#;
    let mut client: Client = serde_json::from_str(stored).unwrap();
    assert_eq!(client.display_name(), "Photo");
    client.metadata.client_name = Some("\u{202e}\u{2066}".into());
    assert_eq!(client.display_name(), "old-app");
}

#[test]
fn a_users_own_name_is_cleaned_where_it_is_written() {
    let world = World::new(&[]);
    let mut browser = Browser::default();
    let person = [
        ("email", "dev@example.test"),
        ("password", "a long enough passphrase"),
        ("name", "Dana\u{202e} Smith"),
    ];
    browser.submit(&world, "/sign-up", &person);
    let page = text(&browser.get(&world, "/account"));
    assert!(page.contains("value=\"Dana Smith\""), "{page}");
    let csrf = csrf(&world, &mut browser);
    let fields = [("csrf", csrf.as_str()), ("name", "D\u{200b}ana"), ("nickname", "\u{2067}d")];
    browser.post(&world, "/account/profile", &fields);
    let page = text(&browser.get(&world, "/account"));
    assert!(page.contains("value=\"Dana\"") && page.contains("value=\"d\""), "{page}");
}

#[test]
fn a_link_cannot_fill_the_fields_of_pages_with_text() {
    let world = World::new(&[]);
    let mut browser = Browser::default();
    let person = [("email", "dev@example.test"), ("password", "a long enough passphrase")];
    browser.submit(&world, "/sign-up", &person);
    let page = browser.get(&world, "/device?user_code=Your+account+is+locked.+Call+555-0100");
    assert!(!text(&page).contains("locked"));
    assert!(text(&browser.get(&world, "/device?user_code=ABCD-EFG")).contains("ABCD-EFG"));
}

#[test]
fn a_claim_that_decides_something_is_left_out_rather_than_cleaned_into_another_one() {
    let providers = setting("https://idp.test", json!({ "trust_email": true, "membership": true }));
    let world = World::new(&[("PROVIDERS", &providers), SECRET]);
    let provider = &world.settings.providers[0];
    let said = json!({
        "sub": "1", "name": "Dana\u{202e} Smith", "email": "vic\u{200b}tim@a.test",
        "email_verified": true, "groups": ["ad\u{200b}min", "staff"],
        "preferred_username": "\u{2067}admin",
        "address": { "formatted": "Main Street 1\n\u{202e}Lisbon", "country": 7 }
    });
    let identity = profile::identity(provider, "https://idp.test", &[said]).unwrap();
    let claims = &identity.claims;
    assert_eq!(identity.verified_email, None);
    assert_eq!((&claims.email, &claims.preferred_username), (&None, &None));
    assert_eq!(claims.name.as_deref(), Some("Dana Smith"));
    let address = claims.address.clone().unwrap();
    assert_eq!(address.formatted.as_deref(), Some("Main Street 1\nLisbon"));
    let json = serde_json::to_value(claims).unwrap();
    assert_eq!(json["groups"], json!(["staff"]));
    let nameless = json!({ "sub": "\u{202e}1" });
    assert!(profile::identity(provider, "https://idp.test", &[nameless]).is_err());
}
