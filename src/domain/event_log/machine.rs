//! The machine and its commands.

use super::batches::{Batch, Count, EventLog};
use super::latest::Latest;
use super::record::Record;
use crate::domain::machine::{Class, Machine, Nothing, commands};

impl Machine for EventLog {
    const CLASS: Class = Class::EventLog;
    type State = Count;
    type Row = Batch;
    type Wants = Nothing;

    commands![Record, Latest];
}
