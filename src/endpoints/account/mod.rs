//! The account page and its forms, one file for each subject.

pub mod access;
pub mod confirm;
pub mod connections;
pub mod credentials;
pub mod identities;
mod lines;
mod overview;
mod page;
pub mod profile;

pub use self::page::show;

pub(super) use self::page::{redraw, refused};
