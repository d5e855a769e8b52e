//! The demo pages, in local development alone: an app that signs a person in, a television, and a
//! machine. They call the very endpoints that any client calls, in process, since a worker cannot
//! fetch itself.

pub mod app;
mod client;
pub mod home;
pub mod machine;
mod seed;
pub mod social;
pub mod television;
