//! Attacks on the server, each test named by what the attacker wants. `SECURITY.md` maps attack, rule and
//! test.

mod access;
mod accounts;
mod passwords;
mod providers;
mod redirects;
mod refresh;
