//! Where a command is sent.

use serde::{Deserialize, Serialize};

/// Which object: by the identifier it was given at birth, or by a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Address {
    /// 64 hexadecimal digits.
    Id(String),
    /// Any name; the object with that name is always the same one.
    Name(String),
}
