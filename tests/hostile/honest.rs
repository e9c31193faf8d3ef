//! The honest partner: at both ends of its link somebody writes all the time, and what is written
//! is waited for at the other end. How long that takes is what a hostile partner could make worse.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use stafett_node::engine::answer::Published;
use stafett_node::store::StoreReader;
use stafett_protocol::id::{CaseId, EntryId};
use stafett_tests::real::SOON;
use stafett_tests::real::person::Person;
use stafett_tests::real::world::note;

/// From one entry to the next.
const PACE: Duration = Duration::from_millis(50);
/// Between two looks at the store where it is shared: far below what an entry takes.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// One entry: when its writer sent it, and how long it took until it was durable at the partner.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    began: Instant,
    took: Duration,
}

/// How long entries took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) entries: usize,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
    pub(crate) most: Duration,
}

impl Figures {
    /// Of the entries that were begun within one of some times, however late they came, and of those that
    /// the writer would have begun while it waited for one of them: so a stall counts for as long as it
    /// lasted, and not once (coordinated omission).
    pub(crate) fn within(samples: &[Sample], times: &[Range<Instant>]) -> anyhow::Result<Self> {
        let is_within = |sample: &&Sample| times.iter().any(|time| time.contains(&sample.began));
        let within: Vec<&Sample> = samples.iter().filter(is_within).collect();
        let mut taken: Vec<Duration> = within.iter().copied().flat_map(waited).collect();
        taken.sort_unstable();
        let at = |hundredths: usize| {
            let place = (taken.len() * hundredths).div_ceil(100).saturating_sub(1);
            taken.get(place).copied().context("nothing was written")
        };
        Ok(Self { entries: within.len(), p50: at(50)?, p99: at(99)?, most: at(100)? })
    }
}

/// How long an entry took, and how long those would have taken that were due while it kept the writer.
fn waited(sample: &Sample) -> impl Iterator<Item = Duration> {
    std::iter::successors(Some(sample.took), |took| took.checked_sub(PACE).filter(|left| *left >= PACE))
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { entries, p50, p99, most } = self;
        write!(f, "{entries} entries, p50 {p50:.1?}, p99 {p99:.1?}, most {most:.1?}")
    }
}

/// From whom to whom: somebody who writes into one case after the other, and the store of the node
/// that they are shared with.
pub(crate) struct Lane {
    pub(crate) person: Person,
    pub(crate) cases: Vec<CaseId>,
    pub(crate) to: StoreReader,
}

impl Lane {
    /// Writes an entry, and waits until it is durable at the other end.
    async fn write(&self, number: usize) -> anyhow::Result<Sample> {
        let case = self.cases.get(number % self.cases.len()).context("a case")?;
        let began = Instant::now();
        let body = note(&["language"], "til dere også");
        let published: Published = self.person.post(&format!("/cases/{case}/entries"), &body).await?;
        let entry: EntryId = published.entry.context("an entry in an own case has its id at once")?;
        while self.to.entry(entry).await?.is_none() {
            ensure!(began.elapsed() < SOON, "an honest entry did not come in {SOON:?}");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(Sample { began, took: began.elapsed() })
    }
}

/// Somebody at each end who writes.
pub(crate) struct Writer {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<anyhow::Result<Vec<Sample>>>,
}

impl Writer {
    /// Has the lanes take turns. On a thread of its own, so that the hostile programs of this
    /// process, which share their threads, do not hold up what is measured.
    pub(crate) fn begin(lanes: Vec<Lane>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(write(&lanes, &stopped))
        });
        Self { stop, thread }
    }

    /// Whether it writes still: an entry that is refused or does not come ends it.
    pub(crate) fn writes(&self) -> bool {
        !self.thread.is_finished()
    }

    /// Ends after the entry that is under way.
    pub(crate) fn end(self) -> anyhow::Result<Vec<Sample>> {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().expect("the writer does not panic")
    }
}

async fn write(lanes: &[Lane], stopped: &AtomicBool) -> anyhow::Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for (number, lane) in lanes.iter().cycle().enumerate() {
        if stopped.load(Ordering::SeqCst) {
            break;
        }
        let sample = lane.write(number / lanes.len()).await?;
        samples.push(sample);
        tokio::time::sleep(PACE.saturating_sub(sample.took)).await;
    }
    Ok(samples)
}
