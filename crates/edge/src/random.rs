//! Randomness.

use vestibule::domain::entropy::Entropy;

/// The platform's randomness.
pub(super) struct Random;

impl Entropy for Random {
    #[expect(
        clippy::disallowed_methods,
        clippy::expect_used,
        reason = "the edge's own randomness, which the platform never withholds"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the platform gives randomness");
    }
}
