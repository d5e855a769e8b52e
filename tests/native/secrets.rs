//! Tokens, seals, passwords and hashes.

use base64ct::{Base64UrlUnpadded, Encoding};
use proptest::prelude::*;
use vestibule::domain::password::{NewPassword, PasswordError, PasswordRecord, Verified};
use vestibule::domain::secret::Secret;
use vestibule::domain::token::{ObjectId, Token, TokenKind};
use vestibule::jose::seal::{SealError, Sealer};
use vestibule::tenant::{Purpose, Tenant};

const SECRET: &str = "a secret of the deployment, long enough";

fn token() -> Token {
    let object = ObjectId::parse(&"0f".repeat(32)).unwrap();
    Token { object, number: 7, secret: Secret::from_bytes([3; 32]) }
}

#[test]
fn a_token_comes_back_as_it_was_and_only_as_its_own_kind() {
    let value = token().encode(TokenKind::RefreshToken);
    assert!(value.starts_with("vrt_"), "secret scanners know it by its prefix");
    assert_eq!(Token::decode(TokenKind::RefreshToken, &value), Some(token()));
    assert_eq!(Token::decode(TokenKind::DeviceCode, &value), None);
    let other = value.replace("vrt_", "vdc_");
    assert_eq!(Token::decode(TokenKind::DeviceCode, &other), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..<_>::default() })]

    #[test]
    fn junk_is_refused_before_any_lookup(text in "(vrt_)?.{0,300}") {
        prop_assert_eq!(Token::decode(TokenKind::RefreshToken, &text), None);
    }

    #[test]
    fn a_token_with_one_character_changed_is_refused(at in 4_usize..99, to in "[A-Za-z0-9_-]") {
        let value = token().encode(TokenKind::Session);
        let mut changed: Vec<char> = value.chars().collect();
        if at < changed.len() && changed[at].to_string() != to {
            changed[at] = to.chars().next().unwrap();
            let changed: String = changed.into_iter().collect();
            prop_assert_eq!(Token::decode(TokenKind::Session, &changed), None);
        }
    }

    #[test]
    fn a_sealed_value_opens_only_unchanged(plain in prop::collection::vec(any::<u8>(), 0..200), bit in any::<prop::sample::Index>()) {
        let sealer = Sealer::new(&Tenant::ONLY, SECRET).unwrap();
        let sealed = sealer.seal(Purpose::Interaction, &plain, [5; 24]).unwrap();
        prop_assert_eq!(sealer.open(Purpose::Interaction, &sealed).unwrap(), plain);
        let mut bytes = Base64UrlUnpadded::decode_vec(&sealed).unwrap();
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let changed = Base64UrlUnpadded::encode_string(&bytes);
        prop_assert_eq!(sealer.open(Purpose::Interaction, &changed), Err(SealError::Refused));
    }
}

#[test]
fn a_value_sealed_for_one_purpose_opens_for_no_other() {
    let sealer = Sealer::new(&Tenant::ONLY, SECRET).unwrap();
    let sealed = sealer.seal(Purpose::Interaction, b"x", [5; 24]).unwrap();
    assert_eq!(sealer.open(Purpose::SigningKey, &sealed), Err(SealError::Refused));
    let other = Sealer::new(&Tenant::ONLY, "another secret of another deployment").unwrap();
    assert_eq!(other.open(Purpose::Interaction, &sealed), Err(SealError::Refused));
}

#[test]
fn a_value_sealed_with_the_previous_secret_opens_and_is_known_to_be_outdated() {
    let before = Sealer::new(&Tenant::ONLY, "the secret that the deployment had before").unwrap();
    let sealer = Sealer::new(&Tenant::ONLY, SECRET)
        .unwrap()
        .with_previous("the secret that the deployment had before");
    let sealer = sealer.unwrap();
    let purpose = Purpose::SigningKey;
    let old = before.seal(purpose, b"x", [5; 24]).unwrap();
    assert_eq!(sealer.open(purpose, &old).unwrap(), b"x");
    assert!(sealer.open_stored(purpose, &old).unwrap().is_outdated);
    assert_eq!(sealer.open(Purpose::Interaction, &old), Err(SealError::Refused));
    let new = sealer.seal(purpose, b"x", [6; 24]).unwrap();
    assert!(!sealer.open_stored(purpose, &new).unwrap().is_outdated);
    assert_eq!(before.open(purpose, &new), Err(SealError::Refused), "it seals with the current");
}

#[test]
fn a_short_secret_of_the_deployment_is_refused() {
    assert_eq!(Sealer::new(&Tenant::ONLY, "short").err(), Some(SealError::WeakSecret));
}

fn verify(record: &PasswordRecord, password: &str) -> Verified {
    record.verify(&password.into()).unwrap()
}

#[test]
fn a_password_is_verified_and_its_hash_contains_the_parameters() {
    let password = NewPassword::parse("a long enough passphrase", "a@example.test").ok().unwrap();
    let record = password.hash([1; 16]).unwrap();
    let stored = serde_json::to_string(&record).unwrap();
    assert!(stored.contains("$argon2id$v=19$m=19456,t=2,p=1$"), "OWASP's strength");
    assert_eq!(verify(&record, "a long enough passphrase"), Verified::Right);
    assert_eq!(verify(&record, "another passphrase"), Verified::Wrong);
}

