//! The machine: its commands, its alarm and the outcomes of its effects.

use super::state::MAX_STALE;
use super::{Document, DocumentState, DocumentWants, Fetched, Read, Wake};
use crate::domain::http::{HttpError, HttpResponse};
use crate::domain::machine::{Class, Machine, NoRow, Receive, commands};
use crate::domain::time::Timestamp;

impl Machine for Document {
    const CLASS: Class = Class::Document;
    type State = DocumentState;
    type Row = NoRow;
    type Wants = DocumentWants;

    commands![Read, Fetched, Wake];

    fn wakes_at(held: &DocumentState) -> Option<Timestamp> {
        let fetched = held.text.as_ref().map(|(_, at)| *at);
        let failed = held.failed.map(|(_, at)| at);
        let latest = fetched.max(failed).max(held.trying_since)?;
        Some(latest.plus(MAX_STALE))
    }

    fn wake<R: Receive<Self>>(receiver: R) -> Option<R::Output> {
        Some(receiver.receive(Wake))
    }

    fn outcome<R: Receive<Self>>(
        answer: Result<HttpResponse, HttpError>,
        receiver: R,
    ) -> Option<R::Output> {
        Some(receiver.receive(Fetched(answer)))
    }
}
