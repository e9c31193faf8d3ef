//! Who speaks with whom on a link, and within which bounds.

use std::sync::Arc;

use crate::erasure::retention::Retention;
use crate::limits::{PARTNER_BYTES_MAX, PARTNER_ENTRIES_MAX};
use crate::municipality::OrganisationNumber;
use crate::signed::{PublicKey, SigningKey};
use crate::succession::sealed::PackageSecret;

/// Who speaks with whom.
#[derive(Debug, Clone)]
pub struct Identity {
    /// This node.
    pub own: OrganisationNumber,
    /// The partner's node.
    pub partner: OrganisationNumber,
    /// Signs receipts.
    pub signing: Arc<SigningKey>,
    /// The keys that this node signed with before: by them it knows its older statements when a
    /// partner shows them (law 16).
    pub earlier_keys: Vec<PublicKey>,
    /// The partner's keys for statements, current and next.
    pub partner_keys: Vec<PublicKey>,
    /// How many entries the partner may have stored here.
    pub entries_max: u64,
    /// How many bytes they may have.
    pub bytes_max: u64,
    /// What this municipality must keep of what it received.
    pub retention: Arc<Retention>,
    /// What the keys of packages are derived from.
    pub package_secret: Arc<PackageSecret>,
}

impl Identity {
    /// The bound on entries when the agreement names none.
    pub const ENTRIES_MAX: u64 = PARTNER_ENTRIES_MAX;
    /// The bound on bytes when the agreement names none.
    pub const BYTES_MAX: u64 = PARTNER_BYTES_MAX;

    /// Every key by which an own statement is known.
    pub(super) fn own_keys(&self) -> Vec<PublicKey> {
        std::iter::once(self.signing.public()).chain(self.earlier_keys.iter().copied()).collect()
    }
}

impl super::Session {
    /// An actor for documents that are built only to check changes; it never makes one.
    pub(super) fn scratch_actor(&self, entry: crate::id::EntryId) -> crate::entry::Actor {
        use sha2::{Digest, Sha256};
        let mut hash = Sha256::new();
        hash.update(b"stafett check");
        hash.update(self.identity.own.value().to_be_bytes());
        hash.update(entry.as_bytes());
        let digest: [u8; 32] = hash.finalize().into();
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        crate::entry::Actor(bytes)
    }
}
