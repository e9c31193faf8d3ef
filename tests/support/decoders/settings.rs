//! Files of settings. They are read from the disk, so they are written there first.

use std::path::PathBuf;
use std::sync::OnceLock;

use stafett_config::{Environment, NodeConfig, Partners, People};
use tempfile::TempDir;

struct Folder {
    folder: TempDir,
    config: NodeConfig,
}

fn folder() -> &'static Folder {
    static FOLDER: OnceLock<Folder> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let memory = PathBuf::from("/dev/shm");
        let within = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let folder = tempfile::Builder::new().prefix("stafett-decoders-").tempdir_in(within);
        let folder = folder.expect("a temporary folder");
        let path = folder.path().join("stafett.toml");
        std::fs::write(&path, include_str!("../../../config/samples/full.toml")).expect("writes");
        let config = stafett_config::load(&path, &Environment::default()).expect("the sample loads");
        Folder { folder, config }
    })
}

fn written(name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder().folder.path().join(format!("{name}-{:?}", std::thread::current().id()));
    std::fs::write(&path, bytes).expect("writes");
    path
}

/// A node's settings; an error is one that can be shown.
pub(super) fn node(bytes: &[u8]) {
    if let Err(refused) = stafett_config::load(&written("node", bytes), &Environment::default()) {
        assert!(!refused.to_string().is_empty());
    }
}

/// A partner's file; what is taken is written again as a file that is taken.
pub(super) fn partner(bytes: &[u8]) {
    let config = &folder().config;
    match Partners::load_one(&written("partner", bytes), config, None) {
        Ok(partner) => {
            let text = stafett_config::templates::partner_toml(&partner);
            let again = Partners::load_one(&written("partner", text.as_bytes()), config, None);
            assert!(again.is_ok(), "a partner's file is written so that it is refused: {again:?}\n{text}");
        }
        Err(refused) => assert!(!refused.to_string().is_empty()),
    }
}

/// The file of people.
pub(super) fn people(bytes: &[u8]) {
    let path = written("people", bytes);
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&path, private).expect("the mode of an own file");
    if let Err(refused) = People::load_file(&path, &folder().config) {
        assert!(!refused.to_string().is_empty());
    }
}
