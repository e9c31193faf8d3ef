//! Secrets: read from a file that only its owner can read, never printed.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::ConfigError;

/// Bytes that a file with a secret holds at the most; a PEM key has some hundred.
pub const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// A value that is never printed. It has no `Display`, and no `==`, which would take the longer the
/// more of a guess is right.
#[derive(Clone)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Keeps `value` from being printed.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Returns the value, for the one place that uses it.
    pub const fn reveal(&self) -> &T {
        &self.0
    }

    /// Makes another secret from this one, such as a key from its bytes.
    ///
    /// # Errors
    /// What `make` returns; the caller sees to it that the error holds nothing of the value.
    pub fn try_map<U, E>(self, make: impl FnOnce(T) -> Result<U, E>) -> Result<Secret<U>, E> {
        make(self.0).map(Secret)
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("«redacted»")
    }
}

impl Secret<Vec<u8>> {
    /// Reads the bytes of `path`.
    ///
    /// # Errors
    /// [`ConfigError::Unreadable`] if the file is absent or closed to us,
    /// [`ConfigError::SecretMode`] if its group or others may read, write or run it, and
    /// [`ConfigError::SecretSize`] if it is empty or larger than [`SECRET_BYTES_MAX`].
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), what: "file", source };
        // One open file is checked and read, so that it cannot be exchanged in between.
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        check_mode(path, &metadata)?;
        let mut bytes = Vec::new();
        file.take(SECRET_BYTES_MAX.saturating_add(1)).read_to_end(&mut bytes).map_err(unreadable)?;
        let found = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if found == 0 || found > SECRET_BYTES_MAX {
            return Err(ConfigError::SecretSize {
                path: path.to_owned(),
                expected_max: SECRET_BYTES_MAX,
                found,
            });
        }
        Ok(Self(bytes))
    }
}

/// Refuses permission bits for group and others.
#[cfg(unix)]
fn check_mode(path: &Path, metadata: &std::fs::Metadata) -> Result<(), ConfigError> {
    use std::os::unix::fs::PermissionsExt;

    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(ConfigError::SecretMode { path: path.to_owned(), mode }) }
}

/// Access lists of other systems have no such bits; the folder of keys is closed at set-up there.
#[cfg(not(unix))]
fn check_mode(_path: &Path, _metadata: &std::fs::Metadata) -> Result<(), ConfigError> {
    Ok(())
}
