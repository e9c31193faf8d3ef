//! Randomness as a function of a seed and of what it is for.

use sha2::{Digest, Sha256};

/// Draws what a run needs. Two draws for the same purpose are equal, whatever lies between them.
#[derive(Debug, Clone, Copy)]
pub struct Chance {
    seed: u64,
}

impl Chance {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Returns the seed, for messages.
    pub fn seed(self) -> u64 {
        self.seed
    }

    /// Draws 32 bytes for a purpose.
    pub fn bytes(self, purpose: impl AsRef<str>) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.seed.to_be_bytes());
        hash.update(purpose.as_ref());
        hash.finalize().into()
    }

    /// Draws 16 bytes for a purpose.
    pub fn half(self, purpose: impl AsRef<str>) -> [u8; 16] {
        self.bytes(purpose)[..16].try_into().expect("half of 32 bytes")
    }

    /// Draws a number below `end` for a purpose.
    pub fn below(self, end: u64, purpose: impl AsRef<str>) -> u64 {
        let bytes: [u8; 8] = self.bytes(purpose)[..8].try_into().expect("8 of 32 bytes");
        u64::from_be_bytes(bytes) % end
    }
}
