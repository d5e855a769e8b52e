//! The names of Durable Objects.

use std::borrow::Cow;
use std::fmt::Display;

use serde::{Deserialize, Serialize};

use super::one::Tenant;

/// The name of an object within its tenant. Machines and their messages carry this, so none can address an object of
/// another tenant; [`Tenant::object`] completes it where a command leaves the server. It is stored as its text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectName(String);

impl ObjectName {
    /// The `Identifier` of an e-mail address. The case is ignored: users type their address in either case, and no
    /// current provider has two mailboxes that differ only in case.
    pub fn email(email: &str) -> Self {
        Self(format!("email:{}", email.trim().to_lowercase()))
    }

    /// The `Identifier` of a user at a provider. An issuer has no fragment (OpenID Connect Discovery §3), so issuer and
    /// subject can't run into each other.
    pub fn identity(issuer: &str, subject: &str) -> Self {
        Self(format!("upstream:{issuer}#{subject}"))
    }

    /// The `Identifier` of a session at a provider. It finds the account for a logout token that has only a `sid`.
    pub fn upstream_session(issuer: &str, sid: &str) -> Self {
        Self(format!("upstream-session:{issuer}#{sid}"))
    }

    /// The `Registration` of a client.
    pub fn client(client_id: &str) -> Self {
        Self(client_id.to_owned())
    }

    /// The `Grant` of a device authorization request, by its user code without hyphens.
    pub fn user_code(code: &str) -> Self {
        Self(code.to_owned())
    }

    /// The `Document` with this URL.
    pub fn document(url: &str) -> Self {
        Self(url.to_owned())
    }

    /// The `Connection` of an account.
    pub fn connection(account: &str, id: impl Display) -> Self {
        Self(format!("{account}/{id}"))
    }

    /// The `EventLog` with this number.
    pub fn event_log(shard: u32) -> Self {
        Self(format!("events/{shard}"))
    }

    /// The `KeyRing`.
    pub fn key_ring() -> Self {
        Self("keys".to_owned())
    }

    /// The `Throttle` that counts these tries.
    pub fn throttle(tries: Tries<'_>) -> Self {
        Self(match tries {
            Tries::SignIn(network) => format!("sign-in/{network}"),
            Tries::SignUp(network) => format!("sign-up/{network}"),
            Tries::Registration(network) => format!("register/{network}"),
            Tries::DeviceCode(network) => format!("device/{network}"),
            Tries::UserCode(network) => format!("user-code/{network}"),
            Tries::UserCodeOfAccount(account) => format!("user-code/account/{account}"),
        })
    }

    /// The text, as it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a throttle counts, and for whom: a network, or an account by its ID.
#[derive(Clone, Copy, Debug)]
pub enum Tries<'a> {
    /// Passwords from a network.
    SignIn(&'a str),
    /// Accounts that a network creates.
    SignUp(&'a str),
    /// Clients that a network registers.
    Registration(&'a str),
    /// Device codes that a network requests.
    DeviceCode(&'a str),
    /// Wrong user codes from a network.
    UserCode(&'a str),
    /// Wrong user codes of an account.
    UserCodeOfAccount(&'a str),
}

/// The name of a tenant's object as the platform knows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectKey<'n>(Cow<'n, str>);

impl ObjectKey<'_> {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tenant {
    /// The name of this tenant's object.
    pub fn object<'n>(&self, name: &'n ObjectName) -> ObjectKey<'n> {
        ObjectKey(self.own(name.as_str()))
    }
}
