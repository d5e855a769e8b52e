//! What becomes of the state.

/// What becomes of the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next<S> {
    /// It stays as it was found.
    Unchanged,
    /// It changes in memory; losing the change with the memory does no harm.
    Remembered(S),
    /// It changes in memory, and its alarm is set: the alarm comes although the memory was lost.
    Awaited(S),
    /// It changes, and is written before anyone is answered.
    Written(S),
    /// The object forgets everything.
    Forgotten,
}

impl<S> Next<S> {
    /// The same with another form of the state.
    ///
    /// # Errors
    /// Whatever the function fails with.
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
