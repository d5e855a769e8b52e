//! The names of `Identifier` objects.

/// The name of the object for an e-mail address. The case is ignored: users type their address in either case, and no
/// current provider has two mailboxes that differ only in case.
pub fn of_email(email: &str) -> String {
    format!("email:{}", email.trim().to_lowercase())
}
