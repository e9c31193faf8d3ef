//! A sealed package: AES-256-GCM-SIV (RFC 8452) under a key of its own, bound to the move, the
//! revision and both municipalities; whoever has only these bytes has nothing.
//!
//! ```text
//! 1 ‖ nonce 12 ‖ ciphertext ‖ tag 16      additional data: "stafett-package/1" ‖ succession 16
//!                                         ‖ revision u32 ‖ from u32 ‖ to u32, big-endian
//! ```
//!
//! The key is derived by HKDF-SHA256 (RFC 5869) from a secret that the node has outside its store, so a
//! store that was restored can still hand it over. It leaves the node inside the transfer alone.
//! Opening and putting together take bytes from a partner: bounds come first.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{constant_time, hkdf};
use sha2::{Digest, Sha256};

use super::package::{PACKAGE_FORMAT, PackageHash};
use crate::id::SuccessionId;
use crate::limits::{PACKAGE_BYTES_MAX, PACKAGE_PART_BYTES};
use crate::municipality::OrganisationNumber;

/// Bytes that sealing adds: version, nonce and tag.
pub const SEAL_BYTES: usize = 1 + NONCE_LEN + 16;

const VERSION: u8 = 1;
const KEY_INFO: &[u8] = b"stafett succession package 1";

/// A package could not be sealed, opened or put together. Says nothing of the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealedError {
    /// It is larger than a package may be.
    #[error("expected at most {PACKAGE_BYTES_MAX} bytes")]
    TooLarge,
    /// The bytes are no sealed package of a known version.
    #[error("no sealed package of a known version")]
    Form,
    /// The key, the move, the revision or a municipality is another, or the bytes were changed.
    #[error("the package does not open here with this key")]
    Open,
    /// The parts are not those of a package of this size: one has another length, or is missing.
    #[error("the parts do not make a package of that size")]
    Parts,
    /// The parts make another package than the one that was named.
    #[error("the parts make another package")]
    Hash,
    /// The key could not be derived or used, which keys of 32 bytes do not cause.
    #[error("the key cannot be used")]
    Key,
}

macro_rules! secret {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        pub struct $name([u8; 32]);

        impl $name {
            /// Takes the bytes.
            pub const fn new(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                self.0.fill(0);
                // The compiler may not leave out a write that something could still read.
                std::hint::black_box(&self.0);
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(«redacted»)"))
            }
        }
    )+};
}

secret! {
    /// What a node derives the keys of its packages from; never in its store.
    PackageSecret;
    /// The key of one package. Not to be copied, stored or printed.
    PackageKey;
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// Fills `output` by HKDF-SHA256 (RFC 5869).
///
/// Only for the vectors of others, which have a salt and lengths of their own: use
/// [`PackageKey::derive`].
///
/// # Errors
/// [`SealedError::Key`] if `output` is longer than 255 hashes.
pub fn derive_with(salt: &[u8], secret: &[u8], info: &[&[u8]], output: &mut [u8]) -> Result<(), SealedError> {
    let pseudorandom = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret);
    let expanded = pseudorandom.expand(info, Length(output.len())).map_err(|_| SealedError::Key)?;
    expanded.fill(output).map_err(|_| SealedError::Key)
}

/// Which package of which move a sealed package is: what it is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackagePlace {
    /// The move.
    pub succession: SuccessionId,
    /// Which package of it; the first is 1.
    pub revision: u32,
    /// The old owner.
    pub from: OrganisationNumber,
    /// The new owner.
    pub to: OrganisationNumber,
}

impl PackagePlace {
    /// Every part has a fixed length, so no two places have the same bytes.
    fn additional_data(&self) -> Vec<u8> {
        [
            PACKAGE_FORMAT.as_bytes(),
            self.succession.as_bytes(),
            &self.revision.to_be_bytes(),
            &self.from.value().to_be_bytes(),
            &self.to.value().to_be_bytes(),
        ]
        .concat()
    }
}

