mod connect;
mod connected;
mod ending;
mod usable;

pub use self::connect::{Connect, ConnectError, MAX_CONNECTIONS};
pub use self::connected::{Connected, Disconnected, all, key_of};
pub use self::ending::{disconnection, end};
pub use self::usable::{Connections, UsableConnections};
