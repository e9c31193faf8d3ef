//! Signed statements: JWS compact (RFC 7515) with EdDSA over Ed25519 (RFC 8037).
//!
//! A statement is signed once; its token is stored and sent as it is and never encoded again.
//! [`Signed`] is a claim, [`Verified`] is a claim whose signature a known key made. Only
//! [`Verified`] opens to its statement, so nothing downstream can act on an unchecked one.
//! The header's `typ` names the kind of statement, so a token of one kind never passes as another.

use std::marker::PhantomData;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::CaseId;
use crate::limits::FRAME_BYTES_MAX;

/// A kind of statement that a node signs.
pub trait Statement: Serialize + DeserializeOwned {
    /// The `typ` of its token (RFC 7515, 4.1.9).
    const TYPE: &'static str;
}

/// Where a statement stands in the chain of its case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The case.
    pub case: CaseId,
    /// The place, from 0.
    pub number: u64,
    /// The hash of the statement before; none for the first.
    pub previous: Option<StatementHash>,
}

/// A kind of statement that stands in a chain: each names the one before.
pub trait Chained: Statement {
    /// Returns where it stands.
    fn place(&self) -> Place;
}

/// An Ed25519 public key of a node, for its statements.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// The SHA-256 of a token: names a statement without saying what it says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StatementHash(pub [u8; 32]);

impl StatementHash {
    /// Hashes a token.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }
}

impl std::fmt::Debug for StatementHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StatementHash({})", String::from(*self))
    }
}

impl From<StatementHash> for String {
    fn from(hash: StatementHash) -> String {
        hash.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl TryFrom<String> for StatementHash {
    type Error = HashTextError;

    fn try_from(text: String) -> Result<Self, HashTextError> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(HashTextError);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| HashTextError)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| HashTextError)?;
        }
        Ok(Self(bytes))
    }
}

/// A text was not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 64 hexadecimal digits")]
pub struct HashTextError;

/// Why a signing key could not be used, or a statement not signed.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// The key is no Ed25519 key in PKCS #8.
    #[error("expected an Ed25519 key in PKCS #8")]
    Key,
    /// The statement could not be written as JSON or signed.
    #[error("the statement could not be signed")]
    Statement(#[source] jsonwebtoken::errors::Error),
    /// The token would not fit in a frame.
    #[error("the signed statement has {bytes} bytes, more than a frame holds")]
    TooLarge {
        /// The size of the token.
        bytes: usize,
    },
}

/// A node's key for signing statements.
pub struct SigningKey {
    key: EncodingKey,
    public: PublicKey,
}

impl SigningKey {
    /// Takes an Ed25519 key pair in PKCS #8 (RFC 8410).
    ///
    /// # Errors
    /// [`SignError::Key`] if it is none.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, SignError> {
        use aws_lc_rs::signature::KeyPair;
        let pair = aws_lc_rs::signature::Ed25519KeyPair::from_pkcs8(pkcs8)
            .or_else(|_| aws_lc_rs::signature::Ed25519KeyPair::from_pkcs8_maybe_unchecked(pkcs8))
            .map_err(|_| SignError::Key)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| SignError::Key)?;
        Ok(Self { key: EncodingKey::from_ed_der(pkcs8), public: PublicKey(public) })
    }

    /// Returns the public half.
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// Signs a statement; the same statement and key give the same token.
    ///
    /// # Errors
    /// [`SignError`] if it cannot be written, or is larger than a frame.
    pub fn sign<T: Statement>(&self, statement: T) -> Result<Verified<T>, SignError> {
        let header = Header {
            typ: Some(T::TYPE.to_owned()),
            kid: Some(self.public.to_string()),
            ..Header::new(Algorithm::EdDSA)
        };
        let token = jsonwebtoken::encode(&header, &statement, &self.key).map_err(SignError::Statement)?;
        if token.len() > FRAME_BYTES_MAX.saturating_sub(64) {
            return Err(SignError::TooLarge { bytes: token.len() });
        }
        Ok(Verified { statement, token, key: self.public })
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey(«redacted», public {})", self.public)
    }
}

/// Why a statement is not believed. Carries no content, as it may be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The text is no JWS in compact form with the expected header.
    #[error("no signed statement")]
    Form,
    /// The token is of another kind.
    #[error("a signed statement of another kind")]
    Type,
    /// None of the known keys made the signature.
    #[error("the signature is not of a known key")]
    Signature,
    /// The signature holds, but the statement is not of the expected shape.
    #[error("the statement has another shape")]
    Shape,
}

