//! Opaque tokens: a short prefix for secret scanners, the address of the object that stores the token's hash, the
//! secret, and a checksum that rejects junk before any I/O.

use base64ct::{Base64UrlUnpadded, Encoding};

use super::secret::Secret;

/// The ID of an object: 32 bytes, written as 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectId(String);

impl ObjectId {
    /// Reads 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 64 && text.bytes().all(hex)).then(|| Self(text.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn to_bytes(&self) -> Vec<u8> {
        base16ct::lower::decode_vec(&self.0).unwrap_or_default()
    }

    fn from_bytes(bytes: &[u8; 32]) -> Self {
        Self(base16ct::lower::encode_string(bytes))
    }
}

impl std::fmt::Display for ObjectId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The kind of an opaque token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// An authorization code (RFC 6749 §1.3.1).
    AuthorizationCode,
    /// A refresh token (RFC 6749 §1.5).
    RefreshToken,
    /// A device code (RFC 8628 §3.2).
    DeviceCode,
    /// The session cookie.
    Session,
}

impl TokenKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "vac_",
            Self::RefreshToken => "vrt_",
            Self::DeviceCode => "vdc_",
            Self::Session => "vse_",
        }
    }
}

/// The parts of an opaque token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The object that stores the secret's hash.
    pub object: ObjectId,
    /// The generation of a refresh token, or the number of a session.
    pub number: u32,
    /// The secret.
    pub secret: Secret,
}

impl Token {
    /// The token as it is sent.
    pub fn encode(&self, kind: TokenKind) -> String {
        let mut bytes = self.object.to_bytes();
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes.extend_from_slice(self.secret.as_bytes());
        with_checksum(kind.prefix(), &bytes)
    }

    /// Reads a token of this kind; `None` if this server didn't issue it.
    pub fn decode(kind: TokenKind, value: &str) -> Option<Self> {
        let bytes = without_checksum(kind.prefix(), value)?;
        let (object, rest) = bytes.split_first_chunk::<32>()?;
        let (number, secret) = rest.split_first_chunk::<4>()?;
        Some(Self {
            object: ObjectId::from_bytes(object),
            number: u32::from_be_bytes(*number),
            secret: Secret::from_bytes(secret.try_into().ok()?),
        })
    }
}

/// A random value with a prefix and a checksum but without an address: a `client_id` or a client secret.
pub fn with_checksum(prefix: &str, bytes: &[u8]) -> String {
    let sum = crc32fast::hash(&[prefix.as_bytes(), bytes].concat());
    let body = [bytes, &sum.to_be_bytes()].concat();
    format!("{prefix}{}", Base64UrlUnpadded::encode_string(&body))
}

/// The bytes of a value that [`with_checksum`] made; `None` for any other value.
pub fn without_checksum(prefix: &str, value: &str) -> Option<Vec<u8>> {
    if value.len() > 200 {
        return None;
    }
    let mut bytes = Base64UrlUnpadded::decode_vec(value.strip_prefix(prefix)?).ok()?;
    let sum = bytes.split_off(bytes.len().checked_sub(4)?);
    let expected = crc32fast::hash(&[prefix.as_bytes(), &bytes].concat());
    (sum == expected.to_be_bytes()).then_some(bytes)
}
