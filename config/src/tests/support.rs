//! A node's folder that is written for one test.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{ConfigError, Environment, NodeConfig, OwnKeys, Partners, People, load};

/// A file with every section that the tests of single keys extend. The last line is line 16.
pub(crate) const NODE: &str = r#"[node]
municipality = "5053"
organisation = "997391853"
name = "Inderøy kommune"

[[areas]]
code = "language"
names.nb = "Språk"

[[services]]
code = "school"
names.nb = "Skole"
kind = "school"

[federation]
listen = "127.0.0.1:7443"
"#;

pub(crate) const PARTNER: &str = r#"organisation = "840029212"
name = "Steinkjer kommune"
municipality = "5006"
legal_form = "host-municipality"
controller = "840029212"

[keys]
tls_current = "1111111111111111111111111111111111111111111111111111111111111111"
signing_current = "2222222222222222222222222222222222222222222222222222222222222222"

[agreement]
reference = "2026/1042-3"
processor_agreement = "2026/1042-4"
from = 2026-08-01
until = 2028-07-31
areas = ["language"]
our_services = ["school"]

[[services]]
code = "ppt"
names.nb = "PPT"
"#;

pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a temporary folder"));
        std::fs::create_dir(folder.path("partners")).expect("an empty folder");
        folder.write("stafett.toml", NODE)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(self, name: &str, text: &str) -> Self {
        std::fs::write(self.path(name), text).expect("a writable folder");
        self
    }

    /// Writes a file and reads the folder with it.
    pub(crate) fn write_and<T>(self, name: &str, text: &str, read: impl FnOnce(&Self) -> T) -> T {
        read(&self.write(name, text))
    }

    pub(crate) fn load(&self) -> Result<NodeConfig, ConfigError> {
        load(&self.path("stafett.toml"), &Environment::default())
    }

    pub(crate) fn config(&self) -> NodeConfig {
        self.load().expect("a right file")
    }

    pub(crate) fn partners(&self) -> Result<Partners, ConfigError> {
        Partners::load(&self.config(), None)
    }

    pub(crate) fn partners_beside(&self, own: &OwnKeys) -> Result<Partners, ConfigError> {
        Partners::load(&self.config(), Some(own))
    }

    pub(crate) fn people(&self) -> Result<People, ConfigError> {
        People::load(&self.config())
    }

    /// The message of a refusal, with paths from this folder on.
    pub(crate) fn message<T>(&self, refused: Result<T, ConfigError>) -> String {
        let message = refused.err().expect("a refusal").to_string();
        message.replace(&format!("{}/", self.0.path().display()), "")
    }
}

/// The message with which a node's file is refused.
pub(crate) fn node_refusal(text: &str) -> String {
    let folder = Folder::new().write("stafett.toml", text);
    let refused = folder.load();
    folder.message(refused)
}

/// The message with which a partner's file is refused beside [`NODE`].
pub(crate) fn partner_refusal(text: &str) -> String {
    let folder = Folder::new().write("partners/steinkjer.toml", text);
    let refused = folder.partners();
    folder.message(refused)
}

/// The message with which a file of people is refused beside [`NODE`].
pub(crate) fn people_refusal(text: &str) -> String {
    let folder = Folder::new().write("people.toml", text);
    let refused = folder.people();
    folder.message(refused)
}

/// Puts `right` in the place of `wrong`, which must be there exactly once.
pub(crate) fn replaced(text: &str, wrong: &str, right: &str) -> String {
    assert_eq!(text.matches(wrong).count(), 1, "{wrong}");
    text.replace(wrong, right)
}

pub(crate) fn samples() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/samples"))
}
