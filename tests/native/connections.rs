//! Outside accounts and their tokens (mode 5): parallel requests, rotation and lost responses, in pure code.

use std::collections::BTreeMap;

use proptest::prelude::*;
use vestibule::domain::connection::{
    Broken, Connect, Connection, ConnectionWants, Parties, RefreshFailure, Refreshed, SealedTokens,
    State, Token, TokenError,
};
use vestibule::domain::machine::{Before, Command, Effect, Next};
use vestibule::domain::time::{Seconds, Timestamp};
use vestibule::protocol::scope::Scope;

use crate::support::{START, SeededEntropy};

/// A connection, a provider that rotates refresh tokens and accepts each once, and the requests under way.
struct World {
    state: Option<State>,
    now: Timestamp,
    on_the_way: Option<(String, u32)>,
    /// The only refresh token that the provider accepts.
    newest: u32,
    refreshes: u32,
}

impl World {
    fn new(lifetime: u32) -> Self {
        let mut world = Self { state: None, now: START, on_the_way: None, newest: 1, refreshes: 0 };
        let parties = Parties {
            account: "a".into(),
            provider: "p".into(),
            subject: "s".into(),
            label: "me".into(),
        };
        let (tokens, approved) = (tokens(1, lifetime), Scope::default());
        world.send(Connect { parties, tokens, approved }).unwrap();
        world
    }

    fn send<C: Command<Machine = Connection>>(&mut self, command: C) -> Result<C::Reply, C::Error> {
        let before = Before { state: self.state.clone(), rows: BTreeMap::new() };
        let step = command.decide(before, self.now, &*SeededEntropy::new());
        match step.change.next {
            Next::Written(state) | Next::Remembered(state) | Next::Awaited(state) => {
                self.state = Some(state)
            }
            Next::Forgotten => self.state = None,
            Next::Unchanged => {}
        }
        for effect in step.change.effects {
            if let Effect::Own(ConnectionWants::RefreshConnection { refresh_token, sent, .. }) =
                effect
            {
                assert!(self.on_the_way.is_none(), "two refreshes at once");
                self.on_the_way = Some((refresh_token, sent));
            }
        }
        step.reply
    }

    /// The provider accepts the request under way. Its response arrives, or is lost with the process, which then
    /// repeats the request.
    fn answer(&mut self, lost: bool, lifetime: u32) {
        let Some((token, sent)) = self.on_the_way.take() else { return };
        let sent = sent + 1;
        let taken = token == format!("r{}", self.newest);
        if taken {
            self.newest += 1;
            self.refreshes += 1;
        }
        if lost {
            self.on_the_way = Some((token, sent));
            return;
        }
        let tokens =
            if taken { Ok(tokens(self.newest, lifetime)) } else { Err(RefreshFailure::Refused) };
        self.send(Refreshed { tokens, sent }).unwrap();
    }
}

fn tokens(number: u32, lifetime: u32) -> SealedTokens {
    SealedTokens {
        access_token: format!("a{number}"),
        refresh_token: Some(format!("r{number}")),
        lifetime: Some(Seconds(lifetime)),
        scope: None,
        connectable: Scope::default(),
    }
}

#[test]
fn however_many_ask_the_provider_is_asked_once() {
    let mut world = World::new(100);
    world.now = world.now.plus(Seconds(95));
    for _ in 0..50 {
        assert_eq!(world.send(Token), Err(TokenError::Pending));
    }
    world.answer(false, 100);
    assert_eq!(world.refreshes, 1);
    assert!(world.send(Token).is_ok());
}

#[test]
fn a_refusal_after_a_lost_response_differs_from_removed_access() {
    for (lost, why) in [(true, Broken::Lost), (false, Broken::Refused)] {
        let mut world = World::new(100);
        world.now = world.now.plus(Seconds(95));
        world.send(Token).unwrap_err();
        if lost {
            world.answer(true, 100);
        } else {
            world.newest = 99;
        }
        world.answer(false, 100);
        assert_eq!(world.send(Token), Err(why.into()));
    }
}

