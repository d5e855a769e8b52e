use serde::{Deserialize, Serialize};
use vestibule::domain::document::{Document, DocumentWants, Fetched, Read, ReadError, Wake};
use vestibule::domain::http::{HttpError, HttpRequest, HttpResponse};
use vestibule::domain::machine::{Effect, message};

use super::{Earlier, check_answer, check_command, check_stored};

#[derive(Serialize, Deserialize)]
pub enum DocumentCommand {
    Read { url: String, outdated: bool },
    Fetched(Result<HttpResponse, HttpError>),
    Wake,
}

#[derive(Serialize, Deserialize)]
pub enum DocumentError {
    Pending,
    Unavailable(HttpError),
}

impl Earlier for Document {
    type Command = DocumentCommand;
    type Reply = String;
    type Error = DocumentError;
}

#[test]
fn the_commands_of_a_document_are_read_by_both_releases() {
    let read = Read { url: "https://p.test/keys".into(), outdated: true };
    check_command(&read, r#"{"Read":{"url":"https://p.test/keys","outdated":true}}"#);
    let answer = HttpResponse { status: 200, content_type: "text/plain".into(), body: "k".into() };
    check_command(
        &Fetched(Ok(answer)),
        r#"{"Fetched":{"Ok":{"status":200,"content_type":"text/plain","body":"k"}}}"#,
    );
    check_command(&Fetched(Err(HttpError::Timeout)), r#"{"Fetched":{"Err":"Timeout"}}"#);
    check_command(&Wake, r#""Wake""#);
}

#[test]
fn the_answers_of_a_document_are_read_by_both_releases() {
    check_answer::<Read>(&Ok("keys".into()), r#"{"Ok":"keys"}"#);
    check_answer::<Read>(&Err(ReadError::Pending), r#"{"Err":"Pending"}"#);
    let unavailable = ReadError::Unavailable(HttpError::Unreachable);
    check_answer::<Read>(&Err(unavailable), r#"{"Err":{"Unavailable":"Unreachable"}}"#);
    // An object gives these two commands to its own machine, so no other release reads their replies.
    assert_eq!(message::write_answer::<Fetched>(&Ok(())).unwrap(), r#"{"Ok":null}"#);
    assert_eq!(message::write_answer::<Wake>(&Ok(())).unwrap(), r#"{"Ok":null}"#);
}

#[test]
fn a_stored_fetch_is_read_by_both_releases() {
    check_stored(
        &Effect::Own(DocumentWants::Fetch(HttpRequest::get("https://p.test/keys"))),
        r#"{"Fetch":{"method":"Get","url":"https://p.test/keys","headers":[["accept","application/json"],["user-agent","vestibule"]],"body":null,"timeout":10}}"#,
    );
}
