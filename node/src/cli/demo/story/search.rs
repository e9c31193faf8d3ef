//! The search for sentences, names and ids, in opened stores and in what was handed to connections.

use std::path::Path;

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use stafett_node::startup;
use stafett_node::store::SearchReport;

use super::super::cast::Place;
use super::super::report::{Beat, Counts, Found, Search};
use super::super::setup::settings;
use super::super::words::fill;
use super::Story;

/// Bytes of the length before each frame of a recording.
const LENGTH_BYTES: usize = 4;

impl Story<'_> {
    /// Beat 8.
    pub(super) async fn search_everything(&mut self, beat: &mut Beat) -> anyhow::Result<()> {
        let search = self.search_for_both(beat, None).await?;
        let Found { stores, handed_to } = search.control.clone();
        beat.check("the control sentence is in Inderøy's store", 1, stores.inderoy);
        beat.check("the control sentence is in Steinkjer's store", 1, stores.steinkjer);
        beat.check("the control sentence is not in Snåsa's store", 0, stores.snasa);
        beat.check(
            "the control sentence was handed to Steinkjer alone",
            vec![0, 1, 0],
            handed_to.columns().to_vec(),
        );
        self.search = Some(search);
        self.ids_in_snasa(beat).await
    }

    /// Looks for your sentence, the control sentence and what an offer tells, and checks that your
    /// sentence is at home alone.
    pub(super) async fn search_for_both(
        &self,
        beat: &mut Beat,
        offer: Option<&str>,
    ) -> anyhow::Result<Search> {
        let sentence = self.sentence.clone().context("your sentence")?;
        let mut search = Search::default();
        search.sentence = self.find(&sentence, &mut search).await?;
        search.control = self.find(self.words.titles.learning, &mut search).await?;
        if let Some(offer) = offer {
            search.offer = Some(self.find(offer, &mut search).await?);
        }
        self.console.findings(&search)?;
        let (blobs, frames) = (search.blobs_opened.to_string(), search.frames.to_string());
        let words = &self.words.search;
        self.console.note(beat, fill(words.looked_through, &[("blobs", &blobs), ("frames", &frames)]))?;

        self.show_table(beat).await?;
        let Found { stores, handed_to } = &search.sentence;
        beat.check("your sentence is in Inderøy's store", 1, stores.inderoy);
        beat.check("your sentence is not in Steinkjer's store", 0, stores.steinkjer);
        beat.check("your sentence is not in Snåsa's store", 0, stores.snasa);
        beat.check("your sentence was handed to no connection", vec![0, 0, 0], handed_to.columns().to_vec());
        beat.check("there was something to search", true, search.blobs_opened > 0 && search.frames > 0);
        Ok(search)
    }

    /// Counts how often any of some things stands at Steinkjer: in the opened store, or in a frame
    /// that was handed to a connection to it.
    pub(super) async fn at_steinkjer(&self, things: &[Vec<u8>]) -> anyhow::Result<usize> {
        let mut found = 0_usize;
        let frames = self.frames_to(Place::Steinkjer)?;
        for thing in things {
            let forms = forms(thing);
            for form in &forms {
                let hits = self.search_store(Place::Steinkjer, form).await?.hits.len();
                found = found.saturating_add(hits);
            }
            found = found.saturating_add(frames.iter().filter(|frame| contains_any(frame, &forms)).count());
        }
        Ok(found)
    }

    /// Reads every frame that was handed to connections to a node.
    fn frames_to(&self, place: Place) -> anyhow::Result<Vec<Vec<u8>>> {
        let mut all = Vec::new();
        for (from, to) in Place::LINKS.into_iter().filter(|(_, to)| *to == place) {
            let folder = &self.nodes.made.get(&from).context("a node that is made")?.frames;
            for stream in ["control", "data"] {
                all.extend(frames(&folder.join(format!("{}-{stream}.frames", to.organisation())))?);
            }
        }
        Ok(all)
    }

    /// Not even the id of Ante's case is in Snåsa.
    async fn ids_in_snasa(&self, beat: &mut Beat) -> anyhow::Result<()> {
        let case = self.ante()?.case;
        for (needle, steinkjer) in [(case.as_bytes().to_vec(), true), (case.to_string().into_bytes(), false)]
        {
            let hits = self.search_store(Place::Snasa, &needle).await?.hits.len();
            beat.check("the id of Ante's case is not in Snåsa's store", 0, hits);
            if steinkjer {
                let hits = self.search_store(Place::Steinkjer, &needle).await?.hits.len();
                beat.check("the id of Ante's case is in Steinkjer's store", true, hits > 0);
            }
        }
        Ok(())
    }

    /// Opens a node's store beside the node that runs, and searches every row.
    pub(super) async fn search_store(&self, place: Place, needle: &[u8]) -> anyhow::Result<SearchReport> {
        let folder = &self.nodes.made.get(&place).context("a node that is made")?.folder;
        let config = settings(folder)?;
        let keys = startup::read_keys(&config)?;
        let reader = startup::read_store(&config, &keys)?;
        Ok(reader.search_everything(needle).await?)
    }

    async fn find(&self, sentence: &str, search: &mut Search) -> anyhow::Result<Found> {
        let mut found = Found::default();
        (search.blobs_opened, search.frames) = (0, 0);
        let forms = forms(sentence.as_bytes());
        for place in Place::ALL {
            let mut blobs_opened = 0;
            for form in &forms {
                let report = self.search_store(place, form).await?;
                blobs_opened = report.blobs_opened;
                let total = count(&mut found.stores, place);
                *total = total.saturating_add(u64::try_from(report.hits.len())?);
            }
            search.blobs_opened = search.blobs_opened.saturating_add(blobs_opened);
            let frames = self.frames_to(place)?;
            search.frames = search.frames.saturating_add(u64::try_from(frames.len())?);
            let hits = frames.iter().filter(|frame| contains_any(frame, &forms)).count();
            *count(&mut found.handed_to, place) = u64::try_from(hits)?;
        }
        Ok(found)
    }
}

