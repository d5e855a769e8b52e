//! A wrong setting stops the start with a message that names it.

use std::cell::RefCell;
use std::collections::BTreeSet;

use vestibule::endpoints::settings::names::{self, NAMES, UnknownName};
use vestibule::endpoints::settings::{PkcePolicy, RegistrationPolicy, SettingError, Settings};
use vestibule::protocol::claims::StandardClaims;

const SECRET: (&str, &str) = ("VESTIBULE_SECRET", "a secret of the deployment, long enough");

fn read(settings: &[(&str, &str)]) -> Result<Settings, SettingError> {
    let value =
        |name: &str| settings.iter().find(|(key, _)| *key == name).map(|(_, v)| (*v).into());
    let names: Vec<_> = settings.iter().map(|(name, _)| *name).collect();
    Settings::read(&names, &value)
}

#[test]
fn production_is_the_default_and_its_defaults_are_safe() {
    let settings = read(&[SECRET]).unwrap();
    assert!(!settings.development);
    assert_eq!(settings.registration, RegistrationPolicy::Off);
    assert_eq!(settings.pkce, PkcePolicy::All);
    assert!(settings.limits.sign_up.tries <= 100);
}

#[test]
fn production_without_a_secret_does_not_start() {
    assert_eq!(read(&[]).unwrap_err(), SettingError::NoSecret);
    assert_eq!(read(&[("VESTIBULE_SECRET", "short")]).unwrap_err(), SettingError::WeakSecret);
    assert!(read(&[("ENVIRONMENT", "development")]).is_ok());
}

#[test]
fn a_previous_secret_is_long_enough_and_differs_from_the_current_one() {
    let read = |previous| read(&[SECRET, ("VESTIBULE_SECRET_PREVIOUS", previous)]).map(drop);
    assert_eq!(read("short"), Err(SettingError::WeakPreviousSecret));
    assert_eq!(read(SECRET.1), Err(SettingError::SameSecret));
    assert_eq!(read("the secret that the deployment had before"), Ok(()));
    for error in [SettingError::WeakPreviousSecret, SettingError::SameSecret] {
        assert!(error.to_string().contains("VESTIBULE_SECRET_PREVIOUS"), "{error}");
        assert!(!error.to_string().contains(SECRET.1), "{error}");
    }
}

