//! The folder the keys are kept in: four files, open to their owner only, and a fifth once the
//! signing key was changed.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rcgen::KeyPair;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::fingerprint::parse_hex;
use super::{KeysError, NodeKeys};

pub(super) const TLS_KEY: &str = "tls.key";
pub(super) const TLS_CERTIFICATE: &str = "tls.crt";
pub(super) const SIGNING_KEY: &str = "signing.key";
pub(super) const WRAPPING_KEY: &str = "wrapping.key";
/// The public signing keys from before, one in each line.
pub(super) const EARLIER_KEYS: &str = "signing.earlier";

/// No key or certificate of ours is near this size; a longer file is something else.
const FILE_BYTES_MAX: u64 = 64 * 1024;

impl NodeKeys {
    /// Writes four files of mode 600 into `folder`, which is made with mode 700 if missing, and
    /// returns when they are on disk.
    ///
    /// # Errors
    /// [`KeysError::AlreadyThere`] if one of the files exists: nothing is written then.
    /// [`KeysError::File`] if writing fails: what was written before is removed again.
    pub fn write(&self, folder: &Path) -> Result<(), KeysError> {
        let files = [
            (TLS_KEY, self.tls.serialize_pem()),
            (TLS_CERTIFICATE, self.certificate_pem.clone()),
            (SIGNING_KEY, self.signing.serialize_pem()),
            (WRAPPING_KEY, hex_line(&self.wrapping)),
        ];
        make_folder(folder)?;
        if let Some(path) = files.iter().map(|(name, _)| folder.join(name)).find(|path| path.exists()) {
            return Err(KeysError::AlreadyThere { path });
        }
        let mut written = Vec::new();
        for (name, content) in &files {
            let path = folder.join(name);
            if let Err(error) = write_new(&path, content.as_bytes()) {
                for path in written {
                    // Best effort: the first error is the one to report.
                    let _ = std::fs::remove_file(path);
                }
                return Err(error);
            }
            written.push(path);
        }
        sync_folder(folder)
    }

    /// Puts the certificate in place of the one in `folder`; the keys beside it stay.
    ///
    /// # Errors
    /// [`KeysError::File`] if writing fails; the old certificate is then still there.
    pub fn replace_certificate(&self, folder: &Path) -> Result<(), KeysError> {
        let path = folder.join(TLS_CERTIFICATE);
        let fresh = folder.join("tls.crt.new");
        match std::fs::remove_file(&fresh) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                return Err(KeysError::File { path: fresh, source });
            }
            _ => {}
        }
        write_new(&fresh, self.certificate_pem.as_bytes())?;
        std::fs::rename(&fresh, &path).map_err(|source| KeysError::File { path, source })?;
        sync_folder(folder)
    }

    /// Reads the files and checks that they belong together.
    ///
    /// # Errors
    /// [`KeysError::OpenToOthers`] if the group or others have any right to a file: mend the mode,
    /// and consider the keys known to others. [`KeysError::File`], [`KeysError::Content`],
    /// [`KeysError::Certificate`] and [`KeysError::CertificateOfAnotherKey`] name what to restore.
    pub fn read(folder: &Path) -> Result<Self, KeysError> {
        let tls = read_key(&folder.join(TLS_KEY), &rcgen::PKCS_ECDSA_P256_SHA256, "an ECDSA P-256 key")?;
        let signing = read_key(&folder.join(SIGNING_KEY), &rcgen::PKCS_ED25519, "an Ed25519 key")?;
        let path = folder.join(TLS_CERTIFICATE);
        let certificate_pem = read_private(&path)?;
        let certificate = CertificateDer::from_pem_slice(certificate_pem.as_bytes())
            .map_err(|_| KeysError::Content { path, expected: "a certificate in PEM" })?;
        let path = folder.join(WRAPPING_KEY);
        let wrapping = parse_hex(read_private(&path)?.trim_end())
            .ok_or(KeysError::Content { path, expected: "64 hexadecimal digits" })?;
        let earlier_signing = read_earlier(&folder.join(EARLIER_KEYS))?;
        Ok(Self { earlier_signing, ..Self::assemble(tls, certificate_pem, certificate, signing, wrapping)? })
    }
}

/// Reads the public keys that the node signed with before; none if there is no such file.
fn read_earlier(path: &Path) -> Result<Vec<[u8; 32]>, KeysError> {
    let content = match read_private(path) {
        Err(KeysError::File { source, .. }) if source.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        read => read?,
    };
    let lines = content.lines().map(str::trim).filter(|line| !line.is_empty());
    let keys: Option<Vec<_>> = lines.map(parse_hex).collect();
    keys.ok_or_else(|| KeysError::Content {
        path: path.to_owned(),
        expected: "64 hexadecimal digits in each line",
    })
}

fn read_key(
    path: &Path,
    algorithm: &'static rcgen::SignatureAlgorithm,
    expected: &'static str,
) -> Result<KeyPair, KeysError> {
    let pem = read_private(path)?;
    KeyPair::from_pkcs8_pem_and_sign_algo(&pem, algorithm)
        .map_err(|_| KeysError::Content { path: path.to_owned(), expected })
}

/// Looks at the mode of the file it has opened, so nobody can put another in its place between.
fn read_private(path: &Path) -> Result<String, KeysError> {
    let failed = |source| KeysError::File { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeysError::OpenToOthers { path: path.to_owned(), mode });
    }
    let mut content = String::new();
    file.take(FILE_BYTES_MAX).read_to_string(&mut content).map_err(failed)?;
    Ok(content)
}

fn make_folder(folder: &Path) -> Result<(), KeysError> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|source| KeysError::File { path: folder.to_owned(), source })
}

fn write_new(path: &PathBuf, content: &[u8]) -> Result<(), KeysError> {
    let failed = |source: std::io::Error| match source.kind() {
        ErrorKind::AlreadyExists => KeysError::AlreadyThere { path: path.clone() },
        _ => KeysError::File { path: path.clone(), source },
    };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    // A mask in the environment can only take rights away from the mode asked for; this restores
    // the owner's, so the node can read the file again.
    file.set_permissions(Permissions::from_mode(0o600)).map_err(failed)?;
    file.write_all(content).and_then(|()| file.sync_all()).map_err(failed)
}

fn sync_folder(folder: &Path) -> Result<(), KeysError> {
    File::open(folder)
        .and_then(|opened| opened.sync_all())
        .map_err(|source| KeysError::File { path: folder.to_owned(), source })
}

fn hex_line(bytes: &[u8; 32]) -> String {
    let mut line: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    line.push('\n');
    line
}
