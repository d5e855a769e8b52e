//! The names of the objects.

/// The name of the object for an address. People write their own address in either case, and no
/// provider of today tells two mailboxes apart by it.
pub fn of_email(email: &str) -> String {
    format!("email:{}", email.trim().to_lowercase())
}
