//! Ends the sessions that began in a session at an upstream provider (OpenID Connect Back-Channel Logout §2.7).

use serde::{Deserialize, Serialize};

use super::grant::GrantRecord;
use super::session::Session;
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::NoAccount;
use crate::domain::account::rows::RowKind;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, RowKeys, Step};
use crate::domain::time::Timestamp;

/// Ends the sessions that match every member.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndUpstreamSessions {
    /// The provider's issuer.
    pub issuer: String,
    /// The user's `sub` at the provider; `None` matches every user.
    pub subject: Option<String>,
    /// The `sid` of the provider's session; `None` matches every session.
    pub sid: Option<String>,
    /// Only sessions that began before this moment end.
    pub begun_before: Timestamp,
}

impl Command for EndUpstreamSessions {
    const NAME: &'static str = "EndUpstreamSessions";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Account;
    type Reply = ();
    type Error = NoAccount;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        [Session::PREFIX, GrantRecord::PREFIX].map(RowKeys::All).to_vec()
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { issuer, subject, sid, begun_before } = self;
        let ends = |_, session: &Session| {
            let is_meant = session
                .origin
                .as_ref()
                .is_some_and(|origin| origin.is(&issuer, subject.as_deref(), sid.as_deref()));
            is_meant && session.started_at() < begun_before
        };
        existing(before, |person, rows| Ok(person.end_sessions(rows, now, ends).reply(Ok(()))))
    }
}
