mod address;
mod change_claims;
mod yield_address;

pub use self::address::{OwnAddress, ReadAddress};
pub use self::change_claims::ChangeClaims;
pub use self::yield_address::{YieldAddress, YieldAddressError};
