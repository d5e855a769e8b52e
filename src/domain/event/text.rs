//! The texts of events.

/// How long a text of an event is at most, in bytes; the rest is cut off. IDs of objects have 64 bytes.
pub const MAX_TEXT: usize = 128;
/// How long the scopes of an event are at most together, in bytes; what doesn't fit is left out.
pub const MAX_SCOPE: usize = 384;

/// A text of at most `MAX` bytes. A character that JSON escapes becomes `?`, so that the text is as long in JSON.
/// Reading a stored text checks no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<const MAX: usize = MAX_TEXT>(String);

impl<const MAX: usize> Text<MAX> {
    /// The text, cut off at the last character that fits.
    pub fn new(text: &str) -> Self {
        Self(bounded(text, MAX))
    }

    /// A text that was bounded when it was stored.
    pub(super) fn stored(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

// Compiled once: inlined into each constructor of an event, it would make the worker larger.
#[inline(never)]
fn bounded(text: &str, max: usize) -> String {
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
