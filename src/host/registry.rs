//! Finds the machine of a class.

use super::wants::Perform;
use crate::domain::account::Account;
use crate::domain::connection::Connection;
use crate::domain::document::Document;
use crate::domain::event_log::EventLog;
use crate::domain::grant::Grant;
use crate::domain::identifier::Identifier;
use crate::domain::key_ring::KeyRing;
use crate::domain::machine::{Class, Machine, machines};
use crate::domain::registration::Registration;
use crate::domain::throttle::Throttle;

/// An operation on any machine.
pub trait Visit {
    /// The result of the operation.
    type Output;

    /// Performs the operation.
    fn visit<M: Machine<Wants: Perform>>(self) -> Self::Output;
}

macro_rules! declare_visit {
    ($($(#[$doc:meta])* $name:ident => $binding:literal,)*) => {
        /// Performs an operation on the machine of a class.
        pub fn visit<V: Visit>(class: Class, visitor: V) -> V::Output {
            match class {
                $(Class::$name => visitor.visit::<$name>(),)*
            }
        }
    };
}
machines!(declare_visit);