#[test]
fn a_provider_that_does_not_respond_is_not_asked_again_at_once() {
    let mut world = World::new(100);
    world.now = world.now.plus(Seconds(100));
    world.send(Token).unwrap_err();
    world.on_the_way = None;
    let unanswered = Refreshed { tokens: Err(RefreshFailure::Unanswered), sent: 1 };
    world.send(unanswered).unwrap();
    assert_eq!(world.send(Token), Err(TokenError::Unavailable));
    assert!(world.on_the_way.is_none());
    world.now = world.now.plus(Seconds(6));
    assert_eq!(world.send(Token), Err(TokenError::Pending));
    assert_eq!(world.on_the_way, Some(("r1".into(), 1)), "it was sent before, and nobody knows");
}

#[test]
fn a_new_connection_keeps_the_refresh_token_of_the_same_account_there() {
    let mut world = World::new(100);
    let parties = |subject: &str| Parties {
        account: "a".into(),
        provider: "p".into(),
        subject: subject.into(),
        label: "me".into(),
    };
    let bare = || SealedTokens { refresh_token: None, ..tokens(7, 100) };
    let connect =
        |subject| Connect { parties: parties(subject), tokens: bare(), approved: Scope::default() };
    world.send(connect("s")).unwrap();
    world.now = world.now.plus(Seconds(99));
    world.send(Token).unwrap_err();
    assert_eq!(world.on_the_way, Some(("r1".into(), 0)));
    world.on_the_way = None;
    world.send(connect("another")).unwrap();
    world.now = world.now.plus(Seconds(101));
    assert_eq!(world.send(Token), Err(Broken::Expired.into()));
}

#[test]
fn a_refresh_token_for_more_than_is_approved_now_is_not_kept() {
    // If the provider issues no new refresh token, refreshing with the old one would give the wider scopes.
    for (approved, goes_on) in [("read", false), ("read post", true), ("read post more", true)] {
        let mut world = World::new(100);
        let connect = |approved: &str, refresh_token: Option<&str>| {
            let parties = Parties {
                account: "a".into(),
                provider: "p".into(),
                subject: "s".into(),
                label: "me".into(),
            };
            let refresh_token = refresh_token.map(String::from);
            let tokens = SealedTokens { refresh_token, ..tokens(1, 100) };
            Connect { parties, tokens, approved: Scope::parse(approved).unwrap() }
        };
        world.send(connect("post read", Some("wide"))).unwrap();
        world.send(connect(approved, None)).unwrap();
        world.now = world.now.plus(Seconds(99));
        world.send(Token).ok();
        let sent = world.on_the_way.map(|(token, _)| token);
        assert_eq!(sent.as_deref(), goes_on.then_some("wide"), "{approved}");
    }
}

#[derive(Clone, Debug)]
enum Event {
    Ask,
    Answer { lost: bool },
    Wait(u32),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Ask),
        3 => Just(Event::Answer { lost: false }),
        1 => Just(Event::Answer { lost: true }),
        2 => (1_u32..200).prop_map(Event::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// No token is returned after it has expired, no two refreshes are under way at once, and a connection whose
    /// responses all arrive never breaks.
    #[test]
    fn any_history_of_a_connection_keeps_its_promises(
        lifetime in 20_u32..200,
        events in proptest::collection::vec(event(), 1..60),
    ) {
        let mut world = World::new(lifetime);
        let mut lost_one = false;
        for event in events {
            match event {
                Event::Wait(seconds) => world.now = world.now.plus(Seconds(seconds)),
                Event::Answer { lost } => {
                    lost_one |= lost && world.on_the_way.is_some();
                    world.answer(lost, lifetime);
                }
                Event::Ask => match world.send(Token) {
                    Ok(token) => {
                        prop_assert!(world.now < token.expires_at.unwrap());
                    }
                    Err(TokenError::Broken(why)) => {
                        prop_assert!(lost_one && why == Broken::Lost);
                    }
                    Err(TokenError::Pending) => prop_assert!(world.on_the_way.is_some()),
                    other => prop_assert!(false, "{other:?}"),
                },
            }
        }
    }
}
