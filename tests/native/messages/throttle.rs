use serde::{Deserialize, Serialize};
use vestibule::domain::throttle::{Exhausted, GiveBack, Guess, Keep, Limit, Spend, Throttle, Wake};
use vestibule::domain::time::Seconds;

use super::{Earlier, check_answer, check_command};

#[derive(Serialize, Deserialize)]
pub enum ThrottleCommand {
    Spend(Limit),
    Guess(Limit),
    GiveBack(Limit),
    Keep(Limit),
    Wake,
}

impl Earlier for Throttle {
    type Command = ThrottleCommand;
    type Reply = ();
    type Error = Exhausted;
}

const LIMIT: Limit = Limit { tries: 5, per: Seconds(3600), guesses: None };

#[test]
fn the_commands_of_a_throttle_are_read_by_both_releases() {
    let limit = Limit { guesses: Some(30), ..LIMIT };
    check_command(&Spend(LIMIT), r#"{"Spend":{"tries":5,"per":3600}}"#);
    check_command(&Guess(limit), r#"{"Guess":{"tries":5,"per":3600,"guesses":30}}"#);
    check_command(&GiveBack(limit), r#"{"GiveBack":{"tries":5,"per":3600,"guesses":30}}"#);
    check_command(&Keep(limit), r#"{"Keep":{"tries":5,"per":3600,"guesses":30}}"#);
    check_command(&Wake, r#""Wake""#);
}

#[test]
fn the_answers_of_a_throttle_are_read_by_both_releases() {
    let exhausted = Exhausted { retry_after: Seconds(720) };
    for (answer, earlier) in
        [(Ok(()), r#"{"Ok":null}"#), (Err(exhausted), r#"{"Err":{"retry_after":720}}"#)]
    {
        check_answer::<Spend>(&answer, earlier);
        check_answer::<Guess>(&answer, earlier);
    }
    check_answer::<GiveBack>(&Ok(()), r#"{"Ok":null}"#);
    check_answer::<Keep>(&Ok(()), r#"{"Ok":null}"#);
    check_answer::<Wake>(&Ok(()), r#"{"Ok":null}"#);
}
