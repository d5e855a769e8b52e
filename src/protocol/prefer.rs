//! `Prefer: wait=N` (RFC 7240 §4.3): how long a client wants its response to be held.

/// The longest time that a response is held, in seconds.
pub const MAX_WAIT: u32 = 30;

/// The seconds to wait, at most [`MAX_WAIT`]. Returns 0 if the header requests no wait or is malformed, because unknown
/// preferences are ignored (RFC 7240 §2).
pub fn wait(header: Option<&str>) -> u32 {
    header
        .unwrap_or_default()
        .split([',', ';'])
        .filter_map(|preference| preference.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("wait"))
        .and_then(|(_, seconds)| seconds.trim().trim_matches('"').parse::<u32>().ok())
        .map_or(0, |seconds| seconds.min(MAX_WAIT))
}
