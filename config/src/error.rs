//! What was wrong with a file of settings, and where.

use std::fmt;
use std::path::PathBuf;

/// A position in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as it was named when it was opened.
    pub file: PathBuf,
    /// The line, counted from 1.
    pub line: u32,
    /// The column in characters, counted from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A file of settings.
    File(Place),
    /// A variable of the environment; the key is its name.
    Environment,
    /// An argument of the command; the key is its name.
    CommandLine,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(place) => place.fmt(f),
            Self::Environment => f.write_str("environment"),
            Self::CommandLine => f.write_str("command line"),
        }
    }
}

/// Why settings were refused.
///
/// The message is one line, names no person and repeats no text from the file of people and none
/// that should have been a key.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file could not be read, or a folder not listed.
    #[error("{}: expected a readable {what}, found: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// `file` or `folder`.
        what: &'static str,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The text is no TOML; nothing of the file was used.
    #[error("{place}: expected TOML, found: {message}")]
    Syntax {
        /// Where reading stopped.
        place: Place,
        /// What the TOML reader expected; it repeats no text of the file.
        message: String,
    },
    /// A key that no section has, most often a slip in a name.
    #[error("{place}: {key}: expected one of {}, found an unknown key", expected.join(", "))]
    UnknownKey {
        /// Where the key stands.
        place: Place,
        /// The key with its section, or the section alone in the file of people.
        key: String,
        /// The keys that may stand there.
        expected: &'static [&'static str],
    },
    /// A key without a default is absent.
    #[error("{place}: {key}: expected {expected}, found nothing")]
    Missing {
        /// The head of its section.
        place: Place,
        /// The key with its section.
        key: String,
        /// What it must hold.
        expected: String,
    },
    /// A value is of the wrong form, or does not fit the others.
    #[error("{origin}: {key}: expected {expected}, found {found}")]
    Value {
        /// Where the value came from.
        origin: Origin,
        /// The key with its section.
        key: String,
        /// What it must hold.
        expected: String,
        /// What it holds, as far as it may be shown.
        found: String,
    },
    /// A file with a secret can be read by others than its owner.
    #[error("{}: expected a file that only its owner can read (mode 600), found mode {mode:03o}", path.display())]
    SecretMode {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A file with a secret has no plausible size.
    #[error("{}: expected a file of 1 to {expected_max} bytes, found {found} bytes", path.display())]
    SecretSize {
        /// The file.
        path: PathBuf,
        /// Bytes allowed.
        expected_max: u64,
        /// Bytes found; one more than allowed if it is larger still.
        found: u64,
    },
}
