//! Requests and responses in a form that doesn't depend on the platform.

mod request;
mod response;

pub use self::request::{
    Caller, ClientAddress, MAX_BODY, MAX_COOKIES, MAX_ORIGIN, MAX_TARGET, Method, Request, Text,
};
pub use self::response::{Cookie, Response};