#[test]
fn a_hash_of_weaker_parameters_verifies_and_is_known_to_be_outdated() {
    use argon2::password_hash::PasswordHasher;
    let params = argon2::Params::new(8192, 1, 1, None).unwrap();
    let weak = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let hash = weak.hash_password_with_salt(b"passphrase", &[1; 16]).unwrap().to_string();
    let record: PasswordRecord = serde_json::from_str(&format!("\"{hash}\"")).unwrap();
    assert_eq!(verify(&record, "passphrase"), Verified::RightAndOutdated);
}

/// A hash from before passwords were normalized: of the text as typed.
fn hashed_as_typed(password: &str) -> PasswordRecord {
    use argon2::password_hash::PasswordHasher;
    let params = argon2::Params::new(19456, 2, 1, None).unwrap();
    let argon2 = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let hash = argon2.hash_password_with_salt(password.as_bytes(), &[1; 16]).unwrap().to_string();
    serde_json::from_str(&format!("\"{hash}\"")).unwrap()
}

const COMPOSED: &str = "caf\u{e9} im Mai \u{1ec7}";
const DECOMPOSED: &str = "cafe\u{301} im Mai e\u{323}\u{302}";
/// Partly composed and partly decomposed, with a no-break space, as a user with two keyboards types it.
const MIXED: &str = "cafe\u{301} im\u{a0}Mai \u{1ec7}";

#[test]
fn a_password_is_the_same_whichever_keyboard_types_it() {
    // RFC 8265 §4.2.2
    for chosen in [COMPOSED, DECOMPOSED, MIXED] {
        let record = NewPassword::parse(chosen, "a@example.test").ok().unwrap().hash([1; 16]);
        let record = record.unwrap();
        for typed in [COMPOSED, DECOMPOSED, MIXED] {
            assert_eq!(verify(&record, typed), Verified::Right, "{chosen:?} {typed:?}");
        }
        assert_eq!(verify(&record, "cafe im Mai e"), Verified::Wrong);
    }
}

#[test]
fn a_hash_of_a_password_as_it_was_typed_verifies_and_is_replaced() {
    assert_eq!(verify(&hashed_as_typed(COMPOSED), COMPOSED), Verified::Right);
    assert_eq!(verify(&hashed_as_typed(COMPOSED), DECOMPOSED), Verified::Right);
    for typed in [COMPOSED, DECOMPOSED] {
        assert_eq!(verify(&hashed_as_typed(DECOMPOSED), typed), Verified::RightAndOutdated);
    }
    assert_eq!(verify(&hashed_as_typed(MIXED), MIXED), Verified::RightAndOutdated);
    assert_eq!(
        verify(&hashed_as_typed("a long enough passphrase"), "a long enough passphrase"),
        Verified::Right
    );
}

#[test]
fn compatibility_characters_are_not_the_letters_that_they_look_like() {
    let record = hashed_as_typed("\u{fb01}ne long passphrase");
    assert_eq!(verify(&record, "\u{fb01}ne long passphrase"), Verified::Right);
    assert_eq!(verify(&record, "fine long passphrase"), Verified::Wrong);
}

#[test]
fn lengths_count_what_is_hashed() {
    let parse = |password: &str| NewPassword::parse(password, "a@example.test").err();
    // Eight letters of two code points each.
    assert_eq!(parse(&"o\u{308}u\u{308}".repeat(4)), Some(PasswordError::Short));
    let long = "\u{e9}".repeat(256) + &"\u{e8}".repeat(256);
    assert_eq!((long.len(), parse(&long)), (1024, None));
    let record = NewPassword::parse(&long, "a@example.test").ok().unwrap().hash([1; 16]).unwrap();
    let decomposed = "e\u{301}".repeat(256) + &"e\u{300}".repeat(256);
    assert_eq!(verify(&record, &decomposed), Verified::Right);
    assert_eq!(verify(&record, &(long + "x")), Verified::Wrong);
}

#[test]
fn the_record_for_missing_accounts_is_read_like_any_other_and_matches_nothing() {
    // So that signing in takes the same time whether an account exists or not.
    let nobody = serde_json::to_string(&PasswordRecord::of_nobody()).unwrap();
    let hash = nobody.trim_matches('"').to_owned();
    assert!(argon2::password_hash::phc::PasswordHash::new(&hash).is_ok());
    assert!(hash.contains("m=19456,t=2,p=1"));
    for guess in ["", "password", "nobody has this password at all."] {
        assert_eq!(verify(&PasswordRecord::of_nobody(), guess), Verified::Wrong);
    }
}

#[test]
fn weak_passwords_are_refused() {
    let refused = |password: &str| NewPassword::parse(password, "robert.smith@example.test").err();
    assert_eq!(refused("short"), Some(PasswordError::Short));
    assert_eq!(refused(&"x".repeat(2000)), Some(PasswordError::Long));
    for common in ["password123", "qwertyuiop", "1234567890", "aaaaaaaaaaaa", "Robert.Smith"] {
        assert_eq!(refused(common), Some(PasswordError::Common), "{common}");
    }
    assert_eq!(refused("ünïcödé pässwörd"), None);
}

#[test]
fn secrets_do_not_show_in_debug_output() {
    let shown = format!("{:?} {:?}", token(), PasswordRecord::of_nobody());
    assert!(shown.contains("Secret(..)") && shown.contains("PasswordRecord(..)"));
}
