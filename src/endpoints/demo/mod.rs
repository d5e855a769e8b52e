//! The demo, in local development only: an app, a television and a service. They call the same endpoints as any client,
//! but in process, because a worker can't fetch itself.

pub mod app;
mod client;
pub mod home;
pub mod machine;
mod seed;
pub mod social;
pub mod television;
