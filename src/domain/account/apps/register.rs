//! The user registers an app. One step adds the app to the account's list and stores the effect that writes its
//! registration. The effect is repeated until it succeeds.

use super::app::{self, App, MAX_APPS};
use crate::domain::account::access::SessionProof;
use crate::domain::account::existing::existing;
use crate::domain::account::person::{Account, Person};
use crate::domain::account::refusal::{from_session_error, session_errors};
use crate::domain::account::rows::{self, InRow, RowKind, Rows};
use crate::domain::client::Client;
use crate::domain::entropy::Entropy;
use crate::domain::machine::{Address, Before, Change, Command, Effect, RowKeys, Step, as_array};
use crate::domain::registration::Write;
use crate::domain::time::Timestamp;
use crate::tenant::ObjectName;

/// Registers an app.
#[derive(Clone, Debug)]
pub struct RegisterApp {
    /// The session that the browser presents.
    pub session: SessionProof,
    /// The app.
    pub client: Client,
}

as_array!(RegisterApp { session, client });

session_errors! {
    /// Why the app is not registered.
    RegisterAppError {
        /// The account has [`MAX_APPS`] already.
        #[error("at most {MAX_APPS} apps can be registered")]
        TooManyApps,
    }
}
from_session_error!(RegisterAppError);

impl Command for RegisterApp {
    const NAME: &'static str = "RegisterApp";
    const REPLY: Option<&'static str> = Some("Done");
    type Machine = Account;
    type Reply = ();
    type Error = RegisterAppError;

    fn rows(&self, _: Option<&Person>, _: Timestamp) -> Vec<RowKeys> {
        vec![self.session.row(), RowKeys::All(App::PREFIX)]
    }

    fn decide(self, before: Before<Account>, now: Timestamp, _: &dyn Entropy) -> Step<Self> {
        let Self { session, client } = self;
        existing(before, |_, rows| {
            session.find(rows, now)?;
            let change = listed(&client.client_id, rows, now)?;
            let address = Address::Name(ObjectName::client(&client.client_id));
            let write = Effect::send(address, &Write(Box::new(client)));
            Ok(change.wants(write).reply(Ok(())))
        })
    }
}

/// Adds an app to the list.
///
/// # Errors
/// [`RegisterAppError::TooManyApps`].
pub fn listed(
    client_id: &str,
    rows: &Rows,
    now: Timestamp,
) -> Result<Change<Account>, RegisterAppError> {
    if rows::count::<App>(rows) >= MAX_APPS {
        return Err(RegisterAppError::TooManyApps);
    }
    Ok(Change::none().put(app::key_of(client_id), App(now).into_row()))
}
