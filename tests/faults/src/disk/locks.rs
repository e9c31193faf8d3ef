//! Locks of files and memory that connections share, as SQLite's own file system for Unix keeps
//! them within one process. No fault is planned here: neither touches a disk.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicU64;

/// What a connection may do with a database file, from nothing to everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    None,
    /// Read.
    Shared,
    /// Read, and write later.
    Reserved,
    /// As before; nobody new may read.
    Pending,
    /// Write.
    Exclusive,
}

/// Who has locked a file.
#[derive(Debug, Default)]
pub(crate) struct Locks {
    readers: BTreeSet<u64>,
    reserved: Option<u64>,
    pending: Option<u64>,
    exclusive: Option<u64>,
}

impl Locks {
    /// Raises a lock; returns whether it could be.
    pub(crate) fn raise(&mut self, who: u64, level: Level) -> bool {
        let other = |holder: Option<u64>| holder.is_some_and(|holder| holder != who);
        match level {
            Level::None => true,
            Level::Shared => {
                if other(self.pending) || other(self.exclusive) {
                    return false;
                }
                self.readers.insert(who);
                true
            }
            Level::Reserved => {
                if other(self.reserved) || other(self.pending) || other(self.exclusive) {
                    return false;
                }
                self.reserved = Some(who);
                true
            }
            Level::Pending | Level::Exclusive => {
                if other(self.reserved) || other(self.pending) || other(self.exclusive) {
                    return false;
                }
                self.pending = Some(who);
                if self.readers.iter().any(|reader| *reader != who) {
                    return false;
                }
                self.exclusive = Some(who);
                true
            }
        }
    }

    /// Lowers a lock to reading or to nothing.
    pub(crate) fn lower(&mut self, who: u64, level: Level) {
        for holder in [&mut self.reserved, &mut self.pending, &mut self.exclusive] {
            if *holder == Some(who) {
                *holder = None;
            }
        }
        if level == Level::None {
            self.readers.remove(&who);
        }
    }

    /// Returns whether somebody means to write.
    pub(crate) fn is_reserved(&self) -> bool {
        self.reserved.is_some() || self.pending.is_some() || self.exclusive.is_some()
    }
}

/// Locks in the shared memory.
const SLOTS: usize = 8;

/// Memory that the connections to one database share, and its locks.
#[derive(Debug, Default)]
pub struct Shared {
    /// Never moved while a connection is there: SQLite holds pointers into them, from several
    /// threads.
    regions: Vec<Box<[AtomicU64]>>,
    /// Readers of a lock, or -1 for one who has it alone.
    slots: [i32; SLOTS],
    users: BTreeSet<u64>,
}

impl Shared {
    /// Returns a region of so many bytes; none if it is not there and is not to be made. Who comes
    /// first finds the memory empty, because nobody knows what is in it.
    pub(crate) fn region(&mut self, who: u64, index: usize, bytes: usize, make: bool) -> Option<*mut u8> {
        if self.users.is_empty() {
            self.regions.clear();
            self.slots = [0; SLOTS];
        }
        self.users.insert(who);
        while make && self.regions.len() <= index {
            self.regions.push((0..bytes.div_ceil(8)).map(|_| AtomicU64::new(0)).collect());
        }
        self.regions.get(index).map(|region| region.as_ptr().cast_mut().cast())
    }

    /// Takes locks; returns whether they could be taken.
    pub(crate) fn lock(&mut self, slots: std::ops::Range<usize>, alone: bool) -> bool {
        let slots = &mut self.slots[slots];
        if alone {
            let free = slots.iter().all(|slot| *slot == 0);
            if free {
                slots.fill(-1);
            }
            free
        } else {
            let free = slots.iter().all(|slot| *slot >= 0);
            if free {
                slots.iter_mut().for_each(|slot| *slot += 1);
            }
            free
        }
    }

    /// Gives locks back.
    pub(crate) fn unlock(&mut self, slots: std::ops::Range<usize>, alone: bool) {
        for slot in &mut self.slots[slots] {
            *slot = if alone { 0 } else { (*slot - 1).max(0) };
        }
    }

    /// A connection leaves; its memory goes with the last that `delete`s it.
    pub(crate) fn leave(&mut self, who: u64, delete: bool) {
        self.users.remove(&who);
        if self.users.is_empty() && delete {
            self.regions.clear();
        }
    }
}
