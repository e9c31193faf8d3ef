//! One open file as SQLite sees it.

use std::ffi::{c_int, c_void};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

use rusqlite::ffi;

use crate::disk::{Disk, Failure, Level};

/// What lies in the bytes that SQLite keeps for a file. SQLite knows its first field alone.
#[repr(C)]
pub(super) struct File {
    base: ffi::sqlite3_file,
    handle: Option<Box<Handle>>,
}

/// An open file.
pub(super) struct Handle {
    disk: Arc<Disk>,
    name: String,
    number: u64,
    /// Whether the folder is to be forced to the disk with the file, as for a log that may be new.
    syncs_folder: bool,
    level: Level,
}

impl Handle {
    pub(super) fn new(disk: Arc<Disk>, name: String, number: u64, syncs_folder: bool) -> Box<Self> {
        Box::new(Self { disk, name, number, syncs_folder, level: Level::None })
    }
}

impl File {
    /// A file that did not open: SQLite calls nothing on it.
    pub(super) fn closed() -> Self {
        Self { base: ffi::sqlite3_file { pMethods: std::ptr::null() }, handle: None }
    }

    /// A file that did.
    pub(super) fn open(handle: Box<Handle>) -> Self {
        Self { base: ffi::sqlite3_file { pMethods: &METHODS }, handle: Some(handle) }
    }
}

/// What can be asked of a file. Version 2: with shared memory, and without mapped reads.
static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Returns the handle behind a file.
///
/// # Safety
/// `file` was opened by this file system, is not closed, and is used by nobody else meanwhile.
unsafe fn handle<'a>(file: *mut ffi::sqlite3_file) -> &'a mut Handle {
    // SAFETY: what this file system opened is a File, and the caller promises the rest.
    let file = unsafe { &mut *file.cast::<File>() };
    file.handle.as_deref_mut().expect("an open file")
}

fn outcome<T>(done: Result<T, Failure>, broken: c_int) -> c_int {
    match done {
        Ok(_) => ffi::SQLITE_OK,
        Err(Failure::Full) => ffi::SQLITE_FULL,
        Err(Failure::Broken) => broken,
    }
}

fn place(offset: ffi::sqlite3_int64) -> u64 {
    u64::try_from(offset).expect("SQLite asks at no place before the first byte")
}

fn size(bytes: c_int) -> usize {
    usize::try_from(bytes).expect("SQLite asks for no negative number of bytes")
}

/// Closes a file.
///
/// # Safety
/// As SQLite promises for `xClose`: an open file, not used afterwards.
unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: what this file system opened is a File; SQLite uses it no more.
    let file = unsafe { &mut *file.cast::<File>() };
    if let Some(handle) = file.handle.take() {
        handle.disk.locks(&handle.name, |locks| locks.lower(handle.number, Level::None));
    }
    ffi::SQLITE_OK
}

/// Reads.
///
/// # Safety
/// As SQLite promises for `xRead`: an open file, `bytes` writable bytes at `into`.
unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    into: *mut c_void,
    bytes: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle(file) };
    // SAFETY: the caller's promise; nobody else looks at the buffer meanwhile. SQLite may hand over
    // bytes that were never written, so they are before a slice is made of them.
    let into = unsafe {
        into.cast::<u8>().write_bytes(0, size(bytes));
        std::slice::from_raw_parts_mut(into.cast::<u8>(), size(bytes))
    };
    match handle.disk.read(&handle.name, place(offset), into) {
        Ok(read) if read == into.len() => ffi::SQLITE_OK,
        Ok(_) => ffi::SQLITE_IOERR_SHORT_READ,
        Err(_) => ffi::SQLITE_IOERR_READ,
    }
}

/// Writes.
///
/// # Safety
/// As SQLite promises for `xWrite`: an open file, `bytes` readable bytes at `from`.
unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    bytes: c_int,
    offset: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle(file) };
    // SAFETY: the caller's promise; nobody writes them meanwhile.
    let from = unsafe { std::slice::from_raw_parts(from.cast::<u8>(), size(bytes)) };
    outcome(handle.disk.write(&handle.name, place(offset), from), ffi::SQLITE_IOERR_WRITE)
}

/// Cuts a file to a length.
///
/// # Safety
/// As SQLite promises for `xTruncate`: an open file.
unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: ffi::sqlite3_int64) -> c_int {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle(file) };
    outcome(handle.disk.truncate(&handle.name, place(length)), ffi::SQLITE_IOERR_TRUNCATE)
}

/// Forces a file to the disk.
///
/// # Safety
/// As SQLite promises for `xSync`: an open file.
unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _: c_int) -> c_int {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle(file) };
    let done = handle.disk.sync(&handle.name, handle.syncs_folder);
    handle.syncs_folder &= done.is_err();
    outcome(done, ffi::SQLITE_IOERR_FSYNC)
}

