mod disconnect;
mod revoke_client;
mod revoke_scope;
mod scope;

pub use self::disconnect::Disconnect;
pub use self::revoke_client::RevokeClient;
pub use self::revoke_scope::RevokeScope;