fn count(counts: &mut Counts, place: Place) -> &mut u64 {
    match place {
        Place::Inderoy => &mut counts.inderoy,
        Place::Steinkjer => &mut counts.steinkjer,
        Place::Snasa => &mut counts.snasa,
    }
}

/// Reads a recording; a stream that nothing was handed to has none.
fn frames(file: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    match std::fs::read(file) {
        Ok(bytes) => split(&bytes).with_context(|| format!("{}: a frame is not whole", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| file.display().to_string()),
    }
}

/// Takes the frames apart; the last one may still be on its way to the file.
fn split(mut bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut frames = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<LENGTH_BYTES>() {
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let (frame, rest) = rest.split_at_checked(length)?;
        frames.push(frame.to_vec());
        bytes = rest;
    }
    bytes.is_empty().then_some(frames)
}

/// How bytes may stand in a store or a frame: as they are, and within a signed statement, which is
/// base64, at each of its three alignments. Characters that share bits with a neighbour are left out.
fn forms(bytes: &[u8]) -> Vec<Vec<u8>> {
    let shifted = |by: usize| {
        let written = URL_SAFE_NO_PAD.encode([vec![0; by], bytes.to_vec()].concat()).into_bytes();
        let first = by.saturating_mul(8).div_ceil(6);
        let last = by.saturating_add(bytes.len()).saturating_mul(8) / 6;
        written.get(first..last).map(<[u8]>::to_vec)
    };
    std::iter::once(bytes.to_vec()).chain((0..3).filter_map(shifted)).collect()
}

fn contains_any(frame: &[u8], forms: &[Vec<u8>]) -> bool {
    forms.iter().any(|form| contains(frame, form))
}

pub(super) fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    !needle.is_empty() && bytes.windows(needle.len()).any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_taken_apart_frame_by_frame() {
        assert_eq!(split(&[0, 0, 0, 2, 7, 8, 0, 0, 0, 1, 9]), Some(vec![vec![7, 8], vec![9]]));
        assert_eq!(split(&[]), Some(Vec::new()));
        assert_eq!(split(&[0, 0, 0, 2, 7]), None);
    }

    #[test]
    fn words_are_found_only_where_they_stand_whole() {
        assert!(contains("før setningen etter".as_bytes(), "setningen".as_bytes()));
        assert!(!contains(b"setninge", b"setningen"));
        assert!(!contains(b"setningen", b""));
    }

    #[test]
    fn words_within_a_statement_are_found_wherever_they_stand() {
        for before in ["", "a", "ab", "abc"] {
            let claims = |said: &str| URL_SAFE_NO_PAD.encode(format!("{before}{said}, sist")).into_bytes();

            assert!(contains_any(&claims("setningen min"), &forms(b"setningen min")), "{before}");
            assert!(!contains_any(&claims("setningen din"), &forms(b"setningen min")), "{before}");
        }
    }
}
