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

/// What is called when the power goes, so that what lies elsewhere is kept as it is at that moment.
type OnCut = Box<dyn FnOnce() + Send>;

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
    on_cut: Option<OnCut>,
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
            on_cut: None,
            next_handle: 0,
        }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts calls from here on, and lets one of them meet a fault.
    pub fn plan(&self, plan: Option<Plan>, on_cut: impl FnOnce() + Send + 'static) {
        let mut state = self.state();
        (state.trace, state.plan, state.hit) = (Some(Vec::new()), plan, None);
        state.on_cut = Some(Box::new(on_cut));
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
        self.state().seen()
    }

    /// Returns what a power cut at this moment would leave.
    pub fn after(&self, cut: Cut) -> Image {
        self.state().after(cut)
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
        let mut state = self.state();
        let fault = state.meet(Call::Write)?;
        if matches!(fault, Some(Fault::FullFromHere)) {
            state.room = Some(state.used());
        }
        let half = matches!(fault, Some(Fault::Half | Fault::Full));
        let nothing = matches!(fault, Some(Fault::Error | Fault::ErrorFromHere));
        let bytes = if half { &bytes[..bytes.len() / 2] } else { bytes };
        if !nothing {
            state.must_fit(name, offset, bytes)?;
            state.files.entry(name.to_owned()).or_default().write(offset, bytes);
        }
        match fault {
            None | Some(Fault::FullFromHere) => Ok(()),
            Some(fault) => state.suffer(fault),
        }
    }

    /// Cuts a file to a length.
    pub(crate) fn truncate(&self, name: &str, length: u64) -> Result<(), Failure> {
        let mut state = self.state();
        let fault = state.meet(Call::Truncate)?;
        if !matches!(fault, Some(Fault::Error | Fault::ErrorFromHere)) {
            state.files.entry(name.to_owned()).or_default().truncate(length);
        }
        fault.map_or(Ok(()), |fault| state.suffer(fault))
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
            state.sync_folder();
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
            state.sync_folder();
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
            Fault::Kill => self.end(self.seen()),
            Fault::Cut(cut) => self.end(self.after(cut)),
        }
        Err(Failure::Broken)
    }

    /// The process or the machine ends here.
    fn end(&mut self, left: Image) {
        (self.left, self.is_broken) = (Some(left), true);
        if let Some(on_cut) = self.on_cut.take() {
            on_cut();
        }
    }

    fn sync_folder(&mut self) {
        self.ghosts.clear();
        self.files.values_mut().for_each(Content::link);
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
                image.insert(name.clone(), Arc::new(file.after(cut, &mut chance)));
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
