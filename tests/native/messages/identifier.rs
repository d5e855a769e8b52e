use serde::{Deserialize, Serialize};
use vestibule::domain::attempts::Blocked;
use vestibule::domain::identifier::{
    Claim, Confirm, Identifier, IdentifierError, LeadsTo, Lend, Read, Release, SignIn, SignInError,
    Unclaim, Wake,
};
use vestibule::domain::time::{Seconds, Timestamp};

use super::{Earlier, check_answer, check_command, check_stored_notice};

#[derive(Serialize, Deserialize)]
pub enum IdentifierCommand {
    Claim(String),
    Confirm(String),
    Lend(String, Timestamp),
    Release(String),
    Unclaim(String),
    Read,
    SignIn,
    Wake,
}

#[derive(Serialize, Deserialize)]
pub enum IdentifierReply {
    Done,
    Account(String),
    Nobody,
}

#[derive(Serialize, Deserialize)]
pub enum Error {
    Taken,
    Blocked(Blocked),
}

impl Earlier for Identifier {
    type Command = IdentifierCommand;
    type Reply = IdentifierReply;
    type Error = Error;
}

#[test]
fn the_commands_of_an_identifier_are_read_by_both_releases() {
    let account = || "ab".to_owned();
    let until = Timestamp(1_700_000_000_000);
    check_command(&Claim(account()), r#"{"Claim":"ab"}"#);
    check_command(&Confirm(account()), r#"{"Confirm":"ab"}"#);
    check_command(&Lend { account: account(), until }, r#"{"Lend":["ab",1700000000000]}"#);
    check_command(&Release(account()), r#"{"Release":"ab"}"#);
    check_command(&Unclaim(account()), r#"{"Unclaim":"ab"}"#);
    check_command(&Read, r#""Read""#);
    check_command(&SignIn, r#""SignIn""#);
    check_command(&Wake, r#""Wake""#);
}

#[test]
fn the_answers_of_an_identifier_are_read_by_both_releases() {
    let taken = IdentifierError::Taken;
    for (answer, earlier) in [(Ok(()), r#"{"Ok":"Done"}"#), (Err(taken), r#"{"Err":"Taken"}"#)] {
        check_answer::<Claim>(&answer, earlier);
        check_answer::<Confirm>(&answer, earlier);
        check_answer::<Lend>(&answer, earlier);
    }
    check_answer::<Release>(&Ok(()), r#"{"Ok":"Done"}"#);
    check_answer::<Unclaim>(&Ok(()), r#"{"Ok":"Done"}"#);
    check_answer::<Wake>(&Ok(()), r#"{"Ok":"Done"}"#);
    for (leads_to, earlier) in [
        (LeadsTo::Account("ab".into()), r#"{"Ok":{"Account":"ab"}}"#),
        (LeadsTo::Nobody, r#"{"Ok":"Nobody"}"#),
    ] {
        check_answer::<Read>(&Ok(leads_to.clone()), earlier);
        check_answer::<SignIn>(&Ok(leads_to), earlier);
    }
    let blocked = SignInError::Blocked(Blocked { retry_after: Seconds(4) });
    check_answer::<SignIn>(&Err(blocked), r#"{"Err":{"Blocked":{"retry_after":4}}}"#);
}

#[test]
fn a_stored_notice_to_an_identifier_is_read_by_both_releases() {
    check_stored_notice(
        &Confirm("ab".into()),
        r#"{"Send":{"class":"Identifier","to":{"Name":"n"},"command":{"Confirm":"ab"}}}"#,
    );
    check_stored_notice(
        &Release("ab".into()),
        r#"{"Send":{"class":"Identifier","to":{"Name":"n"},"command":{"Release":"ab"}}}"#,
    );
}
