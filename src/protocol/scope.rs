//! `scope` (RFC 6749 §3.3).

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Requests an ID token (OpenID Connect Core §3.1.2.1).
pub const OPENID: &str = "openid";
/// Requests the claims of the user's profile (OpenID Connect Core §5.4).
pub const PROFILE: &str = "profile";
/// Requests the email address (OpenID Connect Core §5.4).
pub const EMAIL: &str = "email";
/// Requests the postal address (OpenID Connect Core §5.4).
pub const ADDRESS: &str = "address";
/// Requests the telephone number (OpenID Connect Core §5.4).
pub const PHONE: &str = "phone";
/// Requests access while the user isn't present (OpenID Connect Core §11).
pub const OFFLINE_ACCESS: &str = "offline_access";

/// The scopes of OpenID Connect. A client may request them all unless it registered fewer.
pub const STANDARD: [&str; 6] = [OPENID, PROFILE, EMAIL, ADDRESS, PHONE, OFFLINE_ACCESS];

/// The prefix of scopes that give a client fresh tokens of an outside account. The provider's `id` follows.
pub const CONNECTION: &str = "connection:";

/// A malformed `scope` value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("scope must be at most 50 names of at most 200 characters, separated by one space")]
pub struct ScopeSyntax;

/// A set of scope values, in their original order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope(Vec<String>);

impl Scope {
    /// Parses the space-delimited value that a client sent. Its limits don't apply to stored scopes: the union of two
    /// consents may have more scopes than one request may have.
    ///
    /// # Errors
    /// [`ScopeSyntax`] for characters that RFC 6749 §3.3 doesn't allow, or more scopes than a request may
    /// have.
    pub fn parse(value: &str) -> Result<Self, ScopeSyntax> {
        let mut scope = Self::default();
        for token in value.split(' ').filter(|token| !token.is_empty()) {
            let valid = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
            if token.len() > 200 || scope.0.len() == 50 || !token.bytes().all(valid) {
                return Err(ScopeSyntax);
            }
            scope.insert(token);
        }
        Ok(scope)
    }

    /// The six scopes of OpenID Connect.
    pub fn standard() -> Self {
        Self(STANDARD.map(String::from).to_vec())
    }

    /// Adds a value, unless it is already there.
    pub fn insert(&mut self, token: &str) {
        if !self.contains(token) {
            self.0.push(token.to_owned());
        }
    }

    /// Removes the oldest values that aren't in `protected`, until at most `most` values or only protected ones are
    /// left.
    pub fn truncate_oldest(&mut self, most: usize, protected: &Self) {
        let mut excess = self.0.len().saturating_sub(most);
        self.0.retain(|token| {
            let goes = excess > 0 && !protected.contains(token);
            excess = excess.saturating_sub(usize::from(goes));
            !goes
        });
    }

    /// The number of values.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the set contains the value.
    pub fn contains(&self, token: &str) -> bool {
        self.0.iter().any(|held| held == token)
    }

    /// Whether the set contains every value of `other`.
    pub fn covers(&self, other: &Self) -> bool {
        other.iter().all(|token| self.contains(token))
    }

    /// The values that both sets contain.
    pub fn intersection(&self, other: &Self) -> Self {
        self.filter(|token| other.contains(token))
    }

    /// The values for which `keep` returns true.
    pub fn filter(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|token| keep(token)).cloned().collect())
    }

    /// The values, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether the set has no values.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0.join(" "))
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Deserializes the output of [`Serialize`], without the limits of [`Scope::parse`]. Never use it for input from a
/// client.
impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let tokens = stored.split(' ').filter(|token| !token.is_empty());
        Ok(Self(tokens.map(String::from).collect()))
    }
}
