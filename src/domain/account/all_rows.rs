//! The rows of every part of an account.

use super::access::{GrantRecord, Session};
use super::apps::App;
use super::authorization::Consent;
use super::connections::Connected;
use super::identities::LinkedIdentity;
use super::rows::RowKind;
use crate::domain::machine::RowKeys;

/// Every row, for commands that concern the whole account.
pub fn all_rows() -> Vec<RowKeys> {
    [
        Session::PREFIX,
        Consent::PREFIX,
        GrantRecord::PREFIX,
        LinkedIdentity::PREFIX,
        Connected::PREFIX,
        App::PREFIX,
    ]
    .map(RowKeys::All)
    .to_vec()
}
