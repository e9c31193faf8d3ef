//! Sealing at rest: AES-256-GCM-SIV (RFC 8452) with a random nonce of 96 bits.
//!
//! The SIV form, because a virtual machine that is set back to a snapshot may draw the same
//! nonces again: with plain GCM one repetition gives the authentication key away, with this form
//! it shows no more than whether the same bytes were sealed twice in the same place.
//!
//! A sealed blob is one byte of version, 12 bytes of nonce, the ciphertext and 16 bytes of tag.
//! Additional data bind it to its place: put anywhere else, it does not open.

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;

use crate::clock;

/// Bytes of every key.
pub const KEY_BYTES: usize = 32;

const VERSION: u8 = 1;

/// Something could not be sealed or opened. Says nothing of the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The bytes are no sealed blob of a known version.
    #[error("no sealed blob of a known version")]
    Form,
    /// The key or the place is another, or the blob was changed.
    #[error("the blob does not open here with this key")]
    Open,
    /// The content is longer than the cipher allows.
    #[error("the content cannot be sealed")]
    Seal,
}

/// The bytes of a key, overwritten when they are no longer needed.
pub struct KeyBytes([u8; KEY_BYTES]);

impl KeyBytes {
    /// Takes the bytes of a key.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// Draws a new key.
    pub fn random() -> Self {
        Self(clock::random())
    }
}

impl Drop for KeyBytes {
    fn drop(&mut self) {
        self.0.fill(0);
        // The compiler may not leave out a write that something could still read.
        std::hint::black_box(&self.0);
    }
}

impl std::fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyBytes(«redacted»)")
    }
}

/// A key that seals the rows of one case.
pub struct DataKey(LessSafeKey);

/// The node's key that seals other keys; never in the data folder.
pub struct WrappingKey(LessSafeKey);

/// A key that authenticates the access log.
pub struct LogKey(hmac::Key);

impl DataKey {
    /// Makes the key usable.
    pub fn new(bytes: &KeyBytes) -> Self {
        Self(usable(bytes))
    }

    /// Seals `plain` for the place that `place` describes.
    ///
    /// # Errors
    /// [`SealError::Seal`] if it is longer than the cipher allows (64 GiB).
    pub fn seal(&self, plain: &[u8], place: &[u8]) -> Result<Vec<u8>, SealError> {
        seal(&self.0, plain, place)
    }

    /// Opens what [`seal`](Self::seal) made with the same key for the same place.
    ///
    /// # Errors
    /// [`SealError::Form`] or [`SealError::Open`] if that is not what it is.
    pub fn open(&self, sealed: &[u8], place: &[u8]) -> Result<Vec<u8>, SealError> {
        open(&self.0, sealed, place)
    }
}

impl WrappingKey {
    /// Makes the key usable.
    pub fn new(bytes: &KeyBytes) -> Self {
        Self(usable(bytes))
    }

    /// Wraps a key for the place that `place` describes.
    ///
    /// # Errors
    /// [`SealError::Seal`], which a key of 32 bytes does not cause.
    pub fn wrap(&self, key: &KeyBytes, place: &[u8]) -> Result<Vec<u8>, SealError> {
        seal(&self.0, &key.0, place)
    }

    /// Unwraps a key.
    ///
    /// # Errors
    /// [`SealError`] if this key did not wrap it for this place.
    pub fn unwrap(&self, wrapped: &[u8], place: &[u8]) -> Result<KeyBytes, SealError> {
        let mut plain = open(&self.0, wrapped, place)?;
        let key = plain.as_slice().try_into().map(KeyBytes).map_err(|_| SealError::Form);
        plain.fill(0);
        std::hint::black_box(&plain);
        key
    }
}

impl LogKey {
    /// Makes the key usable.
    pub fn new(bytes: &KeyBytes) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes.0))
    }

    /// Computes the HMAC-SHA-256 (RFC 2104) of `parts`, each of which must have a fixed length.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        parts.iter().for_each(|part| context.update(part));
        let mut mac = [0; 32];
        mac.iter_mut().zip(context.sign().as_ref()).for_each(|(to, from)| *to = *from);
        mac
    }
}

macro_rules! redacted {
    ($($name:ident)+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(«redacted»)"))
            }
        }
    )+};
}

redacted!(DataKey WrappingKey LogKey);

#[expect(clippy::expect_used, reason = "KeyBytes has the length that the cipher asks for")]
fn usable(bytes: &KeyBytes) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM_SIV, &bytes.0).expect("a key of 32 bytes"))
}

fn seal(key: &LessSafeKey, plain: &[u8], place: &[u8]) -> Result<Vec<u8>, SealError> {
    let nonce: [u8; NONCE_LEN] = clock::random();
    let mut body = plain.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut body)
        .map_err(|_| SealError::Seal)?;
    let mut sealed = Vec::with_capacity(body.len().saturating_add(NONCE_LEN).saturating_add(1));
    sealed.push(VERSION);
    sealed.extend_from_slice(&nonce);
    sealed.append(&mut body);
    Ok(sealed)
}

fn open(key: &LessSafeKey, sealed: &[u8], place: &[u8]) -> Result<Vec<u8>, SealError> {
    let (version, rest) = sealed.split_first().ok_or(SealError::Form)?;
    let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Form)?;
    if *version != VERSION {
        return Err(SealError::Form);
    }
    let mut body = body.to_vec();
    let plain = key
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(place), &mut body)
        .map_err(|_| SealError::Open)?
        .len();
    body.truncate(plain);
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> DataKey {
        DataKey::new(&KeyBytes::new([byte; KEY_BYTES]))
    }

    #[test]
    fn blob_opens_in_its_place_with_its_key_and_nowhere_else() {
        let sealed = key(1).seal(b"a quiet word", b"here").expect("seals");

        assert_eq!(key(1).open(&sealed, b"here"), Ok(b"a quiet word".to_vec()));
        assert_eq!(key(1).open(&sealed, b"there"), Err(SealError::Open));
        assert_eq!(key(2).open(&sealed, b"here"), Err(SealError::Open));
    }

    #[test]
    fn blob_changed_in_any_byte_or_cut_anywhere_does_not_open() {
        let sealed = key(1).seal(b"a quiet word", b"here").expect("seals");

        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert!(key(1).open(&changed, b"here").is_err(), "position {position}");
            assert!(key(1).open(&sealed[..position], b"here").is_err(), "length {position}");
        }
    }

    #[test]
    fn same_content_sealed_twice_gives_different_blobs() {
        assert_ne!(key(1).seal(b"again", b"here"), key(1).seal(b"again", b"here"));
    }

    #[test]
    fn wrapped_key_opens_what_the_key_sealed() {
        let wrapping = WrappingKey::new(&KeyBytes::new([9; KEY_BYTES]));
        let bytes = KeyBytes::random();
        let sealed = DataKey::new(&bytes).seal(b"a quiet word", b"here").expect("seals");
        let wrapped = wrapping.wrap(&bytes, b"key 1").expect("wraps");

        let again = DataKey::new(&wrapping.unwrap(&wrapped, b"key 1").expect("unwraps"));

        assert_eq!(again.open(&sealed, b"here"), Ok(b"a quiet word".to_vec()));
        assert!(wrapping.unwrap(&wrapped, b"key 2").is_err());
    }

    #[test]
    fn keys_print_as_redacted() {
        let printed = format!("{:?} {:?}", KeyBytes::new([7; KEY_BYTES]), key(7));

        assert_eq!(printed, "KeyBytes(«redacted») DataKey(«redacted»)");
    }
}
