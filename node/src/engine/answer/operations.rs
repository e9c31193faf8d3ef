//! How a node is run: its keys and its partners', its store, its access log. No content, no case
//! and no person.

use serde::{Deserialize, Serialize};
use stafett_protocol::time::UnixMillis;
use utoipa::ToSchema;

use crate::store::LogFault;
use crate::web::openapi::types as doc;

/// How the node is run.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct Operations {
    /// Its own keys, as `stafett identity` prints them.
    pub keys: OwnKeysItem,
    /// Its store.
    pub store: StoreItem,
    /// Its access log.
    pub access_log: AccessLogItem,
    /// How many entries could not be read, because their rows are damaged on this node's disk, when
    /// somebody came upon them since the program started.
    pub unreadable_entries: usize,
    /// Of how many own cases the private document, with the names of the family, could not be read when
    /// somebody looked at it last.
    pub unreadable_families: usize,
    /// The version of the program.
    pub version: String,
    /// The version of the protocol that it speaks.
    pub protocol_version: u16,
}

/// The node's own public keys, and the certificate that partners see.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct OwnKeysItem {
    /// SHA-256 of the TLS key (SubjectPublicKeyInfo), 64 hexadecimal digits: what partners pin.
    pub tls: String,
    /// The public signing key (Ed25519), 64 hexadecimal digits.
    pub signing: String,
    /// From when the certificate is valid.
    #[schema(value_type = doc::UnixMillis)]
    pub certificate_from: UnixMillis,
    /// Until when it is. The program must be started anew to take another into use.
    #[schema(value_type = doc::UnixMillis)]
    pub certificate_until: UnixMillis,
}

/// What the store takes on its disk.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct StoreItem {
    /// Bytes of the rows and of the wrapped keys.
    pub bytes: u64,
    /// Bytes of the write-ahead logs beside them.
    pub write_ahead_bytes: u64,
    /// Bytes that are left on the disk.
    pub free_bytes: u64,
    /// Whether that is little: less than 1 GiB, or than the store takes.
    pub is_nearly_full: bool,
    /// The number of the schema.
    pub schema: u32,
}

/// What is known of the access log. It is checked all the time, and nobody who asks waits for it.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct AccessLogItem {
    /// How many rows it had when it was last checked; none before the first walk is done, and while
    /// something is wrong.
    pub rows: Option<u64>,
    /// When it was last walked from its beginning; none before the first walk is done. Rows that came
    /// later are checked soon after they came; those before are not looked at again.
    #[schema(value_type = Option<doc::UnixMillis>)]
    pub walked_at: Option<UnixMillis>,
    /// How many rows it had then; none where `rows` is none.
    pub rows_walked: Option<u64>,
    /// Whether it is being walked from its beginning.
    pub is_walking: bool,
    /// What is wrong, if something was found; until a later walk from the beginning finds nothing.
    #[schema(value_type = Option<LogFaultItem>)]
    pub fault: Option<LogFaultItem>,
}

/// What is wrong with the access log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogFaultItem {
    /// Which fault.
    pub kind: LogFaultKind,
    /// The first row that is missing or changed, from 0; or how many rows the log had at the
    /// least.
    pub number: Option<u64>,
}

/// Which fault an access log has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LogFaultKind {
    /// A row is missing, stands elsewhere or was changed.
    Row,
    /// Rows are missing at the end, or the end was changed.
    End,
    /// The log was longer, or another, than it is.
    RolledBack,
}

impl From<LogFault> for LogFaultItem {
    fn from(fault: LogFault) -> Self {
        let (kind, number) = match fault {
            LogFault::Row { number } => (LogFaultKind::Row, Some(number)),
            LogFault::End => (LogFaultKind::End, None),
            LogFault::RolledBack { length } => (LogFaultKind::RolledBack, Some(length)),
        };
        Self { kind, number }
    }
}

/// The public keys of a partner's node, as its file pins them: 64 hexadecimal digits each.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct PartnerKeysItem {
    /// SHA-256 of the TLS key in use.
    pub tls_current: String,
    /// SHA-256 of the TLS key that follows.
    pub tls_next: Option<String>,
    /// The signing key in use.
    pub signing_current: String,
    /// The signing key that follows.
    pub signing_next: Option<String>,
    /// What the partner showed when it was last connected; none if it was not since the program
    /// started.
    #[schema(value_type = Option<ShownKeyItem>)]
    pub shown: Option<ShownKeyItem>,
}

/// The certificate that a partner showed at the latest connection.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct ShownKeyItem {
    /// Which of the pinned keys it has.
    pub key: PinnedKey,
    /// Until when the certificate is valid.
    #[schema(value_type = doc::UnixMillis)]
    pub certificate_until: UnixMillis,
}

/// Which of the keys that a partner's file pins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PinnedKey {
    /// The one in use.
    Current,
    /// The one that follows.
    Next,
    /// Neither any more: the file was changed since.
    Neither,
}
