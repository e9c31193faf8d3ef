//! The envelope of a package for the hand: JWE compact (RFC 7516) with `PBES2-HS512+A256KW` and `A256GCM`
//! (RFC 7518, 4.8 and 5.3), so that every JOSE library and every browser opens it with the code word.
//!
//! Reading takes exactly one header: no other algorithm, no compression, no field more. Bounds come before
//! the work that they bound.

use std::num::NonZeroU32;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::key_wrap::{AES_256, AesKek, KeyWrap};
use aws_lc_rs::pbkdf2::{self, PBKDF2_HMAC_SHA512};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};

use super::code_word::CodeWord;

/// Bytes of a whole envelope.
pub const ENVELOPE_BYTES_MAX: usize = 43 * 1024 * 1024;

const ALGORITHM: &str = "PBES2-HS512+A256KW";
const ENCRYPTION: &str = "A256GCM";
const KIND: &str = "stafett-package";
const CONTENT: &str = "json";
/// How often the code word is hashed: half a second for whoever opens, for each of 2^100 words.
const ITERATIONS: u32 = 600_000;
const ITERATIONS_MAX: u32 = 2_000_000;
const SALT_BYTES: usize = 16;
const KEY_BYTES: usize = 32;
const WRAPPED_BYTES: usize = KEY_BYTES + 8;
const TAG_BYTES: usize = 16;
const HEADER_BYTES_MAX: usize = 512;

/// An envelope could not be made or opened. Says nothing of the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JweError {
    /// It is larger than a file may be.
    #[error("expected at most {ENVELOPE_BYTES_MAX} bytes")]
    TooLarge,
    /// It is no envelope of a package.
    #[error("no package for the hand")]
    Form,
    /// The code word is another, or the envelope was changed.
    #[error("the code word does not open it")]
    Open,
    /// A key could not be used, which keys of 32 bytes do not cause.
    #[error("the key cannot be used")]
    Key,
}

/// What must be drawn for each envelope.
pub struct Salts {
    /// Salt of the code word.
    pub salt: [u8; SALT_BYTES],
    /// The key of the content.
    pub key: [u8; KEY_BYTES],
    /// Nonce of the content.
    pub nonce: [u8; NONCE_LEN],
}

impl std::fmt::Debug for Salts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salts(«redacted»)")
    }
}

impl Drop for Salts {
    fn drop(&mut self) {
        self.key.fill(0);
        // The compiler may not leave out a write that something could still read.
        std::hint::black_box(&self.key);
    }
}

impl Salts {
    /// Draws them.
    pub fn random() -> Self {
        Self { salt: crate::clock::random(), key: crate::clock::random(), nonce: crate::clock::random() }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    enc: String,
    p2c: u32,
    p2s: String,
    cty: String,
    typ: String,
}

/// Seals bytes under a code word.
///
/// # Errors
/// [`JweError::TooLarge`] if they are larger than a file may be.
pub fn seal(plain: &[u8], code: &CodeWord, salts: Salts) -> Result<String, JweError> {
    // In base64 four bytes stand for three.
    if plain.len() > ENVELOPE_BYTES_MAX / 4 * 3 - HEADER_BYTES_MAX * 2 {
        return Err(JweError::TooLarge);
    }
    let header = Header {
        alg: ALGORITHM.to_owned(),
        enc: ENCRYPTION.to_owned(),
        p2c: ITERATIONS,
        p2s: BASE64.encode(salts.salt),
        cty: CONTENT.to_owned(),
        typ: KIND.to_owned(),
    };
    let header = BASE64.encode(serde_json::to_vec(&header).map_err(|_| JweError::Key)?);
    let mut wrapped = [0; WRAPPED_BYTES];
    key_of(code, &salts.salt, ITERATIONS)?.wrap(&salts.key, &mut wrapped).map_err(|_| JweError::Key)?;
    let mut body = plain.to_vec();
    usable(&salts.key)?
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(salts.nonce),
            Aad::from(header.as_bytes()),
            &mut body,
        )
        .map_err(|_| JweError::Key)?;
    let (text, tag) = body.split_at_checked(plain.len()).ok_or(JweError::Key)?;
    let parts = [BASE64.encode(wrapped), BASE64.encode(salts.nonce), BASE64.encode(text), BASE64.encode(tag)];
    Ok([&[header][..], &parts].concat().join("."))
}

