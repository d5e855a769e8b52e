//! A family of refresh tokens (RFC 6749 §6, RFC 9700 §4.14.2).
//!
//! A refresh token is a number and a secret. The secret has two halves: one that all tokens of the family share, of
//! which only a hash is stored, and a MAC over that half and the number, with a key that never leaves the object. So
//! the server can verify and reissue every token of the family, but neither an old token nor a copy of the storage is
//! enough to make one.

use serde::{Deserialize, Serialize};

use crate::domain::entropy::{self, Entropy};
use crate::domain::secret::{Secret, SecretHash};
use crate::domain::time::{Seconds, Timestamp};

/// The length of each half of a token's secret, in bytes.
const HALF: usize = 16;

/// The newest token, and the one before it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Family {
    key: Secret,
    half: SecretHash,
    newest: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used: Option<Used>,
    /// When the newest token expires unless it is used.
    pub idle_until: Timestamp,
}

/// The token before the newest.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Used {
    number: u32,
    /// When it was last accepted.
    at: Timestamp,
    /// When it was first used, which rotated it; `None` in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rotated_at: Option<Timestamp>,
    /// The hash of the network that it was used from; `None` in records of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    network: Option<SecretHash>,
}

/// How refresh tokens are rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshPolicy {
    /// Whether each use returns a new refresh token.
    pub rotate: bool,
    /// For how many seconds a used token gets the same successor again, with any scope and resource; 0 allows no second
    /// use.
    pub window: Seconds,
    /// For how many seconds after a rotation a used token still gets a new successor if the previous successor was
    /// never used, since the response may have been lost. Afterwards, a second use counts as a replay. 0 turns this
    /// off.
    #[serde(default)]
    pub lost_answer: Seconds,
    /// How long a token may stay unused.
    pub idle: Seconds,
    /// Lifetime of an access token.
    pub access_token: Seconds,
}

/// A token that a client presents.
#[derive(Clone, Copy, Debug)]
pub struct PresentedToken<'a> {
    /// Its number.
    pub number: u32,
    /// Its secret.
    pub secret: &'a Secret,
    /// The client's network: an IPv4 address, or the /64 of an IPv6 address.
    pub network: &'a str,
}

/// The result of using a token.
#[derive(Debug)]
pub enum Use {
    /// The family continues with this token.
    GoesOn(Family, (u32, Secret)),
    /// The family is unchanged. This is the successor that was issued before.
    Repeats((u32, Secret)),
    /// The token was never issued.
    Junk,
    /// The token was used before: the grant must end (RFC 9700 §4.14.2).
    Reused,
}

impl Used {
    fn rotated_at(&self) -> Timestamp {
        self.rotated_at.unwrap_or(self.at)
    }

    /// Whether the response to this use may have been lost: the request comes soon after the rotation, and from the
    /// same network. A thief who later finds the token of an idle client meets neither condition.
    fn answer_was_lost(&self, network: &str, window: Seconds, now: Timestamp) -> bool {
        let network = SecretHash::of_text(network);
        let is_same_network = self.network.is_none_or(|used_from| used_from.is(&network));
        now < self.rotated_at().plus(window) && is_same_network
    }
}

impl Family {
    /// A new family, with its first token.
    pub fn begin(idle_until: Timestamp, entropy: &dyn Entropy) -> (Self, (u32, Secret)) {
        Self::with_first_token(Secret::random(entropy), entropy::bytes(entropy), idle_until)
    }

    /// A new family whose first token can be derived again from the secret of its device code, but not from what is
    /// stored alone.
    pub fn begin_for(
        device_code: &Secret,
        idle_until: Timestamp,
        entropy: &dyn Entropy,
    ) -> (Self, (u32, Secret)) {
        let key = Secret::random(entropy);
        let half = half_from(device_code, &key);
        Self::with_first_token(key, half, idle_until)
    }

    fn with_first_token(
        key: Secret,
        half: [u8; HALF],
        idle_until: Timestamp,
    ) -> (Self, (u32, Secret)) {
        let family = Self { key, half: hash_of_half(half), newest: 1, used: None, idle_until };
        let token = (1, family.secret(half, 1));
        (family, token)
    }

