//! The row of an app that the user has registered.

use serde::{Deserialize, Serialize};

use crate::domain::account::rows::RowKind;
use crate::domain::time::Timestamp;

/// How many apps one user may register.
pub const MAX_APPS: u32 = 50;

/// When the user registered the app.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct App(pub Timestamp);

impl RowKind for App {
    const PREFIX: &'static str = "app/";

    fn since(&self) -> Timestamp {
        self.0
    }
}

/// The key of an app.
pub fn key_of(client_id: &str) -> String {
    format!("{}{client_id}", App::PREFIX)
}
