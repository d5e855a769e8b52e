//! The values in events: strings of limited length.

/// The most bytes of a value; the rest is cut off. IDs of objects have 64 bytes.
pub const MAX_TEXT: usize = 128;
/// The most bytes of all scopes of an event together; scopes that don't fit are left out.
pub const MAX_SCOPE: usize = 384;

/// A string of at most `MAX` bytes. A character that JSON would escape becomes `?`, so the string has the same length
/// in JSON. Reading a stored value checks no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<const MAX: usize = MAX_TEXT>(String);

impl<const MAX: usize> Text<MAX> {
    /// The text, cut off at the last character that fits.
    pub fn new(text: &str) -> Self {
        Self(bounded(text, MAX))
    }

    /// A stored value, which was cut off when it was made.
    pub(super) fn stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

// Not inlined into each constructor of an event: that would make the worker larger.
#[inline(never)]
fn bounded(text: &str, max: usize) -> String {
    // The characters of which IDs and scopes consist.
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
    if text.len() <= max && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    let mut bounded = String::with_capacity(text.len().min(max));
    for character in text.chars() {
        let is_escaped = character.is_control() || matches!(character, '"' | '\\');
        let character = if is_escaped { '?' } else { character };
        if bounded.len().saturating_add(character.len_utf8()) > max {
            break;
        }
        bounded.push(character);
    }
    bounded
}
