//! Reads the session and the apps that the user has registered.

use serde::{Deserialize, Serialize};

use super::app::App;
use crate::domain::account::access::{SessionProof, SessionView};
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::SessionError;
use crate::domain::account::rows::{self, RowKind};
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Before, Command, RowKeys, Step, as_array};
use crate::domain::time::Timestamp;

/// Reads the apps of the user whose session the browser presents.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Apps(pub SessionProof);

/// The user and the apps.
#[derive(Clone, Debug)]
pub struct OwnApps {
    /// The session.
    pub session: SessionView,
    /// The `client_id` of each app.
    pub client_ids: Vec<String>,
}

as_array!(OwnApps { session, client_ids });

impl Command for Apps {
    const NAME: &'static str = "Apps";
    const REPLY: Option<&'static str> = Some("Apps");
    type Machine = Account;
    type Reply = OwnApps;
    type Error = SessionError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        vec![self.0.row(), RowKeys::All(App::PREFIX)]
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self(proof) = self;
        existing(before, |person, rows| {
            let session = person.view(proof.find(rows, now)?);
            let client_ids = rows::named::<App>(rows).map(|(id, _)| id.to_owned()).collect();
            Ok(Step::unchanged(Ok(OwnApps { session, client_ids })))
        })
    }
}
