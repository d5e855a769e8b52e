//! Durable Objects as hosts of machines: what `object.js` calls, and their storage.

use async_trait::async_trait;
use wasm_bindgen::prelude::*;
use worker::Env;

use super::clock::now;
use super::outside::Edge;
use super::platform::{self, Host};
use super::random::Random;
use super::settings::settings;
use super::turns;
use vestibule::domain::entropy::Entropy;
use vestibule::domain::machine::{Class, Machine};
use vestibule::domain::stored::Unreadable;
use vestibule::domain::time::Timestamp;
use vestibule::host::{
    self, Changes, HostError, HostReply, NewState, Outside, Perform, Store, Visit,
};
use vestibule::ports::Unavailable;

/// The key of the state; every other key is that of a row.
const STATE: &str = "state";

/// Takes a command to the machine of a class; returns the reply, as JSON.
pub fn step(class: &str, host: &Host, command: &str) -> Result<String, JsError> {
    struct Step<'a>(&'a Host, &'a str);
    impl Visit for Step<'_> {
        type Output = Result<HostReply, HostError>;

        fn visit<M: Machine<Wants: Perform>>(self) -> Self::Output {
            host::step::<M>(self.0, self.1)
        }
    }
    let answer = host::visit(class_of(class)?, Step(host, command))?;
    if answer.owes {
        host.owe();
    }
    if answer.may_be_held {
        host.hold();
    }
    Ok(answer.reply)
}

/// The alarm has come.
pub fn wake(class: &str, host: &Host) -> Result<(), JsError> {
    struct Wake<'a>(&'a Host);
    impl Visit for Wake<'_> {
        type Output = Result<(), HostError>;

        fn visit<M: Machine<Wants: Perform>>(self) -> Self::Output {
            host::wake::<M>(self.0)
        }
    }
    Ok(host::visit(class_of(class)?, Wake(host))?)
}

/// Performs the effects that wait. Comes back with the number of the task that waits.
pub fn perform(class: &str, host: Host, env: Env) -> Result<u32, JsError> {
    struct Begin(Host, Env);
    impl Visit for Begin {
        type Output = Result<u32, JsError>;

        fn visit<M: Machine<Wants: Perform>>(self) -> Self::Output {
            let Self(host, env) = self;
            turns::begin(async move {
                let settings = settings(&env).map_err(|error| JsError::new(&error))?;
                let edge = Edge::new(env, settings);
                let (providers, sealer) = (&*edge.settings.providers, &edge.settings.sealer);
                let outside = Outside { ports: edge.ports(), providers, sealer };
                Ok(host::perform::<M>(&host, &outside).await?)
            })
        }
    }
    host::visit(class_of(class)?, Begin(host, env))
}

fn class_of(name: &str) -> Result<Class, JsError> {
    Class::of_name(name).ok_or_else(|| JsError::new("no such class of objects"))
}

#[async_trait(?Send)]
impl Store for Host {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "milliseconds since 1970 fit 53 bits"
    )]
    fn now(&self, at_least: Timestamp) -> Timestamp {
        Timestamp(self.now_at_least(at_least.0 as f64) as i64)
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "milliseconds since 1970 fit 53 bits"
    )]
    fn number(&self, at_least: i64) -> i64 {
        self.next_number(at_least as f64) as i64
    }

    fn clock(&self) -> Timestamp {
        now()
    }

    fn entropy(&self) -> &dyn Entropy {
        &Random
    }

    fn state(&self) -> Result<String, Unreadable> {
        self.load().map_err(|_| Unreadable::NotText)
    }

    fn row(&self, key: &str) -> Result<Option<String>, Unreadable> {
        self.read(key).map_err(|_| Unreadable::NotText)
    }

    fn rows(&self, prefix: &str) -> Result<Vec<(String, String)>, Unreadable> {
        let texts = self.list(prefix).map_err(|_| Unreadable::NotText)?;
        let mut texts = texts.iter().map(|text| text.as_string().unwrap_or_default());
        let pairs = std::iter::from_fn(|| texts.next().zip(texts.next()));
        Ok(pairs.filter(|(key, _)| key != STATE).collect())
    }

    fn commit(&self, changes: Changes) -> Result<(), Unavailable> {
        // The state crosses once, and no array is made where a step writes nothing else.
        let (state, is_written) = match changes.state {
            NewState::Unchanged => (None, false),
            NewState::Remembered(state) => (Some(state), false),
            NewState::Written(state) => (Some(state), true),
            NewState::Deleted => (Some(String::new()), true),
        };
        let rows = (!changes.rows.is_empty()).then(|| {
            let list = js_sys::Array::new();
            for (key, text) in &changes.rows {
                list.push(&key.into());
                list.push(&text.as_deref().map_or(JsValue::NULL, JsValue::from));
            }
            list
        });
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 fit 53 bits")]
        let alarm = changes.alarm.map(|Timestamp(at)| at as f64);
        self.change(state.as_deref(), is_written, rows, alarm).map_err(platform::unavailable)
    }

    fn has_alarm(&self) -> bool {
        self.alarm_is_set()
    }

    async fn erase(&self) -> Result<(), Unavailable> {
        platform::erase(self).await
    }

    fn id(&self) -> String {
        self.object_id()
    }

    fn log_event(&self, line: &str) {
        platform::log_event(line);
    }

    fn unreadable(&self, what: &str, why: Unreadable) -> String {
        self.report_unreadable(what, &why.to_string())
    }
}
