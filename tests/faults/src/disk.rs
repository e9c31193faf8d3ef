//! A disk in memory that knows what a power cut would leave.
//!
//! Each file has the bytes that readers see and the bytes that are safe; between them stand the
//! writes since the file was last forced to the disk. A file that is made or deleted is so for
//! good only once its folder is forced to the disk. After a power cut any of the unforced writes
//! may be there, be missing, or be there in part, by pieces of 512 bytes; bytes outside a write
//! stay as they were, which is what SQLite's own file system for Unix takes for granted too.
//!
//! A call that fails can do so before anything happened or half way through. A failed force to
//! the disk loses, as on Linux, some of what it should have written, and the next one succeeds
//! without writing it.

mod file;
mod locks;
mod plan;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::chance::Chance;
use file::Content;
use locks::Locks;
pub use locks::{Level, Shared};
pub use plan::{Call, Cut, Fault, Plan};

/// What the names of files in the journal's folder begin with; they lie on the same disk.
pub const JOURNAL: &str = "journal/";

/// What is left on a disk: every file's bytes by its name.
pub type Image = BTreeMap<String, Arc<Vec<u8>>>;

/// Why a call did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The disk reports an error.
    Broken,
    /// There is no room.
    Full,
}

/// A disk with the files of one folder.
pub struct Disk(Mutex<State>);

/// What a planned fault met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// The call.
    pub call: Call,
    /// What it met.
    pub fault: Fault,
}

struct State {
    /// The folder that stands for the disk in the real file system.
    folder: PathBuf,
    /// The journal's folder, if there is one.
    journal: Option<PathBuf>,
    files: BTreeMap<String, Content>,
    /// Files that were deleted, or made anew, since the folder was last forced to the disk.
    ghosts: Image,
    locks: BTreeMap<String, Locks>,
    shared: BTreeMap<String, Shared>,
    /// Calls since the faults were planned; none are counted before.
    trace: Option<Vec<Call>>,
    plan: Option<Plan>,
    hit: Option<Hit>,
    /// Bytes that fit; none for as many as come.
    room: Option<u64>,
    /// Whether every call fails from here on.
    is_broken: bool,
    /// Whether forcing to the disk does nothing and says that it did.
    lies: bool,
    /// What the power cut left.
    left: Option<Image>,
    next_handle: u64,
}

impl std::fmt::Debug for Disk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Disk").field("folder", &self.state().folder).finish_non_exhaustive()
    }
}