#[test]
fn a_wrong_value_is_named_with_what_was_expected() {
    for (name, value) in [
        ("ENVIRONMENT", "staging"),
        ("JURISDICTION", "us"),
        ("JURISDICTION", "EU"),
        ("PKCE", "never"),
        ("REFRESH_ROTATION", "sometimes"),
        ("REGISTRATION", "yes"),
        ("SIGN_UP", "maybe"),
        ("ISSUER", "http://id.example.test"),
        ("ISSUER", "https://id.example.test/path"),
        ("ISSUER", "https:id.example.test"),
        ("ISSUER", "https://person:password@id.example.test"),
        ("ISSUER", "https://ID.example.test"),
        ("ISSUER", "https://id.example.test:443"),
        ("ISSUER", "http://localhost.example.test"),
        ("RESOURCES", "not-a-uri"),
        ("CLIENT_ADDRESS", "X-Forwarded-For: 192.0.2.1"),
        ("ACCESS_TOKEN_LIFETIME", "ten minutes"),
        ("ACCESS_TOKEN_LIFETIME", "100000000"),
        ("REFRESH_WINDOW", "-1"),
        ("SIGN_UPS_PER_HOUR", "0"),
        ("VERIFIED_CLIENTS", "vcl_an-app-without-a-fingerprint"),
        ("VERIFIED_CLIENTS", "vcl_app=short"),
        ("VERIFIED_CLIENTS", "foo,bar"),
        ("DEVELOPERS", "yes"),
        ("DEVELOPERS", "dana@example.com,sam@example.com"),
        ("DEVELOPERS", "everyone @partner.example"),
        ("DEVELOPERS", "@localhost"),
        ("BRAND_COLOR", "blue; } body { display: none"),
        ("BRAND_LOGO_URL", "javascript:alert(1)"),
    ] {
        let error = read(&[SECRET, (name, value)]).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn a_value_out_of_range_is_answered_with_the_range_and_a_wrong_word_with_the_words() {
    for (name, value, expected) in [
        ("ACCESS_TOKEN_LIFETIME", "9", "a number of seconds from 10 to 86400"),
        ("REFRESH_WINDOW", "ten", "a number of seconds from 0 to 300"),
        ("SIGN_UPS_PER_HOUR", "0", "a whole number from 1 to 4294967295"),
        ("ENVIRONMENT", "staging", "production or development"),
        ("JURISDICTION", "us", "eu or fedramp"),
        ("PKCE", "never", "all or public-clients"),
        ("SIGN_UP", "maybe", "open or off"),
        ("REGISTRATION", "yes", "off, open or token"),
    ] {
        let error = read(&[SECRET, (name, value)]).unwrap_err().to_string();
        assert_eq!(error, format!("{name} is {value:?} but must be {expected}"));
    }
}

#[test]
fn the_documents_give_the_ranges_that_the_server_accepts() {
    let page = std::fs::read_to_string("docs/configuration.md").unwrap();
    let is_duration = |line: &&str| line.starts_with("| `") && line.contains("seconds");
    let lines: Vec<_> = page.lines().filter(is_duration).collect();
    assert_eq!(lines.len(), 12, "every lifetime has a range");
    for line in lines {
        let name = line.split('`').nth(1).unwrap();
        let error = read(&[SECRET, (name, "-1")]).unwrap_err().to_string();
        let (_, range) = error.rsplit_once(" from ").unwrap();
        let (least, most) = range.split_once(" to ").unwrap();
        let is_said = |range: &str| line.replace(" (off)", "").contains(range);
        assert!(is_said(&format!("{least} to {most}")), "{line}: {least} to {most}");
    }
}

#[test]
fn a_wrong_provider_is_named_with_what_is_wrong() {
    for (table, expected) in [
        (
            r#"{ "id": "acme", "client_id": "here", "isuer": "https://acme.example.com" }"#,
            r#"the provider "acme" cannot be read: unknown field `isuer`"#,
        ),
        (
            r#"{ "id": "acme", "client_id": 42, "issuer": "https://acme.example.com" }"#,
            r#"the provider "acme" cannot be read: invalid type"#,
        ),
        (
            r#"{ "client_id": "here" }"#,
            r#"the provider "number 2" cannot be read: missing field `id`"#,
        ),
        (
            r#"{ "id": "company", "client_id": "here", "preset": "okta" }"#,
            r#"the provider "company" needs an issuer, because every customer of okta has its own"#,
        ),
        (
            r#"{ "id": "acme", "client_id": "here" }"#,
            r#"the provider "acme" needs an issuer, a preset, or endpoints"#,
        ),
    ] {
        let right = r#"{ "id": "google", "client_id": "here", "preset": "google" }"#;
        let providers = format!("[{right}, {table}]");
        let secret = ("PROVIDER_GOOGLE_SECRET", "a secret");
        let error = read(&[SECRET, secret, ("PROVIDERS", &providers)]).unwrap_err().to_string();
        assert!(error.starts_with(&format!("PROVIDERS: {expected}")), "{error}");
    }
}

#[test]
fn an_address_that_nobody_has_proven_makes_a_developer_in_development_alone() {
    let listed = ("DEVELOPERS", "dev@example.test @partner.example");
    let allows = |settings: &[(&str, &str)], email: &str, verified: Option<bool>| {
        let claims = StandardClaims {
            email: Some(email.to_owned()),
            email_verified: verified,
            ..StandardClaims::default()
        };
        read(settings).unwrap().developers.allow(&claims)
    };
    for verified in [None, Some(false), Some(true)] {
        for email in ["dev@example.test", "Sam@Partner.example"] {
            let proven = verified == Some(true);
            let production = ("ENVIRONMENT", "production");
            assert_eq!(allows(&[SECRET, listed], email, verified), proven, "{email}");
            assert_eq!(allows(&[SECRET, listed, production], email, verified), proven, "{email}");
            let development = ("ENVIRONMENT", "development");
            assert!(allows(&[development, listed], email, verified), "{email}");
        }
        assert!(!allows(&[("ENVIRONMENT", "development"), listed], "x@example.test", verified));
    }
}

#[test]
fn registration_behind_a_token_needs_the_token() {
    let error = read(&[SECRET, ("REGISTRATION", "token")]).unwrap_err();
    assert_eq!(error, SettingError::NoRegistrationToken);
}

#[test]
fn the_text_on_a_brand_color_is_readable() {
    let settings = read(&[SECRET, ("BRAND_COLOR", "#ffee00"), ("BRAND_COLOR_DARK", "#101040")]);
    let style = settings.unwrap().brand.style();
    assert!(style.contains("--accent:#ffee00;--on-accent:#000000"), "{style}");
    assert!(style.contains("--accent:#101040;--on-accent:#ffffff"), "{style}");
}

#[test]
fn the_documents_name_the_settings_that_the_server_reads() {
    let page = std::fs::read_to_string("docs/configuration.md").unwrap();
    let first_cells = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('|').next());
    let words = first_cells.flat_map(|cell| cell.split(['`', ',', ' ']));
    let is_name =
        |word: &&str| word.len() > 3 && word.bytes().all(|b| b == b'_' || b.is_ascii_uppercase());
    assert_eq!(words.filter(is_name).collect::<Vec<_>>(), NAMES);
}

#[test]
fn every_setting_on_the_list_is_read_and_none_that_is_not_on_it() {
    let read = RefCell::new(BTreeSet::new());
    let lookup = |name: &str| {
        read.borrow_mut().insert(name.to_owned());
        let value = match name {
            "VESTIBULE_SECRET" => SECRET.1,
            "REGISTRATION" => "token",
            "REGISTRATION_TOKEN" => "the initial access token of this test",
            _ => return None,
        };
        Some(value.to_owned())
    };
    Settings::read(&[], &lookup).unwrap();
    assert_eq!(read.into_inner(), NAMES.iter().map(|name| (*name).to_owned()).collect());
}

#[test]
fn a_misspelled_name_stops_the_start_with_the_name_that_was_meant() {
    for (name, nearest) in [
        ("SIGNUP", "SIGN_UP"),
        ("sign_up", "SIGN_UP"),
        ("SIGN-UP", "SIGN_UP"),
        ("SINGUP", "SIGN_UP"),
        ("SIGN_UPS", "SIGN_UP"),
        ("ISUER", "ISSUER"),
        ("JURISDICTON", "JURISDICTION"),
        ("PKEC", "PKCE"),
        ("RESOURCE", "RESOURCES"),
        ("REGISTRATIONS", "REGISTRATION"),
        ("ACCES_TOKEN_LIFETIME", "ACCESS_TOKEN_LIFETIME"),
        ("ACCESS_TOKEN_LIFE_TIME", "ACCESS_TOKEN_LIFETIME"),
        ("BRAND_COLOUR", "BRAND_COLOR"),
        ("VERIFIED_CLIENT", "VERIFIED_CLIENTS"),
        ("VESTIBULE_SECRET_2", "VESTIBULE_SECRET"),
    ] {
        let error = read(&[SECRET, (name, "off")]).unwrap_err().to_string();
        assert_eq!(error, format!("{name} is not a setting; did you mean {nearest}?"));
    }
    // The misspelled name is reported first, not the missing secret.
    let error = read(&[("VESTIBULE_SECERT", SECRET.1)]).unwrap_err().to_string();
    assert!(error.ends_with("did you mean VESTIBULE_SECRET?"), "{error}");
    assert!(!error.contains(SECRET.1));
}

#[test]
fn a_name_that_is_meant_for_something_else_stops_nothing_and_is_reported() {
    let others = ["SENTRY_DSN", "NODE_ENV", "PORT", "HOST", "LOG_LEVEL", "A", "", "SIGN_IN"];
    for name in others {
        assert!(read(&[SECRET, (name, "x")]).is_ok(), "{name}");
    }
    let unknown = names::unknown(&[&others[..], &["SIGN_UP", "SIGNUP"]].concat(), None);
    let names: Vec<_> = unknown.iter().map(|unknown| unknown.name.as_str()).collect();
    assert_eq!(names, [&others[..], &["SIGNUP"]].concat());
    let nearest: Vec<_> = unknown.iter().filter_map(|unknown| unknown.nearest.as_deref()).collect();
    assert_eq!(nearest, ["SIGN_UP"]);
}

#[test]
fn the_secret_of_a_provider_that_was_removed_stops_nothing_and_is_reported() {
    let table = r#"[{ "id": "up-2", "client_id": "here", "issuer": "https://acme.example.com" }]"#;
    let present =
        ["PROVIDERS", "PROVIDER_UP_2_SECRET", "PROVIDER_UP_1_SECRET", "PROVIDER_X_PRIVATE_KEY"];
    let values = present.map(|name| (name, if name == "PROVIDERS" { table } else { "secret" }));
    let settings = read(&[&[SECRET][..], &values].concat()).unwrap();
    let left_over =
        |name: &str| UnknownName { name: name.to_owned(), nearest: None, is_provider_secret: true };
    let expected = ["PROVIDER_UP_1_SECRET", "PROVIDER_X_PRIVATE_KEY"].map(left_over);
    assert_eq!(names::unknown(&present, Some(&settings.providers)), expected);
    assert_eq!(names::unknown(&present, None), [], "nobody knows which providers there are");
}
