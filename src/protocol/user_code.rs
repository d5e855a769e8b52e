//! User codes of the device grant (RFC 8628 §6.1).

/// The 20 consonants that RFC 8628 §6.1 proposes: they can't be mistaken for each other and spell no words. Eight of
/// them have 34.5 bits.
const ALPHABET: [u8; 20] = *b"BCDFGHJKLMNPQRSTVWXZ";
/// The number of letters of a code.
const LENGTH: usize = 8;

/// A user code: eight letters of [`ALPHABET`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCode(String);

impl UserCode {
    /// Makes a code from random bytes. `None` if too few of them are usable: bytes from 240 up are skipped, so that all
    /// letters are equally likely.
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

    /// Parses what a user typed, in upper or lower case, with or without dashes and spaces.
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

    /// The letters, without the dash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for UserCode {
    /// The form in which a device shows it: two groups of four letters.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (first, second) = self.0.split_at_checked(LENGTH / 2).unwrap_or((&self.0, ""));
        write!(formatter, "{first}-{second}")
    }
}
