//! `Prefer: wait=N` (RFC 7240 §4.3): how long a caller would like an answer to be held.

/// The longest that an answer is held, in seconds.
pub const MAX_WAIT: u32 = 30;

/// The seconds to wait, at most [`MAX_WAIT`]; 0 where the header asks for no wait or cannot be read,
/// since a preference that is not understood is ignored (RFC 7240 §2).
pub fn wait(header: Option<&str>) -> u32 {
    header
        .unwrap_or_default()
        .split([',', ';'])
        .filter_map(|preference| preference.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("wait"))
        .and_then(|(_, seconds)| seconds.trim().trim_matches('"').parse::<u32>().ok())
        .map_or(0, |seconds| seconds.min(MAX_WAIT))
}
