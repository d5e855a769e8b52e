//! Tasks that wait for JavaScript: since when each waits, and how many may. Knows no platform, so that it
//! is tested natively (`tests/native/tasks.rs`).

use std::collections::BTreeMap;

/// How often abandoned tasks are looked for, in milliseconds.
const SWEEP_INTERVAL: i64 = 5_000;
/// How many sweeps a task that waits survives: it is abandoned when it has waited for more than a minute.
/// Whatever is waited for has a shorter bound of its own: an answer is held for 30 seconds, another server
/// is given 10. The runtime drops what it does for a caller who has gone and does not say so.
const SURVIVED: u64 = 12;

/// From so many waiting tasks on, or so many bytes in use, no answer is held any more. 5,000 devices that
/// wait, and their 25 MiB, fit below.
const MAX_TASKS_TO_HOLD: usize = 6_000;
const MAX_BYTES_TO_HOLD: usize = 32 * 1024 * 1024;
/// From so many on, a new request is refused. An isolate has 128 MiB, which the heap of JavaScript and the
/// 19 MiB of a password's hash share with this.
const MAX_TASKS: usize = 8_000;
const MAX_BYTES: usize = 48 * 1024 * 1024;

/// What an isolate can still take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// Everything.
    Normal,
    /// No answer that is to be held.
    High,
    /// No new request.
    Full,
}

impl Load {
    /// For so many waiting tasks, and so many bytes in use.
    pub fn of(tasks: usize, bytes: usize) -> Self {
        if tasks >= MAX_TASKS || bytes >= MAX_BYTES {
            Self::Full
        } else if tasks >= MAX_TASKS_TO_HOLD || bytes >= MAX_BYTES_TO_HOLD {
            Self::High
        } else {
            Self::Normal
        }
    }
}

/// The waiting tasks, by number, each with the count of sweeps when its wait began: to read the clock for
/// every wait would cost a call of JavaScript.
pub struct Tasks<W> {
    last: u32,
    sweeps: u64,
    swept_at: i64,
    waiting: BTreeMap<u32, (u64, W)>,
}

impl<W> Default for Tasks<W> {
    fn default() -> Self {
        Self::after(0)
    }
}

impl<W> Tasks<W> {
    /// No tasks, whose numbers go on after this one.
    pub fn after(last: u32) -> Self {
        Self { last, sweeps: 0, swept_at: 0, waiting: BTreeMap::new() }
    }

    /// A number that no waiting task has, and neither 0 nor the largest, which have meanings of their own (`answer.rs`).
    pub fn next_number(&mut self) -> u32 {
        loop {
            self.last = self.last.wrapping_add(1);
            if !matches!(self.last, 0 | u32::MAX) && !self.waiting.contains_key(&self.last) {
                return self.last;
            }
        }
    }

    /// Has a task wait, from now on.
    pub fn park(&mut self, number: u32, work: W) {
        self.waiting.insert(number, (self.sweeps, work));
    }

    /// Takes a task whose outcome has arrived; `None` if it was abandoned.
    pub fn take(&mut self, number: u32) -> Option<W> {
        self.waiting.remove(&number).map(|(_, work)| work)
    }

    /// Removes the tasks that were abandoned, and returns them to be dropped. Does nothing within five
    /// seconds of the last time. `now` is in milliseconds since 1970.
    pub fn sweep(&mut self, now: i64) -> Vec<W> {
        if (0..SWEEP_INTERVAL).contains(&now.saturating_sub(self.swept_at)) {
            return Vec::new();
        }
        self.swept_at = now;
        self.sweeps = self.sweeps.saturating_add(1);
        let survived = |since: u64| self.sweeps.saturating_sub(since) <= SURVIVED;
        let abandoned: Vec<u32> = self
            .waiting
            .iter()
            .filter(|(_, (since, _))| !survived(*since))
            .map(|(number, _)| *number)
            .collect();
        abandoned.into_iter().filter_map(|number| self.take(number)).collect()
    }

    /// How many tasks wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }
}
