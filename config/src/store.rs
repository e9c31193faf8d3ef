//! `[store]`: where data, keys and journal lie.

use std::path::{Component, Path, PathBuf};

use crate::document::{Located, Section};
use crate::error::ConfigError;

/// The three folders of a node. None lies in another, so that a copy or a snapshot of the data
/// holds neither the key that opens it nor the journal that shows it to be old.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// The data folder: SQLite and the wrapped data keys.
    pub folder: PathBuf,
    /// The folder with the node's own keys.
    pub keys: PathBuf,
    /// The folder with closing statements, outside data, backups and snapshots (law 16).
    pub journal: PathBuf,
}

/// The files in the folder of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFiles {
    /// The private key of the TLS certificate.
    pub tls_key: PathBuf,
    /// The TLS certificate; not secret.
    pub tls_certificate: PathBuf,
    /// The private key that signs grants, orders and receipts.
    pub signing_key: PathBuf,
    /// The key that wraps the data keys of the cases.
    pub wrapping_key: PathBuf,
}

pub(crate) const KEYS: &[&str] = &["folder", "keys", "journal"];

impl StoreConfig {
    pub(crate) fn read(section: &Section<'_>, base: &Path) -> Result<Self, ConfigError> {
        section.only(KEYS)?;
        let given = [section.get("folder")?, section.get("keys")?, section.get("journal")?];
        let [folder, keys, journal] = &given;
        let path = |given: &Option<Located<PathBuf>>, default: &str| {
            base.join(given.as_ref().map_or(Path::new(default), |located| &located.value))
        };
        let store = Self {
            folder: path(folder, "store"),
            keys: path(keys, "keys"),
            journal: path(journal, "journal"),
        };
        store.check_apart(section, &given)?;
        Ok(store)
    }

    /// Returns where the node's own keys lie.
    pub fn key_files(&self) -> KeyFiles {
        KeyFiles {
            tls_key: self.keys.join("tls.key"),
            tls_certificate: self.keys.join("tls.crt"),
            signing_key: self.keys.join("signing.key"),
            wrapping_key: self.keys.join("wrapping.key"),
        }
    }

    /// Checks that the three folders are there and can be listed.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`] for the first that is not; the node was not set up, or runs as
    /// another user.
    pub fn check_folders(&self) -> Result<(), ConfigError> {
        for path in [&self.folder, &self.keys, &self.journal] {
            std::fs::read_dir(path).map_err(|source| ConfigError::Unreadable {
                path: path.clone(),
                what: "folder",
                source,
            })?;
        }
        Ok(())
    }

    /// Refuses a folder that is another one or lies in it, at the key that was given.
    fn check_apart(
        &self,
        section: &Section<'_>,
        given: &[Option<Located<PathBuf>>; 3],
    ) -> Result<(), ConfigError> {
        let [folder, keys, journal] = given;
        let journal = ("journal", &self.journal, journal);
        let keys = ("keys", &self.keys, keys);
        let folder = ("folder", &self.folder, folder);
        let pairs = [
            (journal, folder),
            (keys, folder),
            (journal, keys),
            (folder, journal),
            (folder, keys),
            (keys, journal),
        ];
        for ((inner_key, inner, inner_given), (outer_key, outer, outer_given)) in pairs {
            if normalised(inner).starts_with(normalised(outer)) {
                let outside = format!("a folder outside store.{outer_key}");
                return Err(match (inner_given, outer_given) {
                    (Some(inner), _) => inner.refuse(outside),
                    (None, Some(outer)) => outer.refuse(format!("a folder without store.{inner_key} in it")),
                    (None, None) => section.missing(inner_key, outside),
                });
            }
        }
        Ok(())
    }
}

/// Resolves `.` and `..` by name alone: the folders need not exist yet.
fn normalised(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if normal.file_name().is_some() => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}
