//! Passwords, hashed with Argon2id.
//!
//! The hash contains its parameters, so they can be raised: an older hash still verifies, and is replaced when its
//! owner next signs in.
//!
//! Different keyboards send the same password in different code points: `é` as one (NFC) or as two
//! (NFD), a space as U+00A0. So a password is prepared before it is hashed, by the `OpaqueString`
//! profile of RFC 8265 §4.2. NIST SP 800-63B suggests NFKC or NFKD instead, but their compatibility
//! mapping makes different passwords equal, which RFC 8265 avoids.

use std::borrow::Cow;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{self, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};
use serde::{Deserialize, Serialize};

/// Memory in KiB, passes and lanes, as the OWASP Password Storage Cheat Sheet recommends.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// The longest accepted password, in bytes.
const MAX_LENGTH: usize = 1024;
/// How much of a typed text is kept, in bytes. Preparing a text leaves at least a quarter of its bytes, so a text that
/// was cut is still too long to be a password.
const MAX_TYPED: usize = 4 * MAX_LENGTH;
/// The shortest accepted password, in characters. NIST SP 800-63B §3.1.1.2 allows 8 beside a second factor; a password
/// alone must be longer.
const MIN_LENGTH: usize = 10;

/// Why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than 10 characters.
    #[error(
        "Use at least 10 characters. A few words that you remember are better than one odd word."
    )]
    Short,
    /// More than 1024 bytes.
    #[error("Use at most 1000 characters.")]
    Long,
    /// One of the passwords that attackers try first.
    #[error("This password is among the first that attackers try. Choose another one.")]
    Common,
    /// The stored record is not a password hash.
    #[error("the record of the password can't be read")]
    Unreadable,
    /// Hashing failed, because memory is short.
    #[error("the password could not be hashed")]
    Hashing,
}

/// A password that a user typed, on its way to the account that verifies it. Its length is limited, and only this
/// module reads its text. A command that contains one is never stored ([`Notice`](super::machine::Notice)).
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TypedPassword(String);

impl From<&str> for TypedPassword {
    fn from(text: &str) -> Self {
        let end = text.floor_char_boundary(MAX_TYPED);
        Self(text.get(..end).unwrap_or_default().to_owned())
    }
}

impl TypedPassword {
    /// Hashes the password with the current parameters. `None` if the current rules refuse it or it can't be hashed;
    /// then the older record stays.
    pub fn rehash(&self, email: &str, salt: [u8; 16]) -> Option<PasswordRecord> {
        NewPassword::parse(&self.0, email).and_then(|password| password.hash(salt)).ok()
    }
}

/// A password that a user chose, checked and prepared for hashing. Like [`TypedPassword`], it is never stored.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NewPassword(String);

impl NewPassword {
    /// Checks a password, which must not be the user's own e-mail address either.
    ///
    /// # Errors
    /// See [`PasswordError`].
    pub fn parse(password: &str, email: &str) -> Result<Self, PasswordError> {
        let password = prepared(password);
        if password.chars().count() < MIN_LENGTH {
            return Err(PasswordError::Short);
        }
        if password.len() > MAX_LENGTH {
            return Err(PasswordError::Long);
        }
        let lower = password.to_lowercase();
        let email = email.to_lowercase();
        let name = email.split_once('@').map_or(email.as_str(), |(name, _)| name);
        if lower == email || lower == name || is_common(&lower) {
            return Err(PasswordError::Common);
        }
        Ok(Self(password.into_owned()))
    }

    /// Hashes it with a fresh salt.
    ///
    /// # Errors
    /// [`PasswordError::Hashing`] if memory is short.
    pub fn hash(&self, salt: [u8; 16]) -> Result<PasswordRecord, PasswordError> {
        let hash = argon2()
            .and_then(|argon2| argon2.hash_password_with_salt(self.0.as_bytes(), &salt).ok())
            .ok_or(PasswordError::Hashing)?;
        Ok(PasswordRecord(hash.to_string()))
    }
}

/// The password prepared as an `OpaqueString` (RFC 8265 §4.2.2): non-ASCII spaces become U+0020, and
/// the text is normalized to NFC. ASCII stays as it is.
fn prepared(password: &str) -> Cow<'_, str> {
    if password.is_ascii() {
        return Cow::Borrowed(password);
    }
    // The general category `Zs` (UAX #44): white space that doesn't break a line. Control characters are not mapped.
    let is_space = |c: char| !c.is_ascii() && c.is_whitespace() && !is_line_break(c);
    let spaced: String = password.chars().map(|c| if is_space(c) { ' ' } else { c }).collect();
    Cow::Owned(ComposingNormalizerBorrowed::new_nfc().normalize(&spaced).into_owned())
}

