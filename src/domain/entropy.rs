//! Randomness, as a parameter.

/// A source of random bytes. Only `edge/` and the tests implement it.
pub trait Entropy {
    /// Fills the bytes with randomness that is good enough for keys.
    fn fill(&self, bytes: &mut [u8]);
}

/// `N` random bytes.
pub fn bytes<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}
