//! JSON that others wrote: a member in an unexpected form has an effect only if it is needed or restricts
//! something.
//!
//! Each member of each document is tried in every odd form. The tables name the members that are needed and those
//! that restrict something; no other may change the result.

mod granted_scope;
mod requests;
mod sign_in;
mod values;

use serde_json::Value;

const ISSUER: &str = "https://acme.example.com";
/// When the test clock starts, in seconds since 1970.
const NOW: i64 = 1_800_000_000;

/// JSON texts that are unexpected for most members.
fn odd_forms() -> Vec<String> {
    let mut forms: Vec<String> = [
        "null",
        "true",
        "false",
        "0",
        "5",
        "-1",
        "1.5",
        "1.7e9",
        "1e400",
        "12345678901234567890123",
        "\"\"",
        "\"text\"",
        "\"\\ud800\"",
        "[]",
        "[\"a\"]",
        "[5]",
        "[{}]",
        "{}",
        "{\"a\":1}",
    ]
    .map(String::from)
    .to_vec();
    forms.push(format!("{}{}", "[".repeat(1000), "]".repeat(1000)));
    forms.push(format!("{}5{}", "{\"a\":".repeat(500), "}".repeat(500)));
    forms
}

/// A document with its members, and what the tables say of them.
struct Document {
    name: &'static str,
    /// A complete document: every member that the server reads, and one that it doesn't.
    members: Value,
    /// The document is refused without them, and in any odd form of them.
    needed: &'static [&'static str],
    /// The members that restrict something. These odd forms are allowed; in any other, the document is refused.
    restricting: &'static [(&'static str, &'static [&'static str])],
}

impl Document {
    /// Every member, every odd form, and whether the document must still be accepted.
    fn mutations(&self) -> Vec<(String, String, bool)> {
        let members = self.members.as_object().unwrap().keys();
        let mut all = Vec::new();
        for member in members.cloned().chain(["unheard of".to_owned()]) {
            let restricts = self.restricting.iter().find(|(name, _)| *name == member);
            for form in odd_forms() {
                let is_allowed = match restricts {
                    Some((_, allowed)) => allowed.contains(&form.as_str()),
                    None => !self.needed.contains(&member.as_str()),
                };
                all.push((member.clone(), form, is_allowed));
            }
        }
        all
    }
}
