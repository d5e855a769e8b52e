//! Sealed values: what leaves the server's hands and must come back unread and unchanged.
//!
//! XChaCha20-Poly1305 under keys derived from the deployment's secret with HKDF-SHA-256 (RFC 5869),
//! one key for each purpose, so that a value sealed for one use opens for no other.
//!
//! While the secret is being replaced, a deployment also has the previous one: it opens values sealed with either
//! and seals with the current one.

use base64ct::{Base64UrlUnpadded, Encoding};
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::Sha256;

/// Length of the nonce, in bytes: long enough to be drawn at random (XChaCha20).
pub const NONCE_LENGTH: usize = 24;
/// The shortest secret that is accepted, in characters.
pub const MIN_SECRET_LENGTH: usize = 32;

/// Why a value was not sealed or not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The deployment's secret is shorter than [`MIN_SECRET_LENGTH`].
    #[error("the secret must have at least 32 characters")]
    WeakSecret,
    /// Not sealed by this deployment for this purpose, or changed since.
    #[error("the value was not sealed here, or was changed")]
    Refused,
}

/// What a value is sealed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// Private signing keys at rest.
    SigningKey,
    /// A request that waits while a person signs in or consents.
    Interaction,
    /// The account and session that a form was made for.
    Form,
    /// A sign-in at an upstream provider, in a cookie of the browser that began it.
    UpstreamLogin,
    /// The answer of an upstream provider that came by POST, on its way to a GET.
    UpstreamAnswer,
    /// Where a sign-out leads once a provider has signed the person out too.
    AfterLogout,
    /// The tokens of an outside account, under a key of the account here that they belong to.
    Connection(&'a str),
}

impl Purpose<'_> {
    fn label(self) -> Vec<u8> {
        let label = match self {
            Self::SigningKey => "vestibule signing key v1",
            Self::Interaction => "vestibule interaction v1",
            Self::Form => "vestibule form v1",
            Self::UpstreamLogin => "vestibule upstream login v1",
            Self::UpstreamAnswer => "vestibule upstream answer v1",
            Self::AfterLogout => "vestibule after logout v1",
            Self::Connection(account) => {
                return format!("vestibule connection v1 {account}").into();
            }
        };
        label.into()
    }
}

/// The deployment's secrets, from which every sealing key is derived.
#[derive(Clone)]
pub struct Sealer {
    current: Hkdf<Sha256>,
    previous: Option<Hkdf<Sha256>>,
}

/// A value that was opened.
pub struct Opened {
    /// The value.
    pub plain: Vec<u8>,
    /// Whether it was sealed with the previous secret. Whoever stores it should seal it anew.
    pub is_outdated: bool,
}

impl Sealer {
    /// Takes the current secret.
    ///
    /// # Errors
    /// [`SealError::WeakSecret`].
    pub fn new(secret: &str) -> Result<Self, SealError> {
        Ok(Self { current: extract(secret)?, previous: None })
    }

    /// Adds the previous secret, which must differ from the current one: values sealed with it can be opened.
    ///
    /// # Errors
    /// [`SealError::WeakSecret`].
    pub fn with_previous(self, previous: &str) -> Result<Self, SealError> {
        Ok(Self { previous: Some(extract(previous)?), ..self })
    }

    /// Seals a value under a nonce drawn for it: base64url of the nonce and the sealed bytes.
    ///
    /// # Errors
    /// [`SealError::Refused`] for a value of a size that the cipher cannot take.
    pub fn seal(
        &self,
        purpose: Purpose<'_>,
        plain: &[u8],
        nonce: [u8; NONCE_LENGTH],
    ) -> Result<String, SealError> {
        let sealed = cipher(&self.current, purpose)?
            .encrypt(&XNonce::from(nonce), plain)
            .map_err(|_| SealError::Refused)?;
        Ok(Base64UrlUnpadded::encode_string(&[nonce.as_slice(), &sealed].concat()))
    }

    /// Opens what [`Sealer::seal`] made for the same purpose, with the current secret or the previous one.
    ///
    /// # Errors
    /// [`SealError::Refused`].
    pub fn open(&self, purpose: Purpose<'_>, value: &str) -> Result<Vec<u8>, SealError> {
        self.open_stored(purpose, value).map(|opened| opened.plain)
    }

    /// Opens a value that is stored, and says whether it must be sealed anew.
    ///
    /// # Errors
    /// [`SealError::Refused`].
    pub fn open_stored(&self, purpose: Purpose<'_>, value: &str) -> Result<Opened, SealError> {
        let bytes = Base64UrlUnpadded::decode_vec(value).map_err(|_| SealError::Refused)?;
        let (nonce, sealed) =
            bytes.split_first_chunk::<NONCE_LENGTH>().ok_or(SealError::Refused)?;
        let open = |secret| open_with(secret, purpose, *nonce, sealed);
        match (open(&self.current), &self.previous) {
            (Ok(plain), _) => Ok(Opened { plain, is_outdated: false }),
            (Err(_), Some(previous)) => Ok(Opened { plain: open(previous)?, is_outdated: true }),
            (Err(error), None) => Err(error),
        }
    }
}

/// Opens with one of the secrets. Not inlined, because the bundle would contain the cipher twice.
#[inline(never)]
fn open_with(
    secret: &Hkdf<Sha256>,
    purpose: Purpose<'_>,
    nonce: [u8; NONCE_LENGTH],
    sealed: &[u8],
) -> Result<Vec<u8>, SealError> {
    let opened = cipher(secret, purpose)?.decrypt(&XNonce::from(nonce), sealed);
    opened.map_err(|_| SealError::Refused)
}

/// The pseudorandom key of a secret (RFC 5869 §2.2).
fn extract(secret: &str) -> Result<Hkdf<Sha256>, SealError> {
    if secret.chars().count() < MIN_SECRET_LENGTH {
        return Err(SealError::WeakSecret);
    }
    Ok(Hkdf::new(None, secret.as_bytes()))
}

fn cipher(secret: &Hkdf<Sha256>, purpose: Purpose<'_>) -> Result<XChaCha20Poly1305, SealError> {
    let mut key = [0; 32];
    secret.expand(&purpose.label(), &mut key).map_err(|_| SealError::Refused)?;
    Ok(XChaCha20Poly1305::new(&key.into()))
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Sealer(..)")
    }
}
