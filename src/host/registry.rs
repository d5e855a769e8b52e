//! From the class of an object to its machine.

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

/// Something that can be done with any machine.
pub trait Visit {
    /// What comes of it.
    type Output;

    /// Does it.
    fn visit<M: Machine<Wants: Perform>>(self) -> Self::Output;
}

macro_rules! declare_visit {
    ($($(#[$doc:meta])* $name:ident => $binding:literal,)*) => {
        /// Does something with the machine of a class.
        pub fn visit<V: Visit>(class: Class, visitor: V) -> V::Output {
            match class {
                $(Class::$name => visitor.visit::<$name>(),)*
            }
        }
    };
}
machines!(declare_visit);
