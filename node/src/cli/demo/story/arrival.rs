//! The case is carried over: what came is marked, no yes came along, and in Inderøy it is over.

use std::collections::BTreeSet;

use anyhow::Context;
use reqwest::Method;
use serde_json::Value;
use stafett_node::engine::answer::{CaseView, ComingMove, EntryItem};
use stafett_protocol::entry::EntryKind;
use stafett_protocol::id::EntryId;

use super::super::cast::{Place, Who};
use super::super::client::{Question, until};
use super::super::report::{Beat, Found, MovedShown};
use super::super::words::fill;
use super::moving::{CONFLICT, STAGE, move_of};
use super::opening::entry;
use super::{Ante, STILL, Story, from};

impl Story<'_> {
    /// Beat 7 of the move.
    pub(super) async fn marte_carries_over(&mut self, beat: &mut Beat) -> anyhow::Result<()> {
        let ante = self.ante()?;
        let path = format!("{}/transfer", move_of(ante.case));
        self.person(Who::Marte)?.tell(Method::POST, path, Value::Null).await?;
        let path = format!("/moves/{}", self.succession()?);
        let arrived = until("the case at Tor", async || {
            Ok(self.person(Who::Tor)?.get::<ComingMove>(path.clone()).await?.case)
        })
        .await?;
        self.arrived = Some(arrived);
        let view = self.case(Who::Tor, arrived).await?;
        let count = view.entries.len().to_string();
        self.console.note(beat, fill(self.words.moving.arrived, &[("count", &count)]))?;

        let table = self.show_table(beat).await?;
        let titles = &self.words.titles;
        let mut goes = [titles.language, titles.goal, titles.learning, titles.health]
            .map(|title| from(title, Place::Inderoy.name()));
        goes.sort();
        beat.check(
            "Tor reads what went along, each marked with Inderøy",
            goes.to_vec(),
            table.steinkjer_school,
        );
        beat.check("Tor is stafettholder", "stafettholder", view.summary.task.clone());
        let [child, ..] = self.plot.family();
        beat.check("Tor reads whom it is about", child, view.summary.subject_name.clone());
        beat.check("it is another case than the one in Inderøy", true, arrived != ante.case);
        let ids: BTreeSet<EntryId> = view.entries.iter().map(|item| item.entry).collect();
        beat.check(
            "no entry has the id that it had",
            false,
            ids.contains(&ante.goal) || ids.contains(&ante.home),
        );
        let marked = view.entries.iter().filter(|item| is_from_inderoy(item)).count();
        beat.check("a service in Inderøy wrote each of them", view.entries.len(), marked);
        beat.check("PPT in Steinkjer reads nothing", Vec::<String>::new(), table.ppt_steinkjer);
        beat.check("Snåsa reads nothing", Vec::<String>::new(), table.snasa);
        self.check_carried(beat, &view)?;
        let found = self.look_for(beat, &self.goes(), self.words.moving.looked_for_what_goes).await?;
        beat.check("the same search finds what went along", true, found > 0);
        let found = self.look_for(beat, &self.stays(ante)?, self.words.moving.looked_for_what_stays).await?;
        beat.check("what stayed is not at Steinkjer, and no id of the old case", 0, found);
        let asked: ComingMove = self.person(Who::Kari)?.get(path).await?;
        beat.check("the coordinator is led to no case", true, asked.case.is_none());
        beat.check("the coordinator has no case", 0, self.cases(Who::Kari).await?.len());
        Ok(())
    }

    /// What came beside the entries.
    fn check_carried(&self, beat: &mut Beat, view: &CaseView) -> anyhow::Result<()> {
        let carried = view.carried.as_ref().context("what came with the case")?;
        let values = [("name", &*carried.contact_name), ("text", &*carried.note)];
        self.console.note(beat, fill(self.words.notes.reads, &values))?;
        beat.check("Tor reads whom he may call", Who::Marte.name()?, carried.contact_name.clone());
        beat.check("Tor reads what Marte wrote to him", self.words.moving.note, carried.note.clone());
        beat.check("every entry came", vec![4, 0], vec![carried.entries, carried.unreadable]);
        Ok(())
    }

    /// Beat 8 of the move.
    pub(super) async fn no_yes_follows(&mut self, beat: &mut Beat) -> anyhow::Result<()> {
        let (ante, arrived) = (self.ante()?, self.arrived.context("the case in Steinkjer")?);
        tokio::time::sleep(STILL).await;
        let view = self.case(Who::Tor, arrived).await?;
        let consents = self.consents(Who::Tor, arrived).await?.len();
        let carried = view.carried.as_ref().context("what came with the case")?;
        let given = carried.consent.given.len();
        let values = [("count", &*consents.to_string()), ("given", &*given.to_string())];
        self.console.note(beat, fill(self.words.moving.consents, &values))?;

        let table = self.show_table(beat).await?;
        beat.check("no consent holds in Steinkjer", 0, consents);
        beat.check("Tor sees who had said yes to the move", 2, given);
        let readers: usize = view.entries.iter().map(|item| item.readers.len()).sum();
        beat.check("no service reads what came, but its stafettholder", 0, readers);
        beat.check("the leader of PPT has no case", 0, self.cases(Who::Berit).await?.len());
        beat.check("PPT in Steinkjer reads nothing", Vec::<String>::new(), table.ppt_steinkjer);
        beat.check("Snåsa reads nothing", Vec::<String>::new(), table.snasa);
        self.moved = Some(MovedShown {
            carried: view.entries.len(),
            stayed: self.written_by_marte(ante).await?.saturating_sub(view.entries.len()),
            consents,
        });
        self.over_in_inderoy(beat, ante).await
    }

    /// Counts what Marte reads of her own writing; the card is not.
    async fn written_by_marte(&self, ante: Ante) -> anyhow::Result<usize> {
        let view = self.case(Who::Marte, ante.case).await?;
        Ok(view.entries.iter().filter(|item| item.kind != EntryKind::CaseCard).count())
    }

    /// Who read the case in Inderøy reads what was, and nobody writes in it or offers it.
    async fn over_in_inderoy(&self, beat: &mut Beat, ante: Ante) -> anyhow::Result<()> {
        let moved = until("Steinkjer's word that it has the case", async || {
            Ok(self.move_view(ante.case).await?.moved.filter(|moved| moved.is_confirmed))
        })
        .await?;
        beat.check("Marte sees where the case is", Place::Steinkjer.name(), moved.to_name.clone());
        let texts = &self.words.moving;
        let written = entry("note", &["language"], "description", texts.first_meeting);
        let path = format!("/cases/{}/entries", ante.case);
        let mut refused = Vec::new();
        for who in [Who::Marte, Who::Siri] {
            let question = Question::with(Method::POST, path.clone(), written.clone());
            refused.push(self.person(who)?.ask(&question).await?.status);
        }
        let status = refused.first().map(ToString::to_string).unwrap_or_default();
        let values = [("to", &*moved.to_name), ("status", &*status)];
        self.console.note(beat, fill(texts.over, &values))?;
        beat.check("nothing more is written in Inderøy", vec![CONFLICT, CONFLICT], refused);
        let consent = self.consent.context("the consent to the move")?;
        let again = Question::with(Method::POST, move_of(ante.case), self.offer(consent)?);
        let again = self.person(Who::Marte)?.ask(&again).await?.status;
        beat.check("it is offered to nobody once more", CONFLICT, again);
        let reads = self.reads(Who::Siri).await?;
        beat.check("Siri reads what she read, and no more", self.open_to_siri(), reads);
        let tor = self.arrived.context("the case in Steinkjer")?;
        self.write(Who::Tor, tor, written).await?;
        let reads = self.reads(Who::Tor).await?;
        let is_unmarked = reads.iter().any(|line| line == texts.first_meeting);
        beat.check("what Tor writes is not marked", true, is_unmarked);
        beat.check("Tor reads five entries", 5, reads.len());
        Ok(())
    }

    /// Beat 9 of the move.
    pub(super) async fn search_after_the_move(&mut self, beat: &mut Beat) -> anyhow::Result<()> {
        let search = self.search_for_both(beat, Some(STAGE)).await?;
        let Found { stores, handed_to } = search.control.clone();
        beat.check("the control sentence is in Inderøy's store", 1, stores.inderoy);
        beat.check("the control sentence is in Steinkjer's store", 1, stores.steinkjer);
        beat.check("the control sentence is not in Snåsa's store", 0, stores.snasa);
        let sealed = handed_to.columns().to_vec();
        beat.check("the control sentence was handed to no connection unsealed", vec![0, 0, 0], sealed);
        let offer = search.offer.clone().context("the search for the offer")?;
        beat.check("the offer was handed to Steinkjer", true, offer.handed_to.steinkjer > 0);
        beat.check("the offer is in Steinkjer's store", true, offer.stores.steinkjer > 0);
        let of_snasa = [offer.stores.snasa, offer.handed_to.snasa].to_vec();
        beat.check("Snåsa was told of no offer", vec![0, 0], of_snasa);
        self.search = Some(search);

        let moved = self.moved.context("the case that has moved")?;
        let [carried, stayed, consents] =
            [moved.carried, moved.stayed, moved.consents].map(|count| count.to_string());
        let values = [("carried", &*carried), ("stayed", &*stayed), ("consents", &*consents)];
        beat.check("four entries went along and two stayed", vec![4, 2], vec![moved.carried, moved.stayed]);
        self.console.note(beat, fill(self.words.moving.counted, &values))
    }
}

/// Whether an entry came from a service of Inderøy's, as its origin says.
fn is_from_inderoy(item: &EntryItem) -> bool {
    item.origin.as_ref().is_some_and(|origin| {
        origin.from_name == Place::Inderoy.name()
            && origin.written_by == "own"
            && origin.service_name.is_some()
    })
}
