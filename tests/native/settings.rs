//! A wrong setting stops the start with a line that names it.

use vestibule::endpoints::settings::{PkcePolicy, RegistrationPolicy, SettingError, Settings};

const SECRET: (&str, &str) = ("VESTIBULE_SECRET", "a secret of the deployment, long enough");

fn read(settings: &[(&str, &str)]) -> Result<Settings, SettingError> {
    let value =
        |name: &str| settings.iter().find(|(key, _)| *key == name).map(|(_, v)| (*v).into());
    Settings::read(&value)
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
fn a_previous_secret_is_as_long_as_the_current_one_and_another() {
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
        ("BRAND_COLOR", "blue; } body { display: none"),
        ("BRAND_LOGO_URL", "javascript:alert(1)"),
    ] {
        let error = read(&[SECRET, (name, value)]).unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
}

#[test]
fn registration_behind_a_token_needs_the_token() {
    let error = read(&[SECRET, ("REGISTRATION", "token")]).unwrap_err();
    assert_eq!(error, SettingError::NoRegistrationToken);
}

#[test]
fn the_text_on_a_brand_colour_can_be_read() {
    let settings = read(&[SECRET, ("BRAND_COLOR", "#ffee00"), ("BRAND_COLOR_DARK", "#101040")]);
    let style = settings.unwrap().brand.style();
    assert!(style.contains("--accent:#ffee00;--on-accent:#000000"), "{style}");
    assert!(style.contains("--accent:#101040;--on-accent:#ffffff"), "{style}");
}
