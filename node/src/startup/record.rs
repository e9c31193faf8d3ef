//! Recording what is handed to each connection, on a node with invented persons only.
//!
//! One file per partner and stream, `ORGANISATION-control.frames` or `-data.frames`: each frame
//! with its length before it, as on the wire. The settings refuse this on a node that others
//! reach, because the files hold content outside the sealed store.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use stafett_protocol::municipality::OrganisationNumber;

use crate::transport::framing::length_prefix;
use crate::transport::{FrameRecorder, StreamKind};

type Files = BTreeMap<(OrganisationNumber, StreamKind), File>;

/// Makes the folder and a recorder that appends to files in it.
pub(super) fn recorder(folder: &Path) -> std::io::Result<FrameRecorder> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let folder = folder.to_owned();
    let files = Mutex::new(Files::new());
    Ok(Arc::new(move |partner, stream, frame| {
        let mut files = files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = record(&mut files, &folder, (partner, stream), frame) {
            tracing::error!(%error, %partner, "a frame was not recorded");
        }
    }))
}

fn record(
    files: &mut Files,
    folder: &Path,
    of: (OrganisationNumber, StreamKind),
    frame: &[u8],
) -> std::io::Result<()> {
    let mut line = length_prefix(frame).map_err(std::io::Error::other)?.to_vec();
    line.extend_from_slice(frame);
    let file = match files.entry(of) {
        std::collections::btree_map::Entry::Occupied(open) => open.into_mut(),
        std::collections::btree_map::Entry::Vacant(missing) => missing.insert(open(&path(folder, of))?),
    };
    file.write_all(&line)
}

fn path(folder: &Path, (partner, stream): (OrganisationNumber, StreamKind)) -> PathBuf {
    let stream = match stream {
        StreamKind::Control => "control",
        StreamKind::Data => "data",
    };
    folder.join(format!("{partner}-{stream}.frames"))
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_recorded_as_on_the_wire_for_each_partner_and_stream() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let partner = "840029212".parse().expect("an organisation number");
        let recorder = recorder(&folder.path().join("frames")).expect("a writable folder");

        recorder(partner, StreamKind::Data, &[0, 1, 9]);
        recorder(partner, StreamKind::Control, &[0, 2]);
        recorder(partner, StreamKind::Data, &[0, 3]);

        let read = |name: &str| std::fs::read(folder.path().join("frames").join(name)).expect("a file");
        assert_eq!(read("840029212-data.frames"), [0, 0, 0, 3, 0, 1, 9, 0, 0, 0, 2, 0, 3]);
        assert_eq!(read("840029212-control.frames"), [0, 0, 0, 2, 0, 2]);
    }
}