/// A token that claims to be a signed `T`.
pub struct Signed<T> {
    token: String,
    claims: PhantomData<T>,
}

impl<T: Statement> Signed<T> {
    /// Takes a token from a frame or a row, unchecked.
    pub fn from_token(token: String) -> Self {
        Self { token, claims: PhantomData }
    }

    /// Checks that one of `keys` signed it, and that it is a `T`.
    ///
    /// # Errors
    /// [`VerifyError`], which says what did not fit and nothing of the content.
    pub fn verify(self, keys: &[PublicKey]) -> Result<Verified<T>, VerifyError> {
        let header = jsonwebtoken::decode_header(&self.token).map_err(|_| VerifyError::Form)?;
        if header.alg != Algorithm::EdDSA || header.crit.is_some() {
            return Err(VerifyError::Form);
        }
        if header.typ.as_deref() != Some(T::TYPE) {
            return Err(VerifyError::Type);
        }
        #[cfg(planted)]
        if crate::planted::is("receipt-unsigned") && T::TYPE == "stafett-receipt" {
            let decoded = jsonwebtoken::dangerous::insecure_decode::<serde_json::Value>(&self.token);
            let claims = decoded.map_err(|_| VerifyError::Form)?.claims;
            let statement = serde_json::from_value(claims).map_err(|_| VerifyError::Shape)?;
            return Ok(Verified { statement, token: self.token, key: PublicKey([0; 32]) });
        }
        let key = keys
            .iter()
            .find(|key| header.kid.as_deref() == Some(key.to_string().as_str()))
            .ok_or(VerifyError::Signature)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let decoded = jsonwebtoken::decode::<serde_json::Value>(
            &self.token,
            &DecodingKey::from_ed_der(&key.0),
            &validation,
        )
        .map_err(|_| VerifyError::Signature)?;
        let statement = serde_json::from_value(decoded.claims).map_err(|_| VerifyError::Shape)?;
        Ok(Verified { statement, token: self.token, key: *key })
    }
}

/// A statement that a known key signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T> {
    statement: T,
    token: String,
    key: PublicKey,
}

impl<T> Verified<T> {
    /// Returns what was stated.
    pub fn statement(&self) -> &T {
        &self.statement
    }

    /// Returns the token as it was signed.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Returns the key that signed it.
    pub fn key(&self) -> PublicKey {
        self.key
    }

    /// Returns the hash of the token.
    pub fn hash(&self) -> StatementHash {
        StatementHash::of(&self.token)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    struct Remark {
        words: String,
    }
    impl Statement for Remark {
        const TYPE: &'static str = "stafett-remark";
    }

    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    struct Other {
        words: String,
    }
    impl Statement for Other {
        const TYPE: &'static str = "stafett-other";
    }

    /// A key from 32 bytes of seed, in PKCS #8 as RFC 8410 section 7 lays it out.
    pub(crate) fn key_from_seed(seed: u8) -> SigningKey {
        let mut pkcs8 = vec![
            0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
        ];
        pkcs8.extend([seed; 32]);
        SigningKey::from_pkcs8(&pkcs8).expect("a key of 32 bytes")
    }

    fn signed() -> Verified<Remark> {
        key_from_seed(1).sign(Remark { words: "all is well".into() }).expect("signs")
    }

    #[test]
    fn signature_of_a_known_key_opens_the_statement() {
        let token = signed().token().to_owned();

        let verified = Signed::<Remark>::from_token(token)
            .verify(&[key_from_seed(2).public(), key_from_seed(1).public()]);

        assert_eq!(verified.expect("verifies").statement().words, "all is well");
    }

    #[test]
    fn signature_of_an_unknown_key_opens_nothing() {
        let verified =
            Signed::<Remark>::from_token(signed().token().to_owned()).verify(&[key_from_seed(2).public()]);

        assert_eq!(verified, Err(VerifyError::Signature));
    }

    #[test]
    fn token_of_one_kind_never_passes_as_another() {
        let verified =
            Signed::<Other>::from_token(signed().token().to_owned()).verify(&[key_from_seed(1).public()]);

        assert_eq!(verified, Err(VerifyError::Type));
    }

    #[test]
    fn token_changed_in_any_place_is_refused() {
        let token = signed().token().to_owned();
        for position in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ascii");

            let verified = Signed::<Remark>::from_token(changed).verify(&[key_from_seed(1).public()]);

            assert!(verified.is_err(), "position {position}");
        }
    }

    #[test]
    fn same_statement_and_key_give_the_same_token() {
        assert_eq!(signed().token(), signed().token());
    }
}
