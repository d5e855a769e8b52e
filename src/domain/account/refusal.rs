//! The errors of commands to an account. Each command has its own error type; this module has what they share.

use serde::{Deserialize, Serialize};

/// The error of a command of an account.
pub trait AccountError: std::error::Error + 'static {
    /// Whether the reason is that the user isn't signed in to the account.
    fn is_signed_out(&self) -> bool;
}

/// The error of a command that fails only if there is no account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum NoAccount {
    /// No such account.
    #[error("the account does not exist")]
    Unknown,
}

impl AccountError for NoAccount {
    fn is_signed_out(&self) -> bool {
        true
    }
}

/// Declares the error of a command that needs a session: the errors that all such commands share, and its own variants.
/// Both are variants of one enum, because errors are sent in that form.
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

        impl $crate::domain::account::AccountError for $name {
            fn is_signed_out(&self) -> bool {
                matches!(self, Self::Unknown | Self::NoSession)
            }
        }
    };
}
pub(super) use session_errors;

session_errors! {
    /// The error of a command that fails only if there is no account or no session.
    SessionError {}
}

/// Implements `From<SessionError>` for an error that [`session_errors`] declared.
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
