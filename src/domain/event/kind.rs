//! The kinds of events, and which of them are kept.

use serde::{Deserialize, Serialize};

/// Declares the kinds, and whether the events of each are `kept` or only a `line` in the log.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident: $goes:ident,)*) => {
        /// What happened. In JSON, a name such as `signed_up`, which never changes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// Whether events of this kind are stored until a receiver has them, and kept there. Other events are only
            /// written to the log, once, after the commit; if the process dies in between, they are lost. The cost
            /// decides (`docs/costs.md`): rare events are kept, those of every login are not.
            pub const fn is_kept(self) -> bool {
                match self {
                    $(Self::$kind => kinds!(@ $goes),)*
                }
            }
        }
    };
    (@ kept) => { true };
    (@ line) => { false };
}

kinds! {
    /// A user signed in.
    SignInSucceeded: line,
    /// A sign-in failed, or a signed-in user typed a wrong password to confirm a change.
    SignInFailed: line,
    /// An account was created.
    SignedUp: kept,
    /// A user signed out, or the provider ended the session.
    SessionEnded: line,
    /// A user allowed a client something.
    ConsentGiven: kept,
    /// A user removed a client's access, or one scope of it.
    ConsentWithdrawn: kept,
    /// The token endpoint issued tokens.
    TokensIssued: line,
    /// The token endpoint refused a request.
    TokensRefused: line,
    /// A client revoked a token (RFC 7009).
    TokensRevoked: line,
    /// An authorization code was redeemed twice; its tokens were revoked (RFC 6749 §4.1.2).
    CodeReplayed: kept,
    /// A used refresh token was used again; its grant was revoked (RFC 9700 §4.14.2).
    RefreshTokenReplayed: kept,
    /// A user set or changed the password.
    PasswordChanged: kept,
    /// A user linked an identity at a provider.
    IdentityLinked: kept,
    /// A user unlinked an identity at a provider.
    IdentityUnlinked: kept,
    /// An account lost its unproven address, because another user proved that it is theirs.
    AddressLost: kept,
    /// An account was deleted.
    AccountErased: kept,
    /// A client registered, or a developer made an app.
    ClientRegistered: kept,
    /// A client's metadata or secrets changed.
    ClientChanged: kept,
    /// A client was deleted.
    ClientDeleted: kept,
    /// A user approved a device (RFC 8628 §3.3).
    DeviceApproved: line,
    /// A user denied a device.
    DeviceDenied: line,
}
