//! The lengths of the periods in the life of a key.

use crate::domain::time::Seconds;

/// How long a key signs.
pub const SIGNS_FOR: Seconds = Seconds(30 * 24 * 60 * 60);
/// How long a key is published before it signs: longer than any cache lives.
pub const PUBLISHED_BEFORE: Seconds = Seconds(2 * 24 * 60 * 60);
/// How long a key is published after it last signed: longer than any token lives.
pub const PUBLISHED_AFTER: Seconds = Seconds(2 * 24 * 60 * 60);
/// The longest lifetime of a token (`ACCESS_TOKEN_LIFETIME`, `ID_TOKEN_LIFETIME`).
pub const TOKENS_LIVE: Seconds = Seconds(24 * 60 * 60);
/// How long the public half of a key is kept after it was published: longer than any session lives, so that an
/// app can end a session with any ID token of that session.
pub const RECOGNIZED_AFTER: Seconds = Seconds(400 * 24 * 60 * 60);
/// How long the previous sealed text of a private key is kept: longer than isolates with different secrets run side by
/// side.
pub const SUPERSEDED_FOR: Seconds = Seconds(24 * 60 * 60);
/// How long an isolate keeps the keys that it has read: far shorter than a key is published before it signs.
pub const CACHED_FOR: Seconds = Seconds(10 * 60);