impl PartialEq for PackageKey {
    fn eq(&self, other: &Self) -> bool {
        constant_time::verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl Eq for PackageKey {}

impl PackageKey {
    /// Derives the key of one package; always the same one from the same inputs.
    ///
    /// # Errors
    /// [`SealedError::Key`], which a secret of 32 bytes does not cause.
    pub fn derive(
        secret: &PackageSecret,
        succession: SuccessionId,
        revision: u32,
    ) -> Result<Self, SealedError> {
        let info = [KEY_INFO, succession.as_bytes(), &revision.to_be_bytes()];
        let mut key = Self::new([0; 32]);
        derive_with(&[], &secret.0, &info, &mut key.0)?;
        Ok(key)
    }

    /// Returns the bytes, for the one message that carries them.
    pub const fn reveal(&self) -> &[u8; 32] {
        &self.0
    }

    fn usable(&self) -> Result<LessSafeKey, SealedError> {
        UnboundKey::new(&AES_256_GCM_SIV, &self.0).map(LessSafeKey::new).map_err(|_| SealedError::Key)
    }

    /// Seals bytes with these additional data; [`Sealed::seal`] says which.
    fn seal(&self, nonce: [u8; NONCE_LEN], data: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealedError> {
        let mut body = plain.to_vec();
        let nonce_once = Nonce::assume_unique_for_key(nonce);
        self.usable()?
            .seal_in_place_append_tag(nonce_once, Aad::from(data), &mut body)
            .map_err(|_| SealedError::Key)?;
        Ok([&[VERSION], &nonce[..], &body].concat())
    }

    /// Opens bytes that were sealed with these additional data.
    ///
    /// Only for the vectors of others, which have data of their own: use [`Sealed::open`].
    ///
    /// # Errors
    /// [`SealedError::Form`] or [`SealedError::Open`] if that is not what they are.
    pub fn open_with(&self, sealed: &[u8], data: &[u8]) -> Result<Vec<u8>, SealedError> {
        let (version, rest) = sealed.split_first().ok_or(SealedError::Form)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or(SealedError::Form)?;
        if *version != VERSION {
            return Err(SealedError::Form);
        }
        let mut body = body.to_vec();
        let plain = self
            .usable()?
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(data), &mut body)
            .map_err(|_| SealedError::Open)?
            .len();
        body.truncate(plain);
        Ok(body)
    }
}

/// The bytes of a sealed package.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

impl Sealed {
    /// Seals a document. `nonce` is drawn for it: two packages with one key and one nonce would show
    /// whether they are the same, and no more.
    ///
    /// # Errors
    /// [`SealedError::TooLarge`] if it is larger than a package may be.
    pub fn seal(
        document: &[u8],
        key: &PackageKey,
        place: &PackagePlace,
        nonce: [u8; NONCE_LEN],
    ) -> Result<Self, SealedError> {
        if document.len() > PACKAGE_BYTES_MAX.saturating_sub(SEAL_BYTES) {
            return Err(SealedError::TooLarge);
        }
        key.seal(nonce, &place.additional_data(), document).map(Self)
    }

    /// Takes bytes that may be a sealed package.
    ///
    /// # Errors
    /// [`SealedError::TooLarge`] or [`SealedError::Form`] if they cannot be one.
    pub fn new(bytes: Vec<u8>) -> Result<Self, SealedError> {
        match bytes.len() {
            len if len > PACKAGE_BYTES_MAX => Err(SealedError::TooLarge),
            len if len < SEAL_BYTES => Err(SealedError::Form),
            _ => Ok(Self(bytes)),
        }
    }

    /// Puts a package together from its parts, in their order, as it was named: so many bytes, with
    /// this hash.
    ///
    /// # Errors
    /// [`SealedError::TooLarge`] before anything is copied, [`SealedError::Parts`] if a part is missing
    /// or has another length, [`SealedError::Hash`] if they make another package.
    pub fn from_parts<'a>(
        parts: impl IntoIterator<Item = &'a [u8]>,
        bytes: u32,
        package: PackageHash,
    ) -> Result<Self, SealedError> {
        let size = usize::try_from(bytes).map_err(|_| SealedError::TooLarge)?;
        if size > PACKAGE_BYTES_MAX {
            return Err(SealedError::TooLarge);
        }
        let mut whole = Vec::with_capacity(size);
        for part in parts {
            let missing = size.saturating_sub(whole.len());
            if part.len() != missing.min(PACKAGE_PART_BYTES) || part.is_empty() {
                return Err(SealedError::Parts);
            }
            whole.extend_from_slice(part);
        }
        if whole.len() != size {
            return Err(SealedError::Parts);
        }
        let sealed = Self::new(whole)?;
        if sealed.hash() == package { Ok(sealed) } else { Err(SealedError::Hash) }
    }

    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns the hash by which both sides name it.
    pub fn hash(&self) -> PackageHash {
        PackageHash(Sha256::digest(&self.0).into())
    }

    /// Goes through the parts, in the order in which they are sent; each but the last has
    /// [`PACKAGE_PART_BYTES`].
    pub fn parts(&self) -> std::slice::Chunks<'_, u8> {
        self.0.chunks(PACKAGE_PART_BYTES)
    }

    /// Opens the document.
    ///
    /// # Errors
    /// [`SealedError::Form`] or [`SealedError::Open`] if it was not sealed with this key for this place.
    pub fn open(&self, key: &PackageKey, place: &PackagePlace) -> Result<Vec<u8>, SealedError> {
        key.open_with(&self.0, &place.additional_data())
    }
}

#[cfg(test)]
mod tests;
