//! Where a command is sent.

use serde::{Deserialize, Serialize};

use crate::tenant::ObjectName;

/// The address of an object: its ID or its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Address {
    /// The ID that the platform assigned: 64 hexadecimal digits.
    Id(String),
    /// A name. Within a tenant, the same name always leads to the same object of a class.
    Name(ObjectName),
}
