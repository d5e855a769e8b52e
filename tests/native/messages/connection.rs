use serde::{Deserialize, Serialize};
use vestibule::domain::connection::{
    Broken, Connect, ConnectError, Connection, ConnectionWants, Disconnect, FreshToken, GiveBack,
    Parties, Read, ReadError, RefreshFailure, Refreshed, Reseal, SealedTokens, Standing, State,
    Token, TokenError, TooWide,
};
use vestibule::domain::machine::Effect;
use vestibule::domain::time::{Seconds, Timestamp};
use vestibule::protocol::scope::Scope;

use super::{Earlier, check_answer, check_command, check_stored, check_stored_notice};

#[derive(Serialize, Deserialize)]
pub enum ConnectionCommand {
    Connect(Parties, SealedTokens, Scope),
    GiveBack(Parties, SealedTokens),
    Token,
    Reseal { from: String, to: String },
    Refreshed(Result<SealedTokens, RefreshFailure>, u32),
    Read,
    Disconnect,
}

#[derive(Serialize, Deserialize)]
pub enum ConnectionReply {
    Done,
    Token(String, Option<Timestamp>, Scope),
    Standing(String, Scope, Option<Broken>),
}

#[derive(Serialize, Deserialize)]
pub enum ConnectionError {
    NotConnected,
    Broken(Broken),
    Pending,
    Unavailable,
}

impl Earlier for Connection {
    type Command = ConnectionCommand;
    type Reply = ConnectionReply;
    type Error = ConnectionError;
}

const PARTIES: &str = r#"{"account":"ab","provider":"p","subject":"s","label":"me"}"#;
const TOKENS: &str = r#"{"access_token":"a","refresh_token":"r","lifetime":3600,"scope":"read","connectable":"read"}"#;

fn parties() -> Parties {
    serde_json::from_str(PARTIES).unwrap()
}

fn tokens() -> SealedTokens {
    SealedTokens {
        access_token: "a".into(),
        refresh_token: Some("r".into()),
        lifetime: Some(Seconds(3600)),
        scope: Some(read()),
        connectable: read(),
    }
}

fn read() -> Scope {
    Scope::parse("read").unwrap()
}

#[test]
fn the_commands_of_a_connection_are_read_by_both_releases() {
    let connect = Connect { parties: parties(), tokens: tokens(), approved: read() };
    check_command(&connect, &format!(r#"{{"Connect":[{PARTIES},{TOKENS},"read"]}}"#));
    let give_back = GiveBack { parties: parties(), tokens: tokens() };
    check_command(&give_back, &format!(r#"{{"GiveBack":[{PARTIES},{TOKENS}]}}"#));
    check_command(&Token, r#""Token""#);
    let reseal = Reseal { from: "old".into(), to: "new".into() };
    check_command(&reseal, r#"{"Reseal":{"from":"old","to":"new"}}"#);
    let refreshed = Refreshed { tokens: Ok(tokens()), sent: 1 };
    check_command(&refreshed, &format!(r#"{{"Refreshed":[{{"Ok":{TOKENS}}},1]}}"#));
    let refused = Refreshed { tokens: Err(RefreshFailure::Refused), sent: 2 };
    check_command(&refused, r#"{"Refreshed":[{"Err":"Refused"},2]}"#);
    check_command(&Read, r#""Read""#);
    check_command(&Disconnect, r#""Disconnect""#);
}

#[test]
fn the_answers_of_a_connection_are_read_by_both_releases() {
    let done = r#"{"Ok":"Done"}"#;
    check_answer::<Connect>(&Ok(()), done);
    let wider = ConnectError::Broken(TooWide::Wider);
    check_answer::<Connect>(&Err(wider), r#"{"Err":{"Broken":"Wider"}}"#);
    check_answer::<GiveBack>(&Ok(()), done);
    check_answer::<Reseal>(&Ok(()), done);
    check_answer::<Refreshed>(&Ok(()), done);
    check_answer::<Disconnect>(&Ok(()), done);
    let standing = |broken| Ok(Standing { label: "me".into(), scope: read(), broken });
    check_answer::<Read>(&standing(None), r#"{"Ok":{"Standing":["me","read",null]}}"#);
    let broken = standing(Some(Broken::Refused));
    check_answer::<Read>(&broken, r#"{"Ok":{"Standing":["me","read","Refused"]}}"#);
    check_answer::<Read>(&Err(ReadError::NotConnected), r#"{"Err":"NotConnected"}"#);
}

#[test]
fn the_answers_to_who_asks_a_connection_for_a_token_are_read_by_both_releases() {
    for (expires_at, earlier) in [
        (Some(Timestamp(1_700_000_000_000)), r#"{"Ok":{"Token":["a",1700000000000,"read"]}}"#),
        (None, r#"{"Ok":{"Token":["a",null,"read"]}}"#),
    ] {
        let token = FreshToken { access_token: "a".into(), expires_at, scope: read() };
        check_answer::<Token>(&Ok(token), earlier);
    }
    for (error, earlier) in [
        (TokenError::NotConnected, r#"{"Err":"NotConnected"}"#),
        (TokenError::Broken(Broken::Refused), r#"{"Err":{"Broken":"Refused"}}"#),
        (TokenError::Broken(Broken::Lost), r#"{"Err":{"Broken":"Lost"}}"#),
        (TokenError::Broken(Broken::Expired), r#"{"Err":{"Broken":"Expired"}}"#),
        (TokenError::Broken(Broken::Wider), r#"{"Err":{"Broken":"Wider"}}"#),
        (TokenError::Broken(Broken::Unopenable), r#"{"Err":{"Broken":"Unopenable"}}"#),
        (TokenError::Pending, r#"{"Err":"Pending"}"#),
        (TokenError::Unavailable, r#"{"Err":"Unavailable"}"#),
    ] {
        check_answer::<Token>(&Err(error), earlier);
    }
}

#[test]
fn the_stored_effects_of_a_connection_are_read_by_both_releases() {
    check_stored_notice(
        &Disconnect,
        r#"{"Send":{"class":"Connection","to":{"Name":"n"},"command":"Disconnect"}}"#,
    );
    let refresh = ConnectionWants::RefreshConnection {
        account: "ab".into(),
        provider: "p".into(),
        refresh_token: "r".into(),
        sent: 1,
    };
    check_stored(
        &Effect::Own(refresh),
        r#"{"RefreshConnection":{"account":"ab","provider":"p","refresh_token":"r","sent":1}}"#,
    );
    let revoke = ConnectionWants::RevokeConnection {
        account: "ab".into(),
        provider: "p".into(),
        access_token: "a".into(),
        refresh_token: None,
    };
    check_stored(
        &Effect::Own(revoke),
        r#"{"RevokeConnection":{"account":"ab","provider":"p","access_token":"a","refresh_token":null}}"#,
    );
}

#[test]
fn the_stored_states_of_a_connection_are_read_by_both_releases() {
    let live = format!(
        r#"{{"parties":{PARTIES},"scope":"read","approved":"read","access_token":"a","refresh_token":"r","expires_at":1700000000000,"refresh_at":null,"unanswered":0,"not_before":null,"unopenable":false}}"#
    );
    for stored in [
        format!(r#"{{"Live":{live}}}"#),
        format!(r#"{{"Refreshing":{live}}}"#),
        format!(r#"{{"Broken":[{PARTIES},"read","Refused"]}}"#),
    ] {
        let state: State = serde_json::from_str(&stored).unwrap();
        assert_eq!(serde_json::to_string(&state).unwrap(), stored);
    }
}
