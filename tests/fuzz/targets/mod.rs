//! What must hold for any input to each parser that reads what strangers send. Each target is an ordinary function
//! that panics if its property doesn't hold. libFuzzer calls it on nightly (`make fuzz`), and the native tests call it
//! on stable with every seed and two thousand mutations of each set (`tests/native/fuzz.rs`).

mod callers;
mod json;
mod names;
mod providers;
mod tokens;
mod uris;

/// A target.
pub struct Target {
    /// The name of its binary and of its folder of seeds.
    pub name: &'static str,
    /// Checks one input.
    pub run: fn(&[u8]),
}

/// Every target, in alphabetical order.
pub const ALL: [Target; 21] = [
    Target { name: "claims", run: callers::claims },
    Target { name: "client_metadata", run: callers::client_metadata },
    Target { name: "cookies", run: callers::cookies },
    Target { name: "foreign_json", run: json::foreign_json },
    Target { name: "id_token", run: tokens::id_token },
    Target { name: "jwks", run: tokens::jwks },
    Target { name: "jws", run: tokens::jws },
    Target { name: "logout_token", run: tokens::logout_token },
    Target { name: "outbound", run: uris::outbound },
    Target { name: "parameters", run: callers::parameters },
    Target { name: "profile", run: providers::profile },
    Target { name: "provider_metadata", run: providers::provider_metadata },
    Target { name: "providers", run: providers::providers },
    Target { name: "redirect_uris", run: uris::redirect_uris },
    Target { name: "resources", run: uris::resources },
    Target { name: "scope", run: callers::scope },
    Target { name: "sealed", run: tokens::sealed },
    Target { name: "text", run: names::text },
    Target { name: "token_response", run: providers::token_response },
    Target { name: "tokens", run: tokens::tokens },
    Target { name: "user_code", run: names::user_code },
];

/// Runs the target of that name.
///
/// # Panics
/// If the property doesn't hold, or no target has the name.
#[allow(dead_code, reason = "the native tests run all of them")]
pub fn run(name: &str, input: &[u8]) {
    let target = ALL.iter().find(|target| target.name == name).expect("a target of that name");
    (target.run)(input);
}

/// The input as text; the parsers that take text never see other bytes.
fn utf8(input: &[u8]) -> Option<&str> {
    std::str::from_utf8(input).ok()
}

/// The first line of the input, and what follows it: for parsers that compare two values.
fn two(input: &str) -> (&str, &str) {
    input.split_once('\n').unwrap_or((input, ""))
}
