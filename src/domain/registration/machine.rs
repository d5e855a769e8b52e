//! The machine: its commands.

use super::{Delete, Read, Record, Registration, RegistrationWants, Write};
use crate::domain::machine::{Class, Machine, NoRow, commands};

impl Machine for Registration {
    const CLASS: Class = Class::Registration;
    type State = Record;
    type Row = NoRow;
    type Wants = RegistrationWants;

    commands![Write, Read, Delete];
}
