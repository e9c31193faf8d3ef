//! A package for the hand: a case that goes to a municipality without a node, sealed under a code word.
//!
//! [`code_word`] is what opens it, told by telephone; [`jwe`] the envelope, which any JOSE library reads; and
//! here is what stands inside: the document of [`stafett_protocol::succession::package`], the same for paper,
//! and the old owner's signature over the hashes of both.

pub mod code_word;
pub mod file;
pub mod jwe;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::signed::{PublicKey, Signed, StatementHash, Verified, VerifyError};
use stafett_protocol::succession::by_hand::PackageByHand;

pub use code_word::{CodeWord, CodeWordError};
pub use jwe::{JweError, Salts};

/// What stands inside of the envelope.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    /// The old owner's token of a [`PackageByHand`]. It signs hashes, because a statement must fit in a frame.
    pub statement: String,
    /// The document, as it is on the link.
    pub document: String,
    /// The same for people to read.
    pub html: String,
}

impl std::fmt::Debug for Contents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Contents(«redacted»)")
    }
}

/// A file that an operator takes in: the envelope, and who is said to have signed what is in it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Incoming {
    /// JWE compact.
    pub envelope: String,
    /// The sender's key as the operator was told it, for a sender that is no partner.
    pub signed_by: Option<[u8; 32]>,
}

impl std::fmt::Debug for Incoming {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Incoming({} bytes)", self.envelope.len())
    }
}

/// A package is not what it says it is. Says nothing of the content.
#[derive(Debug, thiserror::Error)]
pub enum ContentsError {
    /// The envelope does not open, or holds no package.
    #[error(transparent)]
    Envelope(#[from] JweError),
    /// What stands inside is no package.
    #[error("expected a package for the hand inside of the envelope")]
    Form,
    /// The signature is not of one of the keys.
    #[error(transparent)]
    Signature(#[from] VerifyError),
    /// What was signed is another document, or the same for paper is.
    #[error("what was signed is another document")]
    Hash,
    /// It is for another municipality.
    #[error("the package is for another municipality")]
    Receiver,
}

impl Contents {
    /// Returns the hash by which a statement names a part.
    pub fn hash_of(part: &str) -> StatementHash {
        StatementHash(Sha256::digest(part.as_bytes()).into())
    }

    /// Seals the contents under a code word.
    ///
    /// # Errors
    /// [`JweError::TooLarge`] if they are larger than a file may be.
    pub fn seal(&self, code: &CodeWord, salts: Salts) -> Result<String, JweError> {
        let plain = serde_json::to_vec(self).map_err(|_| JweError::Key)?;
        jwe::seal(&plain, code, salts)
    }

    /// Opens the contents with the code word; nothing of them is trusted before
    /// [`verify`](Self::verify).
    ///
    /// # Errors
    /// [`ContentsError::Envelope`] with the wrong word, [`ContentsError::Form`] if no package is inside.
    pub fn open(sealed: &str, code: &CodeWord) -> Result<Self, ContentsError> {
        let plain = jwe::open(sealed, code)?;
        serde_json::from_slice(&plain).map_err(|_| ContentsError::Form)
    }

    /// Returns which municipality the contents say that they are of; only [`verify`](Self::verify) shows that
    /// they are.
    ///
    /// # Errors
    /// [`ContentsError::Form`] if they do not say it.
    pub fn said_from(&self) -> Result<OrganisationNumber, ContentsError> {
        #[derive(Deserialize)]
        struct From {
            from: OrganisationNumber,
        }
        let read: Result<From, _> = serde_json::from_str(&self.document);
        read.map(|read| read.from).map_err(|_| ContentsError::Form)
    }

    /// Checks that one of `keys` signed exactly this, for the municipality `own`.
    ///
    /// # Errors
    /// [`ContentsError`] with what does not fit.
    pub fn verify(
        &self,
        keys: &[PublicKey],
        own: OrganisationNumber,
    ) -> Result<Verified<PackageByHand>, ContentsError> {
        let said: Verified<PackageByHand> = Signed::from_token(self.statement.clone()).verify(keys)?;
        let statement = said.statement();
        if statement.document_sha256 != Self::hash_of(&self.document)
            || statement.html_sha256 != Self::hash_of(&self.html)
        {
            return Err(ContentsError::Hash);
        }
        if statement.to != own {
            return Err(ContentsError::Receiver);
        }
        Ok(said)
    }
}

#[cfg(test)]
mod tests;
