//! The search for the two sentences, in opened stores and in what was handed to connections.

use std::path::Path;

use anyhow::Context;
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
        let sentence = self.sentence.clone().context("your sentence")?;
        let mut search = Search::default();
        search.sentence = self.find(&sentence, &mut search).await?;
        search.control = self.find(self.words.titles.learning, &mut search).await?;
        self.console.findings(&search)?;
        let (blobs, frames) = (search.blobs_opened.to_string(), search.frames.to_string());
        let words = &self.words.search;
        self.console.note(beat, fill(words.looked_through, &[("blobs", &blobs), ("frames", &frames)]))?;

        self.show_table(beat).await?;
        let Found { stores, handed_to } = search.sentence;
        beat.check("your sentence is in Inderøy's store", 1, stores.inderoy);
        beat.check("your sentence is not in Steinkjer's store", 0, stores.steinkjer);
        beat.check("your sentence is not in Snåsa's store", 0, stores.snasa);
        beat.check("your sentence was handed to no connection", vec![0, 0, 0], handed_to.columns().to_vec());
        let Found { stores, handed_to } = search.control;
        beat.check("the control sentence is in Inderøy's store", 1, stores.inderoy);
        beat.check("the control sentence is in Steinkjer's store", 1, stores.steinkjer);
        beat.check("the control sentence is not in Snåsa's store", 0, stores.snasa);
        beat.check(
            "the control sentence was handed to Steinkjer alone",
            vec![0, 1, 0],
            handed_to.columns().to_vec(),
        );
        beat.check("there was something to search", true, search.blobs_opened > 0 && search.frames > 0);
        self.search = Some(search);
        self.ids_in_snasa(beat).await
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
        for place in Place::ALL {
            let report = self.search_store(place, sentence.as_bytes()).await?;
            search.blobs_opened = search.blobs_opened.saturating_add(report.blobs_opened);
            *count(&mut found.stores, place) = u64::try_from(report.hits.len())?;
        }
        for (from, to) in [
            (Place::Inderoy, Place::Steinkjer),
            (Place::Snasa, Place::Steinkjer),
            (Place::Steinkjer, Place::Inderoy),
            (Place::Steinkjer, Place::Snasa),
        ] {
            let folder = &self.nodes.made.get(&from).context("a node that is made")?.frames;
            for stream in ["control", "data"] {
                let file = folder.join(format!("{}-{stream}.frames", to.organisation()));
                let frames = frames(&file)?;
                search.frames = search.frames.saturating_add(u64::try_from(frames.len())?);
                let hits = frames.iter().filter(|frame| contains(frame, sentence.as_bytes())).count();
                let total = count(&mut found.handed_to, to);
                *total = total.saturating_add(u64::try_from(hits)?);
            }
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

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
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
}
