//! Stands between this process and the system for the files of a journal, which are not SQLite's:
//! what is written to them, cut off, renamed or forced to the disk goes past a disk of ours first,
//! which may fail it, and which knows what a power cut would leave. The files themselves stay in
//! the real file system, where they are read.
//!
//! The functions have the names of the C library's, so that the standard library calls them in
//! this process; for every other file they hand on to the C library's own. Everything unsafe of
//! it stands here. Not seen are opening and making a file: one that was made is known once
//! something is done to it or to its folder.

use std::collections::BTreeMap;
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::io::Error;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use crate::disk::{Disk, Failure, JOURNAL};

/// Which disk stands behind which journal's folder.
static FOLDERS: Mutex<BTreeMap<PathBuf, Arc<Disk>>> = Mutex::new(BTreeMap::new());

/// Errors of the system: of the device, and of no room (errno(3)).
const EIO: c_int = 5;
const ENOSPC: c_int = 28;

unsafe extern "C" {
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
    fn lseek64(fd: c_int, offset: i64, whence: c_int) -> i64;
    fn __errno_location() -> *mut c_int;
}

/// The next definition of a name after this program's: the C library's (dlsym(3)).
const RTLD_NEXT: *mut c_void = -1_isize as *mut c_void;
const SEEK_CUR: c_int = 1;

type WriteCall = unsafe extern "C" fn(c_int, *const c_void, usize) -> isize;
type TruncateCall = unsafe extern "C" fn(c_int, i64) -> c_int;
type SyncCall = unsafe extern "C" fn(c_int) -> c_int;
type RenameCall = unsafe extern "C" fn(*const c_char, *const c_char) -> c_int;

struct System {
    write: WriteCall,
    truncate: TruncateCall,
    sync: SyncCall,
    rename: RenameCall,
}

static SYSTEM: LazyLock<System> = LazyLock::new(|| {
    let find = |name: &CStr| {
        // SAFETY: the name ends in a zero byte; looking it up has no other condition.
        let found = unsafe { dlsym(RTLD_NEXT, name.as_ptr()) };
        assert!(!found.is_null(), "the C library has {name:?}");
        found
    };
    // SAFETY: these are the C library's functions of those names, whose types POSIX says: write(2),
    // ftruncate(2) with an offset of 64 bits, fsync(2), rename(2).
    unsafe {
        System {
            write: std::mem::transmute::<*mut c_void, WriteCall>(find(c"write")),
            truncate: std::mem::transmute::<*mut c_void, TruncateCall>(find(c"ftruncate64")),
            sync: std::mem::transmute::<*mut c_void, SyncCall>(find(c"fsync")),
            rename: std::mem::transmute::<*mut c_void, RenameCall>(find(c"rename")),
        }
    }
});

/// A disk that stands behind a journal's folder until this is dropped.
#[derive(Debug)]
pub struct Behind(PathBuf);

impl Behind {
    /// Has a disk stand behind a folder: what lies there is already on the disk.
    pub fn new(folder: &Path, disk: Arc<Disk>) -> Self {
        FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned(), disk);
        Self(folder.to_owned())
    }
}

impl Drop for Behind {
    fn drop(&mut self) {
        FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

/// What a call is about.
enum Of {
    File(Arc<Disk>, String),
    Folder(Arc<Disk>),
}

fn find(path: &Path) -> Option<Of> {
    let folders = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(disk) = folders.get(path) {
        return Some(Of::Folder(Arc::clone(disk)));
    }
    let disk = folders.get(path.parent()?)?;
    Some(Of::File(Arc::clone(disk), format!("{JOURNAL}{}", path.file_name()?.to_str()?)))
}

/// What an open file is; nothing if it is not of a journal.
fn behind(fd: c_int) -> Option<Of> {
    if FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
        return None;
    }
    find(&std::fs::read_link(format!("/proc/self/fd/{fd}")).ok()?)
}

/// Returns what a call returns that failed, or what it came to.
fn answer<T: From<i8>>(outcome: Result<std::io::Result<T>, Failure>) -> T {
    let error = match outcome {
        Ok(Ok(done)) => return done,
        Ok(Err(error)) => error.raw_os_error().unwrap_or(EIO),
        Err(Failure::Full) => ENOSPC,
        Err(Failure::Broken) => EIO,
    };
    // SAFETY: the C library returns this thread's own place, which is always there.
    unsafe { __errno_location().write(error) };
    T::from(-1)
}

/// write(2).
///
/// # Safety
/// As the system asks: `bytes` has `count` readable bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn write(fd: c_int, bytes: *const c_void, count: usize) -> isize {
    // Standard streams are no journal's.
    let of = if fd > 2 { behind(fd) } else { None };
    let Some(Of::File(disk, name)) = of else {
        // SAFETY: the caller's promise.
        return unsafe { (SYSTEM.write)(fd, bytes, count) };
    };
    // SAFETY: asking for a position changes nothing.
    let offset = u64::try_from(unsafe { lseek64(fd, 0, SEEK_CUR) }).unwrap_or(0);
    // SAFETY: the caller's promise.
    let all = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), count) };
    answer(disk.write_through(&name, offset, all, |some| {
        // SAFETY: the bytes are there as a slice.
        let written = unsafe { (SYSTEM.write)(fd, some.as_ptr().cast(), some.len()) };
        usize::try_from(written).map(|_| written).map_err(|_| Error::last_os_error())
    }))
}

/// ftruncate(2).
#[unsafe(no_mangle)]
extern "C" fn ftruncate64(fd: c_int, length: i64) -> c_int {
    // SAFETY: it takes any number for a file and a length.
    let truncate = || match unsafe { (SYSTEM.truncate)(fd, length) } {
        0 => Ok(0),
        _ => Err(Error::last_os_error()),
    };
    match behind(fd) {
        Some(Of::File(disk, name)) => {
            answer(disk.truncate_through(&name, u64::try_from(length).unwrap_or(0), truncate))
        }
        _ => answer(Ok(truncate())),
    }
}

/// fsync(2), of a file or of a folder.
#[unsafe(no_mangle)]
extern "C" fn fsync(fd: c_int) -> c_int {
    match behind(fd) {
        Some(Of::File(disk, name)) => answer(disk.sync(&name, false).map(|()| Ok(0))),
        Some(Of::Folder(disk)) => answer(disk.sync_names().map(|()| Ok(0))),
        // SAFETY: it takes any number for a file.
        None => unsafe { (SYSTEM.sync)(fd) },
    }
}

/// rename(2).
///
/// # Safety
/// As the system asks: both names end in a zero byte.
#[unsafe(no_mangle)]
unsafe extern "C" fn rename(old: *const c_char, new: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    let [from, to] =
        [old, new].map(|name| Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes())));
    // SAFETY: the caller's promise.
    let renamed = || match unsafe { (SYSTEM.rename)(old, new) } {
        0 => Ok(0),
        _ => Err(Error::last_os_error()),
    };
    match (find(from), find(to)) {
        (Some(Of::File(disk, from)), Some(Of::File(_, to))) => {
            answer(disk.rename_through(&from, &to, renamed))
        }
        _ => answer(Ok(renamed())),
    }
}
