//! Choices of a test: each a hash of the seed and of what it is for, so that one choice more or
//! less does not change the others.

use sha2::{Digest, Sha256};

/// Makes choices from a seed.
#[derive(Debug, Clone, Copy)]
pub struct Chance(u64);

impl Chance {
    /// Takes the seed from the environment variable `STAFETT_SEED`, or else `own`, and prints it.
    ///
    /// # Panics
    /// If the variable holds no number.
    pub fn seeded(own: u64) -> Self {
        let seed = std::env::var("STAFETT_SEED").map_or(own, |seed| seed.parse().expect("a number"));
        #[expect(clippy::print_stdout, reason = "a failure is repeated with its seed")]
        {
            println!("STAFETT_SEED={seed}");
        }
        Self(seed)
    }

    /// 16 bytes for something.
    pub fn bytes(&self, of: &str) -> [u8; 16] {
        let digest: [u8; 32] =
            Sha256::new().chain_update(self.0.to_be_bytes()).chain_update(of).finalize().into();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        bytes
    }

    /// 32 hexadecimal digits for something: a marker that stands nowhere else.
    pub fn marker(&self, of: &str) -> String {
        self.bytes(of).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A number below `end` for something.
    pub fn below(&self, of: &str, end: u64) -> u64 {
        let mut first = [0; 8];
        first.copy_from_slice(&self.bytes(of)[..8]);
        u64::from_be_bytes(first) % end
    }
}
