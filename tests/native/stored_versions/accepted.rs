//! What was issued before a deployment is accepted after it: refresh tokens, access tokens, device codes, sessions and
//! passwords.

use std::collections::BTreeMap;
use std::rc::Rc;

use vestibule::domain::account::Account;
use vestibule::domain::grant::Grant;
use vestibule::domain::machine::{Before, Command, Machine, Receive, stored_state};
use vestibule::domain::stored;

use super::folder::{self, File};
use crate::support::{START, SeededEntropy};

/// Has the machine decide a command, and returns why it refuses.
struct Decide<M: Machine>(Before<M>, Rc<SeededEntropy>);

impl<M: Machine> Receive<M> for Decide<M> {
    type Output = Option<String>;

    fn receive<C: Command<Machine = M>>(self, command: C) -> Option<String> {
        let step = command.decide(self.0, START, &*self.1);
        step.reply.err().map(|error| error.to_string())
    }
}

/// Takes a command to an object that stored the state and the rows; all are names of samples.
fn accepts<M: Machine>(file: &File, (state, rows): (&str, &[&str]), command: &str) {
    let row = |name: &&str| {
        let sample = &file["row"][*name];
        let row: M::Row = stored::read(&sample["row"].to_string()).unwrap();
        (sample["key"].as_str().unwrap().to_owned(), row)
    };
    let rows: BTreeMap<String, M::Row> = rows.iter().map(row).collect();
    let read = stored_state::read::<M>(&file["state"][state].to_string()).unwrap();
    let before = Before { state: read.map(|(state, _)| state), rows };
    let decide = Decide(before, SeededEntropy::new());
    let refusal = M::receive(&file["command"][command].to_string(), decide).unwrap();
    assert_eq!(refusal, None, "\"{command}\" in the state \"{state}\"");
}

#[test]
fn what_was_issued_before_a_deployment_is_accepted_after_it() {
    let files = folder::read("1");
    let (grant, account) = (&files["grant"], &files["account"]);
    accepts::<Grant>(grant, ("redeem", &[]), "refresh");
    accepts::<Grant>(grant, ("refresh", &[]), "refresh");
    accepts::<Grant>(grant, ("redeem", &[]), "inspect an access token");
    accepts::<Grant>(grant, ("approve", &[]), "poll");
    accepts::<Grant>(grant, ("poll an approved one", &[]), "poll");
    let session = ["create: Session 0"];
    accepts::<Account>(account, ("create", &session), "read the session");
    accepts::<Account>(account, ("create", &session), "sign in");
}
