//! Files with secrets.

use std::os::unix::fs::PermissionsExt;

use super::support::Folder;
use crate::Secret;
use crate::secret::SECRET_BYTES_MAX;

fn with_mode(mode: u32, bytes: &[u8]) -> Folder {
    let folder = Folder::new();
    let path = folder.path("signing.key");
    std::fs::write(&path, bytes).expect("a writable folder");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("our own file");
    folder
}

#[test]
fn secret_that_only_its_owner_can_read_is_read() {
    for mode in [0o600, 0o400] {
        let folder = with_mode(mode, b"not a real key");

        let secret = Secret::read(&folder.path("signing.key")).expect("a closed file");

        assert_eq!(secret.reveal(), b"not a real key");
    }
}

#[test]
fn secret_that_group_or_others_can_reach_is_refused() {
    for (mode, shown) in [(0o640, "640"), (0o604, "604"), (0o620, "620"), (0o601, "601"), (0o666, "666")] {
        let folder = with_mode(mode, b"not a real key");

        let refused = Secret::read(&folder.path("signing.key"));

        assert_eq!(
            folder.message(refused),
            format!(
                "signing.key: expected a file that only its owner can read (mode 600), found mode {shown}"
            )
        );
    }
}

#[test]
fn missing_key_file_is_named() {
    let folder = Folder::new();

    let refused = Secret::read(&folder.config().store.key_files().tls_key);

    assert_eq!(
        folder.message(refused),
        "keys/tls.key: expected a readable file, found: No such file or directory (os error 2)"
    );
}

#[test]
fn empty_or_huge_secret_is_refused() {
    let most = usize::try_from(SECRET_BYTES_MAX).expect("a small number");
    for (length, shown) in [(0, 0), (most + 1, SECRET_BYTES_MAX + 1), (2 * most, SECRET_BYTES_MAX + 1)] {
        let folder = with_mode(0o600, &vec![7; length]);

        let refused = Secret::read(&folder.path("signing.key"));

        assert_eq!(
            folder.message(refused),
            format!("signing.key: expected a file of 1 to 65536 bytes, found {shown} bytes")
        );
    }
    let folder = with_mode(0o600, &vec![7; most]);
    assert!(Secret::read(&folder.path("signing.key")).is_ok());
}

#[test]
fn secret_is_never_printed() {
    let secret = Secret::new("hemmelig".to_owned());
    let longer = secret.clone().try_map(|text| Ok::<_, std::fmt::Error>(text + "!")).expect("no error");

    assert_eq!(format!("{secret:?} {longer:?}"), "«redacted» «redacted»");
    assert_eq!(longer.reveal(), "hemmelig!");
}
