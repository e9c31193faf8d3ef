//! The code word of a package: 100 random bits in twenty letters and digits that are told apart by ear and
//! eye. It is shown once and kept nowhere.

use std::fmt;

use stafett_protocol::id::RandomBytes;

/// 24 letters without I and O, and 8 digits without 0 and 1: five bits each.
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
const LETTERS: usize = 20;
const GROUP: usize = 4;

/// A text is no code word. Repeats nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a code word of 20 letters and digits, without I, O, 0 and 1")]
pub struct CodeWordError;

/// A code word. It does not print itself.
#[derive(Clone, PartialEq, Eq)]
pub struct CodeWord(String);

impl CodeWord {
    /// Makes a code word of the first 100 bits.
    pub fn from_random(bytes: RandomBytes) -> Self {
        let mut bits = u128::from_be_bytes(bytes);
        let mut word = String::with_capacity(LETTERS);
        for _ in 0..LETTERS {
            let place = usize::try_from(bits >> 123).unwrap_or_default();
            word.push(char::from(ALPHABET.get(place).copied().unwrap_or(b'A')));
            bits <<= 5;
        }
        Self(word)
    }

    /// Returns it in five groups, for the one time that it is shown.
    pub fn grouped(&self) -> String {
        let groups = self.0.as_bytes().chunks(GROUP);
        groups.map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
    }

    /// The bytes that a key is derived from: the letters, without groups.
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for CodeWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeWord(«redacted»)")
    }
}

impl std::str::FromStr for CodeWord {
    type Err = CodeWordError;

    /// Takes it as people type it: small letters, groups and hyphens do not matter.
    fn from_str(text: &str) -> Result<Self, CodeWordError> {
        let is_gap = |letter: &char| letter.is_whitespace() || *letter == '-';
        let letters = text.chars().filter(|letter| !is_gap(letter)).take(LETTERS.saturating_add(1));
        let word: String = letters.map(|letter| letter.to_ascii_uppercase()).collect();
        let fits = word.len() == LETTERS && word.bytes().all(|letter| ALPHABET.contains(&letter));
        if fits { Ok(Self(word)) } else { Err(CodeWordError) }
    }
}
