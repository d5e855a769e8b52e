//! Attacks on the server. Each test is named after what the attacker wants, and shows that it fails.
//! `SECURITY.md` maps attacks to rules and tests.

pub mod access;
mod accounts;
mod passwords;
mod providers;
mod redirects;
mod refresh;