/// Says how long a file is.
///
/// # Safety
/// As SQLite promises for `xFileSize`: an open file, `out` writable.
unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, out: *mut ffi::sqlite3_int64) -> c_int {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle(file) };
    let Ok(length) = handle.disk.length(&handle.name) else { return ffi::SQLITE_IOERR_FSTAT };
    // SAFETY: the caller's promise.
    unsafe { out.write(ffi::sqlite3_int64::try_from(length).expect("a small disk")) };
    ffi::SQLITE_OK
}

fn level(number: c_int) -> Level {
    match number {
        ffi::SQLITE_LOCK_NONE => Level::None,
        ffi::SQLITE_LOCK_SHARED => Level::Shared,
        ffi::SQLITE_LOCK_RESERVED => Level::Reserved,
        ffi::SQLITE_LOCK_PENDING => Level::Pending,
        _ => Level::Exclusive,
    }
}

/// Raises a lock.
///
/// # Safety
/// As SQLite promises for `xLock`: an open file.
unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, wanted: c_int) -> c_int {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle(file) };
    let wanted = level(wanted);
    if handle.level >= wanted {
        return ffi::SQLITE_OK;
    }
    if !handle.disk.locks(&handle.name, |locks| locks.raise(handle.number, wanted)) {
        return ffi::SQLITE_BUSY;
    }
    handle.level = wanted;
    ffi::SQLITE_OK
}

/// Lowers a lock.
///
/// # Safety
/// As SQLite promises for `xUnlock`: an open file.
unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, wanted: c_int) -> c_int {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle(file) };
    let wanted = level(wanted);
    if handle.level > wanted {
        handle.disk.locks(&handle.name, |locks| locks.lower(handle.number, wanted));
        handle.level = wanted;
    }
    ffi::SQLITE_OK
}

/// Says whether somebody means to write.
///
/// # Safety
/// As SQLite promises for `xCheckReservedLock`: an open file, `out` writable.
unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle(file) };
    let is_reserved = handle.disk.locks(&handle.name, |locks| locks.is_reserved());
    // SAFETY: the caller's promise.
    unsafe { out.write(c_int::from(is_reserved)) };
    ffi::SQLITE_OK
}

/// Knows no hints.
unsafe extern "C" fn file_control(_: *mut ffi::sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_: *mut ffi::sqlite3_file) -> c_int {
    4_096
}

/// As SQLite's own file system for Unix says of any disk: bytes outside a write stay as they were.
unsafe extern "C" fn device_characteristics(_: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

/// Maps a region of shared memory.
///
/// # Safety
/// As SQLite promises for `xShmMap`: an open database file, `out` writable.
unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    bytes: c_int,
    make: c_int,
    out: *mut *mut c_void,
) -> c_int {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle(file) };
    let mapped = handle
        .disk
        .map(&handle.name, |shared| shared.region(handle.number, size(region), size(bytes), make != 0));
    let (pointer, code) = match mapped {
        Ok(pointer) => (pointer.unwrap_or(std::ptr::null_mut()), ffi::SQLITE_OK),
        Err(_) => (std::ptr::null_mut(), ffi::SQLITE_IOERR_SHMMAP),
    };
    // SAFETY: the caller's promise.
    unsafe { out.write(pointer.cast()) };
    code
}

fn slots(first: c_int, count: c_int) -> Range<usize> {
    size(first)..size(first) + size(count)
}

/// Takes locks in shared memory, or gives them back.
///
/// # Safety
/// As SQLite promises for `xShmLock`: an open database file.
unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    first: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle(file) };
    let alone = flags & ffi::SQLITE_SHM_EXCLUSIVE != 0;
    handle.disk.shared(&handle.name, |shared| {
        if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
            shared.unlock(slots(first, count), alone);
            ffi::SQLITE_OK
        } else if shared.lock(slots(first, count), alone) {
            ffi::SQLITE_OK
        } else {
            ffi::SQLITE_BUSY
        }
    })
}

/// Orders what threads see of shared memory.
unsafe extern "C" fn shm_barrier(_: *mut ffi::sqlite3_file) {
    fence(Ordering::SeqCst);
}

/// Leaves shared memory.
///
/// # Safety
/// As SQLite promises for `xShmUnmap`: an open database file that uses the memory no more.
unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, delete: c_int) -> c_int {
    // SAFETY: the caller's promise.
    let handle = unsafe { handle(file) };
    handle.disk.shared(&handle.name, |shared| shared.leave(handle.number, delete != 0));
    ffi::SQLITE_OK
}
