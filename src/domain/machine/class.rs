//! The classes of objects: the one list of machines.

use serde::{Deserialize, Serialize};

/// Calls a macro with every machine: its name, which is also that of its class in `entry.js`, and the name of
/// its binding in `wrangler.toml`. A new machine is a line here, a class there and a binding with a migration;
/// `tests/native/registry.rs` fails if one of them is missing.
macro_rules! machines {
    ($then:ident) => {
        $then! {
            /// One authorization: from its code or device code to its whole refresh family.
            Grant => "GRANTS",
            /// The account of one user.
            Account => "ACCOUNTS",
            /// One e-mail address, or one identity at a provider.
            Identifier => "IDENTIFIERS",
            /// The signing keys.
            KeyRing => "KEY_RINGS",
            /// One client that was registered at run time.
            Registration => "REGISTRATIONS",
            /// One counter that limits guessing.
            Throttle => "THROTTLES",
            /// One document that another server publishes.
            Document => "DOCUMENTS",
            /// One outside account that a user has connected.
            Connection => "CONNECTIONS",
            /// The latest events of some accounts and clients.
            EventLog => "EVENT_LOGS",
        }
    };
}
pub(crate) use machines;

macro_rules! declare {
    ($($(#[$doc:meta])* $name:ident => $binding:literal,)*) => {
        /// A class of objects, which host one kind of machine.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Class {
            $($(#[$doc])* $name,)*
        }

        impl Class {
            /// Every class.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name of the class, here and in JavaScript.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)*
                }
            }

            /// The name of the binding through which objects of the class are reached.
            pub const fn binding(self) -> &'static str {
                match self {
                    $(Self::$name => $binding,)*
                }
            }
        }
    };
}
machines!(declare);

impl Class {
    /// The class with this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|class| class.name() == name)
    }
}
