//! One file: what is seen of it, what is safe of it, and what stands in between.

use std::sync::Arc;

use crate::chance::Chance;
use crate::disk::plan::Cut;

/// A write is torn between pieces of this size and not within them.
const PIECE: usize = 512;

/// One file.
#[derive(Debug, Default)]
pub(super) struct Content {
    seen: Vec<u8>,
    safe: Vec<u8>,
    /// What was done since the file was last forced to the disk.
    unsafe_changes: Vec<Change>,
    /// Whether its name is safe.
    is_linked: bool,
}

#[derive(Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Truncate(usize),
}

impl Content {
    /// A file that was just made.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// A file that has been there for long.
    pub(super) fn safe(bytes: &Arc<Vec<u8>>) -> Self {
        let bytes = bytes.to_vec();
        Self { seen: bytes.clone(), safe: bytes, unsafe_changes: Vec::new(), is_linked: true }
    }

    pub(super) fn seen(&self) -> &[u8] {
        &self.seen
    }

    pub(super) fn length(&self) -> u64 {
        self.seen.len() as u64
    }

    /// What comes back if its deletion does not stand; none if its name never stood.
    pub(super) fn linked(&self) -> Option<Arc<Vec<u8>>> {
        self.is_linked.then(|| Arc::new(self.safe.clone()))
    }

    /// The same file with a name that is not safe yet.
    pub(super) fn renamed(self) -> Self {
        Self { is_linked: false, ..self }
    }

    pub(super) fn link(&mut self) {
        self.is_linked = true;
    }

    pub(super) fn read(&self, offset: u64, into: &mut [u8]) -> usize {
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(self.seen.len());
        let there = &self.seen[start..];
        let length = there.len().min(into.len());
        into[..length].copy_from_slice(&there[..length]);
        into[length..].fill(0);
        length
    }

    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) {
        let change =
            Change::Write { offset: usize::try_from(offset).expect("a small disk"), bytes: bytes.to_vec() };
        change.apply(&mut self.seen);
        self.unsafe_changes.push(change);
    }

    pub(super) fn truncate(&mut self, length: u64) {
        let change = Change::Truncate(usize::try_from(length).expect("a small disk"));
        change.apply(&mut self.seen);
        self.unsafe_changes.push(change);
    }

    pub(super) fn sync(&mut self) {
        for change in std::mem::take(&mut self.unsafe_changes) {
            change.apply(&mut self.safe);
        }
    }

    /// Some of it reaches the disk, and the rest is forgotten: it is seen until the machine stops.
    pub(super) fn fail_to_sync(&mut self, chance: &mut Chance) {
        for change in std::mem::take(&mut self.unsafe_changes) {
            if chance.below(2) == 0 {
                change.apply(&mut self.safe);
            }
        }
    }

    /// What a power cut leaves of a file that only grows: a torn write is there up to some place, and
    /// nothing of what followed it.
    pub(super) fn after_growing(&self, cut: Cut, chance: &mut Chance) -> Vec<u8> {
        if !matches!(cut, Cut::Torn(_)) {
            return self.after(cut, chance);
        }
        let mut left = self.safe.clone();
        for change in &self.unsafe_changes {
            match change {
                Change::Write { offset, bytes } if chance.below(2) == 0 => {
                    let length = chance.below(bytes.len() as u64 + 1) as usize;
                    write(&mut left, *offset, &bytes[..length]);
                    break;
                }
                change => change.apply(&mut left),
            }
        }
        left
    }

    /// What a power cut leaves.
    pub(super) fn after(&self, cut: Cut, chance: &mut Chance) -> Vec<u8> {
        let mut left = self.safe.clone();
        for change in &self.unsafe_changes {
            match cut {
                Cut::Nothing => {}
                Cut::Some(_) if chance.below(2) == 0 => change.apply(&mut left),
                Cut::Some(_) => {}
                Cut::Torn(_) => change.tear(&mut left, chance),
            }
        }
        left
    }
}

impl Change {
    fn apply(&self, to: &mut Vec<u8>) {
        match self {
            Self::Truncate(length) => to.resize(*length, 0),
            Self::Write { offset, bytes } => write(to, *offset, bytes),
        }
    }

    fn tear(&self, to: &mut Vec<u8>, chance: &mut Chance) {
        let Self::Write { offset, bytes } = self else {
            if chance.below(2) == 0 {
                self.apply(to);
            }
            return;
        };
        // Pieces lie where the disk's sectors do, not where a write begins.
        let mut at = 0;
        while at < bytes.len() {
            let end = bytes.len().min(at + PIECE - (offset + at) % PIECE);
            match chance.below(8) {
                0..3 => {}
                3 => {
                    let noise: Vec<u8> = (at..end).map(|_| chance.draw().to_le_bytes()[0]).collect();
                    write(to, offset + at, &noise);
                }
                _ => write(to, offset + at, &bytes[at..end]),
            }
            at = end;
        }
    }
}

fn write(to: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if to.len() < end {
        to.resize(end, 0);
    }
    to[offset..end].copy_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Content {
        let mut file = Content::new();
        file.write(0, &[1; 2_048]);
        file.sync();
        file.write(512, &[2; 1_024]);
        file.truncate(2_000);
        file
    }

    #[test]
    fn what_was_forced_to_the_disk_survives_and_what_was_not_may_be_lost() {
        let file = file();

        assert_eq!(file.after(Cut::Nothing, &mut Chance::new(1)), vec![1; 2_048]);
        assert_eq!(file.seen().len(), 2_000);
        assert_eq!(file.seen()[512..1_536], [2; 1_024]);
    }

    #[test]
    fn torn_write_touches_no_byte_outside_itself() {
        let file = file();

        for seed in 0..200 {
            let left = file.after(Cut::Torn(seed), &mut Chance::new(seed));
            assert_eq!(left[..512], [1; 512]);
            assert!(left[1_536..].iter().all(|byte| *byte == 1));
        }
    }

    #[test]
    fn torn_write_leaves_each_piece_old_new_or_noise() {
        let file = file();
        let mut seen = [false; 3];

        for seed in 0..200 {
            let left = file.after(Cut::Torn(seed), &mut Chance::new(seed));
            for piece in left[512..1_536].chunks(512) {
                let state = if piece == [1; 512] {
                    0
                } else if piece == [2; 512] {
                    1
                } else {
                    2
                };
                seen[state] = true;
            }
        }

        assert_eq!(seen, [true; 3]);
    }

    #[test]
    fn failed_sync_forgets_and_the_next_one_writes_nothing_of_it() {
        let mut file = Content::new();
        file.sync();
        for number in 0..64 {
            file.write(number * 8, &[7; 8]);
        }

        file.fail_to_sync(&mut Chance::new(3));
        file.sync();

        let safe = file.after(Cut::Nothing, &mut Chance::new(0));
        assert_ne!(safe, file.seen());
        assert!(safe.contains(&7));
    }
}