    /// Derives the first token again from the device code's secret that was passed to [`Family::begin_for`].
    pub fn first_token(&self, device_code: &Secret) -> (u32, Secret) {
        (1, self.secret(half_from(device_code, &self.key), 1))
    }

    /// Whether this token is the newest, or is still accepted because the newest is unused.
    pub fn is_active(&self, number: u32, secret: &Secret, now: Timestamp) -> bool {
        let before = self.used.as_ref().map(|used| used.number);
        self.half_of(number, secret).is_some()
            && (number == self.newest || Some(number) == before)
            && now < self.idle_until
    }

    /// Whether the family ever issued this token.
    pub fn issued(&self, number: u32, secret: &Secret) -> bool {
        number <= self.newest && self.half_of(number, secret).is_some()
    }

    /// Uses a token. Consumes the family; the result contains what remains of it.
    pub fn refresh(
        mut self,
        token: &PresentedToken<'_>,
        policy: RefreshPolicy,
        now: Timestamp,
    ) -> Use {
        let Some(half) = self.half_of(token.number, token.secret) else {
            return Use::Junk;
        };
        if token.number > self.newest || self.idle_until <= now {
            return Use::Junk;
        }
        let idle_until = now.plus(policy.idle);
        let network = Some(SecretHash::of_text(token.network));
        let use_now = |number, rotated_at| Used { number, at: now, rotated_at, network };
        if token.number == self.newest {
            if policy.rotate {
                self.used = Some(use_now(self.newest, Some(now)));
                self.newest = self.newest.saturating_add(1);
            }
            return self.goes_on(half, idle_until);
        }
        match &self.used {
            Some(used) if used.number == token.number && policy.window > Seconds(0) => {
                // A client may refresh for several resources at once (RFC 8707 §2.2), or send a request twice.
                if now < used.at.plus(policy.window) {
                    return Use::Repeats((self.newest, self.secret(half, self.newest)));
                }
                // A thief may have used the token first and hold its unused successor.
                if !used.answer_was_lost(token.network, policy.lost_answer, now) {
                    return Use::Reused;
                }
                // The successor was never used, so it is replaced. The time still counts from the rotation, so
                // presenting the token repeatedly doesn't extend it.
                self.used = Some(use_now(used.number, Some(used.rotated_at())));
                self.newest = self.newest.saturating_add(1);
                self.goes_on(half, idle_until)
            }
            _ => Use::Reused,
        }
    }

    fn goes_on(mut self, half: [u8; HALF], idle_until: Timestamp) -> Use {
        self.idle_until = idle_until;
        let token = (self.newest, self.secret(half, self.newest));
        Use::GoesOn(self, token)
    }

    /// The shared half of a secret, if this family issued the secret.
    fn half_of(&self, number: u32, secret: &Secret) -> Option<[u8; HALF]> {
        let (half, _) = secret.as_bytes().split_first_chunk::<HALF>()?;
        let known = hash_of_half(*half).is(&self.half);
        let issued = self.secret(*half, number).hash().matches(secret);
        (known && issued).then_some(*half)
    }

    /// The secret of the token with this number.
    fn secret(&self, half: [u8; HALF], number: u32) -> Secret {
        let mut bytes = [0; 32];
        let mac = Secret::from_bytes(padded(half)).derive(&self.key, &number.to_be_bytes());
        let halves = half.iter().chain(mac.as_bytes());
        bytes.iter_mut().zip(halves).for_each(|(byte, value)| *byte = *value);
        Secret::from_bytes(bytes)
    }
}

/// The shared half of the tokens' secrets, derived from the device code's secret.
fn half_from(device_code: &Secret, key: &Secret) -> [u8; HALF] {
    let derived = device_code.derive(key, b"refresh token");
    derived.as_bytes().first_chunk().copied().unwrap_or_default()
}

fn hash_of_half(half: [u8; HALF]) -> SecretHash {
    Secret::from_bytes(padded(half)).hash()
}

fn padded(half: [u8; HALF]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(half).for_each(|(byte, value)| *byte = value);
    bytes
}
