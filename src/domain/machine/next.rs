//! What becomes of an object's state after a step.

/// What becomes of an object's state after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<S> {
    /// The state stays as it is.
    Unchanged,
    /// The state changes in memory only. Losing the change with the memory does no harm.
    Remembered(S),
    /// The state changes in memory only, but its alarm is set durably: it fires even if the memory was lost.
    Awaited(S),
    /// The state changes, and is written before the command is answered.
    Written(S),
    /// The object deletes its state and all rows.
    Forgotten,
}

impl<S> Next<S> {
    /// The same with the state converted.
    ///
    /// # Errors
    /// Any error of `map`.
    pub fn try_map<T, E>(self, map: impl FnOnce(S) -> Result<T, E>) -> Result<Next<T>, E> {
        Ok(match self {
            Self::Unchanged => Next::Unchanged,
            Self::Remembered(state) => Next::Remembered(map(state)?),
            Self::Awaited(state) => Next::Awaited(map(state)?),
            Self::Written(state) => Next::Written(map(state)?),
            Self::Forgotten => Next::Forgotten,
        })
    }
}