impl Disk {
    /// Makes a disk for the files of `folder` with what an image holds.
    pub fn new(folder: &Path, image: &Image) -> Self {
        let files = image.iter().map(|(name, bytes)| (name.clone(), Content::safe(bytes))).collect();
        Self(Mutex::new(State {
            folder: folder.to_owned(),
            journal: None,
            files,
            ghosts: Image::new(),
            locks: BTreeMap::new(),
            shared: BTreeMap::new(),
            trace: None,
            plan: None,
            hit: None,
            room: None,
            is_broken: false,
            lies: false,
            left: None,
            next_handle: 0,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says where the journal lies, whose files go past this disk as [`crate::calls`] says.
    pub fn keep_journal(&self, folder: &Path) {
        self.state().journal = Some(folder.to_owned());
    }

    /// Counts calls from here on, and lets one of them meet a fault.
    pub fn plan(&self, plan: Option<Plan>) {
        let mut state = self.state();
        (state.trace, state.plan, state.hit) = (Some(Vec::new()), plan, None);
    }

    /// Has every force to the disk from here on do nothing, and say that it did.
    pub fn lie(&self) {
        self.state().lies = true;
    }

    /// Ends every fault; no call fails from here on, unless the power is gone.
    pub fn mend(&self) {
        let mut state = self.state();
        (state.plan, state.room) = (None, None);
        state.is_broken = state.left.is_some();
    }

    /// Returns the calls since faults were planned.
    pub fn trace(&self) -> Vec<Call> {
        self.state().trace.clone().unwrap_or_default()
    }

    /// Returns the call that met the planned fault, if one did.
    pub fn hit(&self) -> Option<Hit> {
        self.state().hit
    }

    /// Returns what the power cut left, if there was one.
    pub fn left(&self) -> Option<Image> {
        self.state().left.clone()
    }

    /// Returns what everybody sees at present: what is left when the process is killed.
    pub fn seen(&self) -> Image {
        let mut state = self.state();
        state.notice_made();
        state.seen()
    }

    /// Returns what a power cut at this moment would leave.
    pub fn after(&self, cut: Cut) -> Image {
        let mut state = self.state();
        state.notice_made();
        state.after(cut)
    }

    /// Lets no file grow from here on beyond what lies here and in the folder's own files now.
    pub fn fill(&self) {
        let mut state = self.state();
        let room = state.used();
        state.room = Some(room);
    }
}

/// What a file is asked for.
impl Disk {
    /// Opens a file, and makes it if it is missing and `make` says so. Returns a handle's number.
    pub(crate) fn open(&self, name: &str, make: bool) -> Result<Option<u64>, Failure> {
        let mut state = self.state();
        state.meet(Call::Open)?.map_or(Ok(()), |fault| state.suffer(fault))?;
        if !state.files.contains_key(name) {
            if !make {
                return Ok(None);
            }
            state.files.insert(name.to_owned(), Content::new());
        }
        state.next_handle += 1;
        Ok(Some(state.next_handle))
    }

    /// Reads at `offset`; returns how many bytes there were.
    pub(crate) fn read(&self, name: &str, offset: u64, into: &mut [u8]) -> Result<usize, Failure> {
        let mut state = self.state();
        let fault = state.meet(Call::Read)?;
        let read = state.files.get(name).map_or(0, |file| file.read(offset, into));
        match fault {
            None => Ok(read),
            Some(fault) => {
                let kept = if fault == Fault::Half { into.len() / 2 } else { 0 };
                into[kept..].fill(0);
                state.suffer(fault).map(|()| read)
            }
        }
    }

    /// Writes at `offset`.
    pub(crate) fn write(&self, name: &str, offset: u64, bytes: &[u8]) -> Result<(), Failure> {
        let kept =
            self.write_through(name, offset, bytes, |bytes| Ok(isize::try_from(bytes.len()).unwrap_or(0)));
        kept.map(|_| ())
    }

    /// Writes at `offset` what fits and what the fault leaves of it, with a call of the system that
    /// says how much it wrote.
    pub(crate) fn write_through(
        &self,
        name: &str,
        offset: u64,
        bytes: &[u8],
        call: impl FnOnce(&[u8]) -> std::io::Result<isize>,
    ) -> Result<std::io::Result<isize>, Failure> {
        let mut state = self.state();
        let fault = state.meet(Call::Write)?;
        if matches!(fault, Some(Fault::FullFromHere)) {
            state.room = Some(state.used());
        }
        let half = matches!(fault, Some(Fault::Half | Fault::Full));
        let nothing = matches!(fault, Some(Fault::Error | Fault::ErrorFromHere));
        let bytes = if half { &bytes[..bytes.len() / 2] } else { bytes };
        let mut written = Ok(0);
        if !nothing {
            state.must_fit(name, offset, bytes)?;
            written = call(bytes);
            let count = written.as_ref().map_or(0, |count| usize::try_from(*count).unwrap_or(0));
            state.files.entry(name.to_owned()).or_default().write(offset, &bytes[..count]);
        }
        match fault {
            None | Some(Fault::FullFromHere) => Ok(written),
            Some(fault) => state.suffer(fault).map(|()| written),
        }
    }

    /// Cuts a file to a length.
    pub(crate) fn truncate(&self, name: &str, length: u64) -> Result<(), Failure> {
        self.truncate_through(name, length, || Ok(0)).map(|_| ())
    }

    /// Cuts a file to a length with a call of the system.
    pub(crate) fn truncate_through(
        &self,
        name: &str,
        length: u64,
        call: impl FnOnce() -> std::io::Result<i32>,
    ) -> Result<std::io::Result<i32>, Failure> {
        let mut state = self.state();
        let fault = state.meet(Call::Truncate)?;
        let mut done = Ok(0);
        if !matches!(fault, Some(Fault::Error | Fault::ErrorFromHere)) {
            done = call();
            if done.is_ok() {
                state.files.entry(name.to_owned()).or_default().truncate(length);
            }
        }
        fault.map_or(Ok(()), |fault| state.suffer(fault)).map(|()| done)
    }

    /// Gives a file another name with a call of the system. No fault is planned for it, and after a
    /// power cut it may have happened or not.
    pub(crate) fn rename_through(
        &self,
        from: &str,
        to: &str,
        call: impl FnOnce() -> std::io::Result<i32>,
    ) -> Result<std::io::Result<i32>, Failure> {
        let mut state = self.state();
        if state.is_broken {
            return Err(Failure::Broken);
        }
        state.notice_made();
        let done = call();
        if done.is_ok() {
            let moved = state.files.remove(from);
            let replaced = state.files.remove(to);
            for (name, file) in [(from, &moved), (to, &replaced)] {
                if let Some(linked) = file.as_ref().and_then(Content::linked) {
                    state.ghosts.insert(name.to_owned(), linked);
                }
            }
            state.files.insert(to.to_owned(), moved.unwrap_or_default().renamed());
        }
        Ok(done)
    }

    /// Forces the names in the journal's folder to the disk.
    pub(crate) fn sync_names(&self) -> Result<(), Failure> {
        let mut state = self.state();
        state.notice_made();
        if let Some(fault) = state.meet(Call::Sync)? {
            return state.suffer(fault);
        }
        if !state.lies {
            state.sync_folder(JOURNAL);
        }
        Ok(())
    }

    /// Forces a file to the disk, and the folder if `folder` says so.
    pub(crate) fn sync(&self, name: &str, folder: bool) -> Result<(), Failure> {
        let mut state = self.state();
        if let Some(fault) = state.meet(Call::Sync)? {
            if let (Fault::Error, Some(file)) = (fault, state.files.get_mut(name)) {
                file.fail_to_sync(&mut Chance::new(file.length()));
            }
            return state.suffer(fault);
        }
        if state.lies {
            return Ok(());
        }
        if let Some(file) = state.files.get_mut(name) {
            file.sync();
        }
        if folder {
            state.sync_folder("");
        }
        Ok(())
    }

    /// Returns how long a file is.
    pub(crate) fn length(&self, name: &str) -> Result<u64, Failure> {
        let mut state = self.state();
        state.meet(Call::Length)?.map_or(Ok(()), |fault| state.suffer(fault))?;
        Ok(state.files.get(name).map_or(0, Content::length))
    }

    /// Deletes a file; returns whether it was there.
    pub(crate) fn delete(&self, name: &str, folder: bool) -> Result<bool, Failure> {
        let mut state = self.state();
        let fault = state.meet(Call::Delete)?;
        let nothing = matches!(fault, Some(Fault::Error | Fault::ErrorFromHere));
        let was_there = if nothing { None } else { state.files.remove(name) };
        if let Some(linked) = was_there.as_ref().and_then(Content::linked) {
            state.ghosts.insert(name.to_owned(), linked);
        }
        fault.map_or(Ok(()), |fault| state.suffer(fault))?;
        if folder && !state.lies {
            state.sync_folder("");
        }
        Ok(was_there.is_some())
    }

    /// Returns whether a file is there and has something in it.
    pub(crate) fn is_there(&self, name: &str) -> Result<bool, Failure> {
        let mut state = self.state();
        state.meet(Call::Access)?.map_or(Ok(()), |fault| state.suffer(fault))?;
        Ok(state.files.get(name).is_some_and(|file| file.length() > 0))
    }

    /// Does something to the locks of a file.
    pub(crate) fn locks<T>(&self, name: &str, ask: impl FnOnce(&mut Locks) -> T) -> T {
        ask(self.state().locks.entry(name.to_owned()).or_default())
    }

    /// Does something to the memory that a file's readers and writers share.
    pub(crate) fn shared<T>(&self, name: &str, ask: impl FnOnce(&mut Shared) -> T) -> T {
        ask(self.state().shared.entry(name.to_owned()).or_default())
    }

    /// As [`shared`](Self::shared), where more memory may be needed, which may fail.
    pub(crate) fn map<T>(&self, name: &str, ask: impl FnOnce(&mut Shared) -> T) -> Result<T, Failure> {
        let mut state = self.state();
        state.meet(Call::Map)?.map_or(Ok(()), |fault| state.suffer(fault))?;
        Ok(ask(state.shared.entry(name.to_owned()).or_default()))
    }
}

impl State {
    /// Counts a call, and returns the fault that it meets.
    fn meet(&mut self, call: Call) -> Result<Option<Fault>, Failure> {
        if self.is_broken {
            return Err(Failure::Broken);
        }
        let Some(trace) = &mut self.trace else { return Ok(None) };
        let number = trace.len();
        trace.push(call);
        let planned = self.plan.filter(|plan| plan.at == number && plan.fault.fits(call));
        self.hit = self.hit.or(planned.map(|plan| Hit { call, fault: plan.fault }));
        Ok(planned.map(|plan| plan.fault))
    }

    /// Does to the disk what a fault does beside its own call.
    fn suffer(&mut self, fault: Fault) -> Result<(), Failure> {
        match fault {
            Fault::Error | Fault::Half => {}
            Fault::Full | Fault::FullFromHere => return Err(Failure::Full),
            Fault::ErrorFromHere => self.is_broken = true,
            Fault::Kill => {
                self.notice_made();
                self.end(self.seen());
            }
            Fault::Cut(cut) => {
                self.notice_made();
                self.end(self.after(cut));
            }
        }
        Err(Failure::Broken)
    }

    /// The process or the machine ends here.
    fn end(&mut self, left: Image) {
        (self.left, self.is_broken) = (Some(left), true);
    }

    /// What begins with `JOURNAL` lies in a folder of its own.
    fn sync_folder(&mut self, folder: &str) {
        let is_in = |name: &String| name.starts_with(JOURNAL) == (folder == JOURNAL);
        self.ghosts.retain(|name, _| !is_in(name));
        self.files.iter_mut().filter(|(name, _)| is_in(name)).for_each(|(_, file)| file.link());
    }

    /// Files of the journal that were made and nothing else yet.
    fn notice_made(&mut self) {
        let Some(folder) = self.journal.as_ref().filter(|_| !self.is_broken) else { return };
        for file in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let Ok(name) = file.file_name().into_string() else { continue };
            self.files.entry(format!("{JOURNAL}{name}")).or_default();
        }
    }

    fn seen(&self) -> Image {
        self.files.iter().map(|(name, file)| (name.clone(), Arc::new(file.seen().to_vec()))).collect()
    }

    fn after(&self, cut: Cut) -> Image {
        let mut chance = Chance::new(cut.seed());
        let mut image = Image::new();
        for (name, ghost) in &self.ghosts {
            if cut.keeps_old_names(&mut chance) {
                image.insert(name.clone(), Arc::clone(ghost));
            }
        }
        for (name, file) in &self.files {
            if file.linked().is_some() || cut.keeps_new_names(&mut chance) {
                let left = if name.starts_with(JOURNAL) {
                    file.after_growing(cut, &mut chance)
                } else {
                    file.after(cut, &mut chance)
                };
                image.insert(name.clone(), Arc::new(left));
            }
        }
        image
    }

    /// Bytes that lie here, and in the folder's files in the real file system.
    fn used(&self) -> u64 {
        let here: u64 = self.files.values().map(Content::length).sum();
        let beside = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let beside = beside.filter_map(|file| Some(file.metadata().ok()?.len()));
        here + beside.sum::<u64>()
    }

    fn must_fit(&mut self, name: &str, offset: u64, bytes: &[u8]) -> Result<(), Failure> {
        let Some(room) = self.room else { return Ok(()) };
        let length = self.files.get(name).map_or(0, Content::length);
        let grown = (offset + bytes.len() as u64).saturating_sub(length);
        if grown > 0 && self.used() + grown > room { Err(Failure::Full) } else { Ok(()) }
    }
}
