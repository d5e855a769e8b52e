//! Why an account refuses a command. Each command has an error of its own; what many have in common is declared here.

use serde::{Deserialize, Serialize};

/// The error of a command of an account.
pub trait Refusal: std::error::Error {
    /// Whether the user is not signed in to the account, or no longer.
    fn is_signed_out(&self) -> bool;
}

/// Why a command is refused that every account accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum NoAccount {
    /// No such account.
    #[error("the account does not exist")]
    Unknown,
}

impl Refusal for NoAccount {
    fn is_signed_out(&self) -> bool {
        true
    }
}

/// Declares the error of a command that needs a session: what every such command can fail with, and its own variants.
/// They stand side by side, since that is the form in which errors are sent.
macro_rules! session_errors {
    ($(#[$meta:meta])* $name:ident { $($own:tt)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, thiserror::Error)]
        pub enum $name {
            /// No such account.
            #[error("the account does not exist")]
            Unknown,
            /// The session doesn't exist, or it has ended.
            #[error("the session does not exist or has ended")]
            NoSession,
            $($own)*
        }

        impl From<$crate::domain::account::NoAccount> for $name {
            fn from(_: $crate::domain::account::NoAccount) -> Self {
                Self::Unknown
            }
        }

        impl $crate::domain::account::Refusal for $name {
            fn is_signed_out(&self) -> bool {
                matches!(self, Self::Unknown | Self::NoSession)
            }
        }
    };
}
pub(super) use session_errors;

session_errors! {
    /// Why a command is refused that every session may give.
    SessionError {}
}

/// Has an error that [`session_errors`] declared also come of [`SessionError`].
macro_rules! from_session_error {
    ($($name:ident),+) => {
        $(impl From<$crate::domain::account::SessionError> for $name {
            fn from(error: $crate::domain::account::SessionError) -> Self {
                match error {
                    $crate::domain::account::SessionError::Unknown => Self::Unknown,
                    $crate::domain::account::SessionError::NoSession => Self::NoSession,
                }
            }
        })+
    };
}
pub(super) use from_session_error;
