//! Sealed values: encrypted and authenticated values that leave the server and come back.
//!
//! XChaCha20-Poly1305 with keys derived from the deployment's secret by HKDF-SHA-256 (RFC 5869). Each purpose of each
//! tenant has its own key, so a value sealed for one can't be opened for another.
//!
//! While the secret is being replaced, a deployment also has the previous one: it opens values sealed with either
//! and seals with the current one.

use base64ct::{Base64UrlUnpadded, Encoding};
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use sha2::Sha256;

use crate::tenant::{Purpose, SealLabel, Tenant};

/// The length of the nonce in bytes: long enough for random nonces (XChaCha20).
pub const NONCE_LENGTH: usize = 24;
/// The shortest secret that is accepted, in characters.
pub const MIN_SECRET_LENGTH: usize = 32;

/// Why a value can't be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The deployment's secret is shorter than [`MIN_SECRET_LENGTH`].
    #[error("the secret must have at least 32 characters")]
    WeakSecret,
    /// This deployment didn't seal it for this purpose, or it was changed.
    #[error("the value was not sealed by this deployment for this purpose, or was changed")]
    Refused,
}

/// The deployment's secrets, from which every sealing key of a tenant is derived.
#[derive(Clone)]
pub struct Sealer {
    tenant: Tenant,
    current: Hkdf<Sha256>,
    previous: Option<Hkdf<Sha256>>,
}

/// An opened value.
pub struct Opened {
    /// The value.
    pub plain: Vec<u8>,
    /// Whether it was sealed with the previous secret. If it is stored, it should be sealed again.
    pub is_outdated: bool,
}

impl Sealer {
    /// A tenant's sealer with the current secret.
    ///
    /// # Errors
    /// [`SealError::WeakSecret`].
    pub fn new(tenant: &Tenant, secret: &str) -> Result<Self, SealError> {
        Ok(Self { tenant: tenant.clone(), current: extract(secret)?, previous: None })
    }

    /// Adds the previous secret, which must differ from the current one. Values sealed with it can then be opened.
    ///
    /// # Errors
    /// [`SealError::WeakSecret`].
    pub fn with_previous(self, previous: &str) -> Result<Self, SealError> {
        Ok(Self { previous: Some(extract(previous)?), ..self })
    }

    /// Seals a value with a random nonce. Returns the nonce and the ciphertext in base64url.
    ///
    /// # Errors
    /// [`SealError::Refused`] for a value that is too large for the cipher.
    pub fn seal(
        &self,
        purpose: Purpose<'_>,
        plain: &[u8],
        nonce: [u8; NONCE_LENGTH],
    ) -> Result<String, SealError> {
        let sealed = cipher(&self.current, &self.tenant.seal_label(purpose))?
            .encrypt(&XNonce::from(nonce), plain)
            .map_err(|_| SealError::Refused)?;
        Ok(Base64UrlUnpadded::encode_string(&[nonce.as_slice(), &sealed].concat()))
    }

    /// Opens a value that [`Sealer::seal`] sealed for the same purpose, with the current or the previous secret.
    ///
    /// # Errors
    /// [`SealError::Refused`].
    pub fn open(&self, purpose: Purpose<'_>, value: &str) -> Result<Vec<u8>, SealError> {
        self.open_stored(purpose, value).map(|opened| opened.plain)
    }

    /// Opens a stored value, and says whether it should be sealed again.
    ///
    /// # Errors
    /// [`SealError::Refused`].
    pub fn open_stored(&self, purpose: Purpose<'_>, value: &str) -> Result<Opened, SealError> {
        let bytes = Base64UrlUnpadded::decode_vec(value).map_err(|_| SealError::Refused)?;
        let (nonce, sealed) =
            bytes.split_first_chunk::<NONCE_LENGTH>().ok_or(SealError::Refused)?;
        let label = self.tenant.seal_label(purpose);
        let open = |secret| open_with(secret, &label, *nonce, sealed);
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
    label: &SealLabel,
    nonce: [u8; NONCE_LENGTH],
    sealed: &[u8],
) -> Result<Vec<u8>, SealError> {
    let opened = cipher(secret, label)?.decrypt(&XNonce::from(nonce), sealed);
    opened.map_err(|_| SealError::Refused)
}

/// The pseudorandom key of a secret (RFC 5869 §2.2).
fn extract(secret: &str) -> Result<Hkdf<Sha256>, SealError> {
    if secret.chars().count() < MIN_SECRET_LENGTH {
        return Err(SealError::WeakSecret);
    }
    Ok(Hkdf::new(None, secret.as_bytes()))
}

fn cipher(secret: &Hkdf<Sha256>, label: &SealLabel) -> Result<XChaCha20Poly1305, SealError> {
    let mut key = [0; 32];
    secret.expand(label.as_str().as_bytes(), &mut key).map_err(|_| SealError::Refused)?;
    Ok(XChaCha20Poly1305::new(&key.into()))
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Sealer(..)")
    }
}
