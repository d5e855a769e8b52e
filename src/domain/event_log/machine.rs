//! The machine and its commands.

use serde_json::Value;

use super::batches::{Count, EventLog};
use super::latest::Latest;
use super::record::Record;
use crate::domain::machine::{Class, Machine, Nothing, commands};

impl Machine for EventLog {
    const CLASS: Class = Class::EventLog;
    type State = Count;
    /// A batch: the events that were sent together, in the order in which they happened, as an array of JSON objects.
    type Row = Value;
    type Wants = Nothing;

    commands![Record, Latest];
}