/// Opens an envelope with the code word.
///
/// # Errors
/// [`JweError::TooLarge`] or [`JweError::Form`] before anything is derived; [`JweError::Open`] with another
/// word, and if a byte of it was changed.
pub fn open(sealed: &str, code: &CodeWord) -> Result<Vec<u8>, JweError> {
    let Parts { header, iterations, salt, wrapped, nonce, mut body } = Parts::of(sealed)?;
    let mut key = [0; KEY_BYTES];
    key_of(code, &salt, iterations)?.unwrap(&wrapped, &mut key).map_err(|_| JweError::Open)?;
    let nonce = Nonce::assume_unique_for_key(nonce);
    let opened = usable(&key)?.open_in_place(nonce, Aad::from(header.as_bytes()), &mut body);
    key.fill(0);
    std::hint::black_box(&key);
    let length = opened.map_err(|_| JweError::Open)?.len();
    body.truncate(length);
    Ok(body)
}

/// Checks that a text is an envelope of a package, as far as anybody sees without the code word.
///
/// # Errors
/// [`JweError::TooLarge`] or [`JweError::Form`].
pub fn check(sealed: &str) -> Result<(), JweError> {
    Parts::of(sealed).map(drop)
}

/// An envelope taken apart; nothing of it is trusted.
struct Parts<'a> {
    header: &'a str,
    iterations: u32,
    salt: [u8; SALT_BYTES],
    wrapped: [u8; WRAPPED_BYTES],
    nonce: [u8; NONCE_LEN],
    /// The sealed content, and its tag.
    body: Vec<u8>,
}

impl<'a> Parts<'a> {
    fn of(sealed: &'a str) -> Result<Self, JweError> {
        if sealed.len() > ENVELOPE_BYTES_MAX {
            return Err(JweError::TooLarge);
        }
        let parts: Vec<&str> = sealed.split('.').take(6).collect();
        let [header, wrapped, nonce, text, tag] = parts[..] else { return Err(JweError::Form) };
        let (iterations, salt) = read_header(header)?;
        let (wrapped, nonce) = (decoded(wrapped)?, decoded(nonce)?);
        let tag: [u8; TAG_BYTES] = decoded(tag)?;
        let mut body = BASE64.decode(text).map_err(|_| JweError::Form)?;
        body.extend(tag);
        Ok(Self { header, iterations, salt, wrapped, nonce, body })
    }
}

fn read_header(header: &str) -> Result<(u32, [u8; SALT_BYTES]), JweError> {
    if header.len() > HEADER_BYTES_MAX {
        return Err(JweError::Form);
    }
    let json = BASE64.decode(header).map_err(|_| JweError::Form)?;
    let header: Header = serde_json::from_slice(&json).map_err(|_| JweError::Form)?;
    let named = [header.alg.as_str(), &header.enc, &header.cty, &header.typ];
    let is_ours = named == [ALGORITHM, ENCRYPTION, CONTENT, KIND];
    if !is_ours || !(ITERATIONS..=ITERATIONS_MAX).contains(&header.p2c) {
        return Err(JweError::Form);
    }
    Ok((header.p2c, decoded(&header.p2s)?))
}

fn decoded<const N: usize>(text: &str) -> Result<[u8; N], JweError> {
    // Longer text is not even decoded.
    if text.len() > N.saturating_mul(2) {
        return Err(JweError::Form);
    }
    BASE64.decode(text).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(JweError::Form)
}

/// The key that wraps the content's (RFC 7518, 4.8.1.1): the salt begins with the algorithm's name.
fn key_of(code: &CodeWord, salt: &[u8; SALT_BYTES], iterations: u32) -> Result<AesKek, JweError> {
    let salt = [ALGORITHM.as_bytes(), &[0], salt].concat();
    let iterations = NonZeroU32::new(iterations).ok_or(JweError::Form)?;
    let mut key = [0; KEY_BYTES];
    pbkdf2::derive(PBKDF2_HMAC_SHA512, iterations, &salt, code.as_bytes(), &mut key);
    let kek = AesKek::new(&AES_256, &key).map_err(|_| JweError::Key);
    key.fill(0);
    std::hint::black_box(&key);
    kek
}

fn usable(key: &[u8; KEY_BYTES]) -> Result<LessSafeKey, JweError> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| JweError::Key)
}
