//! Hands disks to SQLite as its file system, in place of the real one, for this whole process.
//!
//! Everything unsafe stands here and in [`file`]. What is taken for granted of SQLite is what it
//! documents for a `sqlite3_vfs`: names are strings that end in a zero byte, pointers to results
//! are writable, a file is used by one thread at a time and not after `xClose`.

mod file;

use std::collections::BTreeMap;
use std::ffi::{CStr, c_char, c_int};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, Once, PoisonError};

use rusqlite::ffi;

use crate::disk::{Disk, Failure};
use file::{File, Handle};

/// Which disk stands for which folder.
static DISKS: Mutex<BTreeMap<PathBuf, Arc<Disk>>> = Mutex::new(BTreeMap::new());
static REGISTERED: Once = Once::new();

/// The longest name of a file.
const PATH_BYTES_MAX: c_int = 512;

/// A disk that stands for a folder until this is dropped.
#[derive(Debug)]
pub struct Mounted {
    folder: PathBuf,
    disk: Arc<Disk>,
}

impl Mounted {
    /// Has a disk stand for a folder: what SQLite opens there is on the disk and nowhere else.
    pub fn new(folder: &Path, disk: Arc<Disk>) -> Self {
        REGISTERED.call_once(register);
        let mut disks = DISKS.lock().unwrap_or_else(PoisonError::into_inner);
        disks.insert(folder.to_owned(), Arc::clone(&disk));
        Self { folder: folder.to_owned(), disk }
    }

    /// Returns the disk.
    pub fn disk(&self) -> &Arc<Disk> {
        &self.disk
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        DISKS.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.folder);
    }
}

/// Returns the disk for a path, and the file's name there.
fn find(path: &str) -> Option<(Arc<Disk>, String)> {
    let path = Path::new(path);
    let disks = DISKS.lock().unwrap_or_else(PoisonError::into_inner);
    let disk = disks.get(path.parent()?)?;
    Some((Arc::clone(disk), path.file_name()?.to_str()?.to_owned()))
}

/// Makes the file system known to SQLite, as the one it uses.
fn register() {
    // SAFETY: sqlite3_vfs_find initialises SQLite and returns null or a file system that lives
    // for as long as the process; "unix" is compiled in on Linux and changed by nobody here.
    let unix = unsafe { ffi::sqlite3_vfs_find(c"unix".as_ptr()).as_ref() }.expect("SQLite on Linux");
    // Randomness, sleep and the time are the system's; those functions ignore which file system
    // they are called for. Version 2 has none of the functions after them.
    let vfs = Box::leak(Box::new(ffi::sqlite3_vfs {
        iVersion: 2,
        szOsFile: c_int::try_from(size_of::<File>()).expect("a small struct"),
        mxPathname: PATH_BYTES_MAX,
        pNext: std::ptr::null_mut(),
        zName: c"stafett-faults".as_ptr(),
        pAppData: std::ptr::null_mut(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_pathname),
        ..*unix
    }));
    // SAFETY: the struct lives for as long as the process, and SQLite alone changes it from here on.
    let registered = unsafe { ffi::sqlite3_vfs_register(vfs, 1) };
    assert_eq!(registered, ffi::SQLITE_OK, "SQLite takes the file system");
}

/// Reads a name.
///
/// # Safety
/// `name` is null or a string that ends in a zero byte and stays for as long as the result is used.
unsafe fn text<'a>(name: *const c_char) -> Option<&'a str> {
    if name.is_null() {
        return None;
    }
    // SAFETY: not null, and the caller promises the rest.
    unsafe { CStr::from_ptr(name) }.to_str().ok()
}

/// Opens a file of a disk.
///
/// # Safety
/// As SQLite promises for `xOpen`: `name` is null or ends in a zero byte, `file` has `szOsFile`
/// writable bytes, `out` is null or writable.
unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let file = file.cast::<File>();
    // SAFETY: SQLite gives szOsFile bytes, which is the size of a File, aligned for any struct.
    unsafe { file.write(File::closed()) };
    // SAFETY: the caller's promise.
    let Some((disk, name)) = unsafe { text(name) }.and_then(find) else { return ffi::SQLITE_CANTOPEN };
    let number = match disk.open(&name, flags & ffi::SQLITE_OPEN_CREATE != 0) {
        Ok(Some(number)) => number,
        Ok(None) => return ffi::SQLITE_CANTOPEN,
        Err(Failure::Full) => return ffi::SQLITE_FULL,
        Err(Failure::Broken) => return ffi::SQLITE_IOERR,
    };
    let syncs_folder = flags & (ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL) != 0;
    // SAFETY: as above; what stood there has nothing to drop.
    unsafe { file.write(File::open(Handle::new(disk, name, number, syncs_folder))) };
    if !out.is_null() {
        // SAFETY: not null, and SQLite promises that it is writable.
        unsafe { out.write(flags) };
    }
    ffi::SQLITE_OK
}

/// Deletes a file.
///
/// # Safety
/// As SQLite promises for `xDelete`: `name` ends in a zero byte.
unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    // SAFETY: the caller's promise.
    let Some((disk, name)) = unsafe { text(name) }.and_then(find) else { return ffi::SQLITE_IOERR_DELETE };
    match disk.delete(&name, sync_folder != 0) {
        Ok(true) => ffi::SQLITE_OK,
        Ok(false) => ffi::SQLITE_IOERR_DELETE_NOENT,
        Err(_) => ffi::SQLITE_IOERR_DELETE,
    }
}

/// Says whether a file is there.
///
/// # Safety
/// As SQLite promises for `xAccess`: `name` ends in a zero byte, `out` is writable.
unsafe extern "C" fn access(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    _: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    let is_there = match unsafe { text(name) }.and_then(find).map(|(disk, name)| disk.is_there(&name)) {
        Some(Ok(is_there)) => is_there,
        Some(Err(_)) => return ffi::SQLITE_IOERR_ACCESS,
        None => false,
    };
    // SAFETY: the caller's promise.
    unsafe { out.write(c_int::from(is_there)) };
    ffi::SQLITE_OK
}

/// Returns a path as it is: all of ours are whole ones.
///
/// # Safety
/// As SQLite promises for `xFullPathname`: `name` ends in a zero byte, `out` has `size` writable
/// bytes.
unsafe extern "C" fn full_pathname(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    size: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: the caller's promise.
    let bytes = unsafe { CStr::from_ptr(name) }.to_bytes_with_nul();
    if usize::try_from(size).unwrap_or(0) < bytes.len() {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: `out` has room for all bytes, and SQLite's buffer does not lie within `name`.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr().cast(), out, bytes.len()) };
    ffi::SQLITE_OK
}
