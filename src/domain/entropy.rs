//! Randomness, as a parameter.

/// A source of random bytes. Only `edge/` and test support have one of their own.
pub trait Entropy {
    /// Fills the bytes with randomness fit for keys.
    fn fill(&self, bytes: &mut [u8]);
}

/// So many random bytes.
pub fn bytes<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}
