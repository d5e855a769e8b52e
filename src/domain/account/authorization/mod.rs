mod authorize;
mod consent;
mod counts;
mod record;
mod request;
mod room;

pub use self::authorize::Authorize;
pub use self::consent::{
    Consent, MAX_CONSENTS, MAX_REMEMBERED_IN_ALL, MAX_REMEMBERED_RESOURCES, MAX_REMEMBERED_SCOPES,
    key_of,
};
pub use self::counts::{MAX_GRANTS, MAX_SESSIONS};
pub use self::record::RecordedGrant;
pub use self::request::{AuthorizeError, Authorized, ConsentGiven, RequestedAccess};
