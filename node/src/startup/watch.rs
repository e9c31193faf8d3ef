//! Notices that files changed, by reading them: times and sizes miss a change within a second or
//! of the same length, and a folder mounted into a container tells nothing.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Files of a folder that are looked at; Norway has 357 municipalities.
const FILES_MAX: usize = 2_000;
/// Bytes of a file that are looked at; a partner's file has some thousand.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Some files, and what they held when they were looked at last.
pub(super) struct Files {
    place: Place,
    seen: Option<[u8; 32]>,
}

#[derive(Clone)]
enum Place {
    Folder(PathBuf),
    File(PathBuf),
}

impl Files {
    /// Watches the files of one folder.
    pub(super) fn of_folder(path: &Path) -> Self {
        Self::at(Place::Folder(path.to_owned()))
    }

    /// Watches one file.
    pub(super) fn of_file(path: &Path) -> Self {
        Self::at(Place::File(path.to_owned()))
    }

    fn at(place: Place) -> Self {
        Self { place, seen: None }
    }

    /// Looks again, and returns whether something is different. The first look always is: a file
    /// may have changed between its reading and the watch. Files that cannot be read are
    /// different once, and again when they can.
    pub(super) async fn changed(&mut self) -> bool {
        let place = self.place.clone();
        // A look that was cut short because the node stops has seen nothing new.
        let Ok(now) = tokio::task::spawn_blocking(move || look(&place)).await else { return false };
        let changed = self.seen != Some(now);
        self.seen = Some(now);
        changed
    }
}

fn look(place: &Place) -> [u8; 32] {
    let mut hash = Sha256::new();
    let looked = match place {
        Place::File(path) => hash_file(&mut hash, path),
        Place::Folder(path) => hash_folder(&mut hash, path),
    };
    if let Err(error) = looked {
        hash.update(b"unreadable");
        hash.update(error.kind().to_string());
    }
    hash.finalize().into()
}

fn hash_folder(hash: &mut Sha256, folder: &Path) -> std::io::Result<()> {
    let mut paths = Vec::new();
    for file in std::fs::read_dir(folder)?.take(FILES_MAX) {
        let path = file?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().try_for_each(|path| hash_file(hash, path))
}

fn hash_file(hash: &mut Sha256, path: &Path) -> std::io::Result<()> {
    use std::io::Read;
    let mut content = Sha256::new();
    let mut file = std::fs::File::open(path)?.take(FILE_BYTES_MAX);
    std::io::copy(&mut file, &mut content)?;
    hash.update(path.as_os_str().as_encoded_bytes());
    hash.update([0]);
    hash.update(content.finalize());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn change_of_any_file_is_noticed_once_also_if_its_length_stays() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("a writable folder");
        };
        write("a.toml", "one");
        let mut files = Files::of_folder(folder.path());

        assert!(files.changed().await, "the first look");
        assert!(!files.changed().await, "nothing changed");
        write("a.toml", "two");
        assert!(files.changed().await, "another content");
        write("b.toml", "three");
        assert!(files.changed().await, "another file");
        write("notes.txt", "not a partner");
        assert!(!files.changed().await, "a file of another kind");
        std::fs::rename(folder.path().join("b.toml"), folder.path().join("c.toml")).expect("renames");
        assert!(files.changed().await, "another name");
        std::fs::remove_file(folder.path().join("c.toml")).expect("removes");
        assert!(files.changed().await, "a file is gone");
        assert!(!files.changed().await, "nothing changed again");
    }

    #[tokio::test]
    async fn folder_that_is_gone_and_comes_back_is_noticed_each_time() {
        let around = tempfile::tempdir().expect("a temporary folder");
        let folder = around.path().join("partners");
        std::fs::create_dir(&folder).expect("a folder");
        let mut files = Files::of_folder(&folder);
        assert!(files.changed().await);

        std::fs::remove_dir(&folder).expect("removes");
        assert!(files.changed().await);
        assert!(!files.changed().await);
        std::fs::create_dir(&folder).expect("a folder");

        assert!(files.changed().await);
    }
}
