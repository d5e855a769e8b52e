//! What values are sealed for. Each purpose of each tenant has its own key (`jose/seal.rs`).

use std::borrow::Cow;

use super::one::Tenant;

/// The purpose of a sealed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// Stored private signing keys.
    SigningKey,
    /// A request that waits while a user signs in or consents.
    Interaction,
    /// The account and session that a form was made for.
    Form,
    /// A sign-in at an upstream provider, in a cookie of the browser in which it began.
    UpstreamLogin,
    /// A response of an upstream provider that arrived by POST and continues as a GET.
    UpstreamAnswer,
    /// Where a sign-out leads after the provider has signed the user out too.
    AfterLogout,
    /// The tokens of a connected account, with a key of the account here to which they belong.
    Connection(&'a str),
}

/// The text from which a sealing key is derived (`info`, RFC 5869 §2.3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SealLabel(Cow<'static, str>);

impl SealLabel {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tenant {
    /// The label of this tenant's sealing key for a purpose.
    pub fn seal_label(&self, purpose: Purpose<'_>) -> SealLabel {
        let label = match purpose {
            Purpose::SigningKey => "vestibule signing key v1",
            Purpose::Interaction => "vestibule interaction v1",
            Purpose::Form => "vestibule form v1",
            Purpose::UpstreamLogin => "vestibule upstream login v1",
            Purpose::UpstreamAnswer => "vestibule upstream answer v1",
            Purpose::AfterLogout => "vestibule after logout v1",
            Purpose::Connection(account) => {
                return SealLabel(self.own(format!("vestibule connection v1 {account}")));
            }
        };
        SealLabel(self.own(label))
    }
}
