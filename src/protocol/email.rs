//! Email addresses (RFC 5321 §4.1.2), as far as sign-in needs them.

use email_address::EmailAddress;

/// Whether a text is an email address with which a user may sign in.
pub fn is_address(text: &str) -> bool {
    text.len() <= 254 && text.is_ascii() && EmailAddress::is_valid(text) && !text.contains('"')
}

/// The domain of an address.
pub fn domain(address: &str) -> Option<&str> {
    address.rsplit_once('@').map(|(_, domain)| domain).filter(|domain| !domain.is_empty())
}

/// Whether a text is a domain name in lower case.
pub fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(label)
}
