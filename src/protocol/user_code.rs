//! User codes of the device grant (RFC 8628 §6.1).

/// Consonants that are read alike in no typeface and spell no word: 20 letters, as RFC 8628 §6.1
/// proposes. Eight of them are 34.5 bits.
const ALPHABET: [u8; 20] = *b"BCDFGHJKLMNPQRSTVWXZ";
/// How many letters a code has.
const LENGTH: usize = 8;

/// A user code: eight letters of [`ALPHABET`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCode(String);

impl UserCode {
    /// Makes a code from random bytes, or none where too many of them fall outside the range in
    /// which every letter is equally likely.
    pub fn from_random(bytes: &[u8]) -> Option<Self> {
        let letters: String = bytes
            .iter()
            .filter(|byte| **byte < 240)
            .filter_map(|byte| ALPHABET.get(usize::from(byte % 20)))
            .take(LENGTH)
            .map(|letter| char::from(*letter))
            .collect();
        (letters.len() == LENGTH).then_some(Self(letters))
    }

    /// Reads what a person typed: any case, with or without dashes and spaces.
    pub fn parse(typed: &str) -> Option<Self> {
        if typed.len() > 64 {
            return None;
        }
        let code: String = typed
            .chars()
            .filter(|c| c.is_ascii_alphanumeric())
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let valid = code.len() == LENGTH && code.bytes().all(|byte| ALPHABET.contains(&byte));
        valid.then_some(Self(code))
    }

    /// The bare letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for UserCode {
    /// The form that a device shows: two groups of four.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (first, second) = self.0.split_at_checked(LENGTH / 2).unwrap_or((&self.0, ""));
        write!(formatter, "{first}-{second}")
    }
}
