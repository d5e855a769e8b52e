//! A password that a user has chosen.

use serde::{Deserialize, Serialize};

use crate::domain::entropy::{self, Entropy};
use crate::domain::password::{NewPassword, PasswordError, PasswordRecord};

/// A password for an account to store.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ChosenPassword {
    /// Already hashed, as workers of the previous release send it.
    Hashed(PasswordRecord),
    /// As the user chose it. This is a JSON object so that an account of the previous release refuses it: there, a
    /// missing value would mean no password, and a string would be taken for a hash.
    Plain {
        /// The password.
        plain: NewPassword,
    },
}

impl From<NewPassword> for ChosenPassword {
    fn from(plain: NewPassword) -> Self {
        Self::Plain { plain }
    }
}

impl ChosenPassword {
    /// Hashes the password, unless it is hashed already.
    ///
    /// # Errors
    /// [`PasswordError`] if memory is short.
    pub fn into_record(self, entropy: &dyn Entropy) -> Result<PasswordRecord, PasswordError> {
        match self {
            Self::Hashed(record) => Ok(record),
            Self::Plain { plain } => plain.hash(entropy::bytes(entropy)),
        }
    }
}