/// Whether a character is one of U+0085, U+2028 and U+2029: white space, but in the categories `Cc`,
/// `Zl` and `Zp` instead of `Zs`.
fn is_line_break(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The forms from which the stored hash may have been made, without duplicates: prepared, as now, and as typed, as in
/// earlier versions, where it may be NFD. An ASCII password has one form.
fn forms(password: &str) -> Vec<Cow<'_, str>> {
    let mut forms = vec![prepared(password)];
    if !password.is_ascii() {
        let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(password);
        for form in [Cow::Borrowed(password), decomposed] {
            if !forms.contains(&form) {
                forms.push(form);
            }
        }
    }
    forms
}

/// Whether it is a repeated or counted pattern, or one of the most common leaked passwords.
fn is_common(lower: &str) -> bool {
    let words = include_str!("common_passwords.txt");
    let digits_apart = lower.trim_end_matches(|c: char| !c.is_alphabetic());
    let first = lower.chars().next();
    let repeated = lower.chars().all(|c| Some(c) == first);
    let counted = "01234567890123456789".contains(lower)
        || "98765432109876543210".contains(lower)
        || "abcdefghijklmnopqrstuvwxyz".contains(lower)
        || "qwertyuiopasdfghjklzxcvbnm".contains(lower);
    repeated || counted || words.lines().any(|word| word == lower || word == digits_apart)
}

/// The stored hash of a password: a PHC string. A record that can't be read is an internal error, not a wrong password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct PasswordRecord(String);

impl TryFrom<String> for PasswordRecord {
    type Error = PasswordError;

    fn try_from(text: String) -> Result<Self, PasswordError> {
        let is_readable = PasswordHash::new(&text).is_ok_and(|hash| {
            hash.salt.is_some() && hash.hash.is_some() && Params::try_from(&hash).is_ok()
        });
        if is_readable { Ok(Self(text)) } else { Err(PasswordError::Unreadable) }
    }
}

/// The result of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// The password is right.
    Right,
    /// The password is right, and its hash is weaker than today's.
    RightAndOutdated,
    /// The password is wrong.
    Wrong,
}

impl PasswordRecord {
    /// A record for an account that doesn't exist, so that signing in takes the same time whether or not it exists. No
    /// password matches it.
    pub fn of_nobody() -> Self {
        Self(format!(
            "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$bm9ib2R5J3Mgc2FsdA$\
             bm9ib2R5IGhhcyB0aGlzIHBhc3N3b3JkIGF0IGFsbC4"
        ))
    }

    /// Verifies a password by hashing each of its forms with the record's parameters until one matches.
    /// The number of forms depends on the password alone, so a wrong password takes the same time against
    /// [`PasswordRecord::of_nobody`].
    ///
    /// # Errors
    /// [`PasswordError::Hashing`] if memory is short; the password may be right or wrong.
    pub fn verify(&self, password: &TypedPassword) -> Result<Verified, PasswordError> {
        let hash = PasswordHash::new(&self.0).map_err(|_| PasswordError::Unreadable)?;
        let params = Params::try_from(&hash).map_err(|_| PasswordError::Unreadable)?;
        let argon2 = argon2().ok_or(PasswordError::Hashing)?;
        for (index, form) in forms(&password.0).iter().enumerate() {
            // A password longer than the limit is wrong. Hash anyway, so that it takes the same time.
            let fits = form.len() <= MAX_LENGTH;
            let read = if fits { form.as_bytes() } else { b"" };
            match argon2.verify_password(read, &hash) {
                Ok(()) if fits && index == 0 && is_current(&params) => return Ok(Verified::Right),
                Ok(()) if fits => return Ok(Verified::RightAndOutdated),
                Ok(()) | Err(password_hash::Error::PasswordInvalid) => {}
                Err(_) => return Err(PasswordError::Hashing),
            }
        }
        Ok(Verified::Wrong)
    }
}

/// Implements `Debug` without the value.
macro_rules! redacted {
    ($($secret:ident)*) => {$(
        impl std::fmt::Debug for $secret {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(concat!(stringify!($secret), "(..)"))
            }
        }
    )*};
}
redacted!(TypedPassword NewPassword PasswordRecord);

fn is_current(params: &Params) -> bool {
    params.m_cost() >= MEMORY_KIB && params.t_cost() >= PASSES
}

fn argon2() -> Option<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).ok()?;
    Some(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}
