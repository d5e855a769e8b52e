//! The reasons for failures, as events name them.

/// Declares reasons with their names in JSON.
macro_rules! reasons {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $reason:ident => $text:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$doc])* $reason,)*
        }

        impl $name {
            /// Every reason.
            pub const ALL: &[Self] = &[$(Self::$reason),*];

            /// The name in an event, which never changes.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$reason => $text,)*
                }
            }
        }
    };
}

reasons! {
    /// Why a sign-in failed.
    SignInFailure {
        /// The password is wrong, or the account has none.
        WrongPassword => "wrong_password",
        /// No account has the address.
        UnknownAddress => "unknown_address",
        /// Too many wrong passwords for this account or address.
        Blocked => "blocked",
        /// Too many wrong passwords from this network.
        NetworkBlocked => "network_blocked",
        /// The provider's answer does not sign the user in.
        Provider => "provider",
    }
}

reasons! {
    /// Why a grant refuses tokens. If the token endpoint itself refuses, the reason is the error code (RFC 6749 §5.2).
    TokenRefusal {
        /// The grant doesn't exist or has ended.
        Ended => "ended",
        /// The secret is not one that was issued.
        WrongSecret => "wrong_secret",
        /// The grant belongs to another client.
        OtherClient => "other_client",
        /// `redirect_uri` is not that of the authorization request (RFC 6749 §4.1.3).
        RedirectUri => "redirect_uri",
        /// `code_verifier` is missing, wrong, or not expected (RFC 7636 §4.6).
        CodeVerifier => "code_verifier",
        /// The scope exceeds what was granted (RFC 6749 §6).
        Scope => "scope",
        /// The resource was not granted (RFC 8707 §2.2).
        Resource => "resource",
        /// The user denied the device (RFC 8628 §3.5).
        Denied => "denied",
        /// The device code has expired (RFC 8628 §3.5).
        Expired => "expired",
        /// The device code was redeemed before.
        Redeemed => "redeemed",
    }
}
