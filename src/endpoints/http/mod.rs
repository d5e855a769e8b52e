//! Requests and responses, as the endpoints see them.

mod request;
mod response;

pub use self::request::{
    Caller, ClientAddress, MAX_BODY, MAX_COOKIES, MAX_ORIGIN, MAX_TARGET, Method, Request, Text,
};
pub use self::response::{Cookie, Response};
