//! Ole's measure comes back; then both write in it while the line is cut.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use stafett_node::engine::answer::EntryItem;
use stafett_protocol::entry::{EntryKind, FieldKey};
use stafett_protocol::id::EntryId;

use super::super::cast::{Place, Who};
use super::super::client::until;
use super::super::report::Beat;
use super::super::words::fill;
use super::{Ante, STILL, Story, deadlines_in_conflict, in_days};
use anyhow::Context;

/// Days from today: as Ole plans it, as Marte changes it, as Ole changes it at the same time.
const DEADLINES: [i32; 3] = [30, 37, 51];
/// How long the line stays cut after both have written.
const CUT: Duration = Duration::from_millis(600);

impl Story<'_> {
    /// Beat 5.
    pub(super) async fn ole_writes(&mut self, beat: &mut Beat) -> anyhow::Result<()> {
        let ante = self.ante()?;
        let titles = &self.words.titles;
        let [deadline, ..] = DEADLINES;
        let measure = json!({
            "kind": "measure",
            "areas": ["language"],
            "fields": {
                "title": titles.measure,
                "description": titles.measure_text,
                "responsible": "Ole",
                "deadline": in_days(deadline)?,
                "status": "planned",
            },
            "towards": ante.goal,
        });
        let published = self.publish(Who::Ole, ante.case, measure).await?;
        beat.check("Ole's measure is proposed to the owner", true, published.proposal.is_some());
        beat.check("Steinkjer gives it no id of its own", true, published.entry.is_none());
        self.console.note(beat, self.words.notes.waits_for_owner.to_owned())?;
        let measure =
            until("Ole's measure in Inderøy", async || self.measure_at(Who::Marte, ante).await).await?;
        let back =
            until("Ole's measure back in Steinkjer", async || self.measure_at(Who::Ole, ante).await).await?;
        self.measure = Some(measure.entry);

        let table = self.show_table(beat).await?;
        beat.check("Marte reads the measure", true, has_line(&table.inderoy, titles.measure));
        beat.check("Ole reads the measure", true, has_line(&table.ppt_steinkjer, titles.measure));
        beat.check("it is the same entry at both", measure.entry.to_string(), back.entry.to_string());
        let goal = Some(ante.goal.to_string());
        beat.check(
            "it belongs to the goal in Inderøy",
            goal.clone(),
            measure.towards.map(|to| to.to_string()),
        );
        beat.check("it belongs to the goal in Steinkjer", goal, back.towards.map(|to| to.to_string()));
        let written_by = measure.written_by.map(|service| service.to_string());
        beat.check("PPT wrote it", format!("ppt@{}", Place::Steinkjer.organisation()), written_by);
        let waiting = self.case(Who::Ole, ante.case).await?.proposals.len();
        beat.check("nothing of Ole's waits for the owner", 0, waiting);
        beat.check("the school in Steinkjer reads nothing", Vec::<String>::new(), table.steinkjer_school);
        beat.check("Snåsa reads nothing", Vec::<String>::new(), table.snasa);
        Ok(())
    }

    /// The measure as somebody reads it, once it is there and belongs to its goal.
    async fn measure_at(&self, who: Who, ante: Ante) -> anyhow::Result<Option<EntryItem>> {
        let view = self.case(who, ante.case).await?;
        Ok(view.entries.into_iter().find(|item| item.kind == EntryKind::Measure && item.towards.is_some()))
    }

    /// Beat 6.
    pub(super) async fn both_edit(&mut self, beat: &mut Beat) -> anyhow::Result<()> {
        let ante = self.ante()?;
        let measure = self.measure.context("Ole's measure")?;
        let titles = &self.words.titles;
        let [_, of_marte, of_ole] = DEADLINES;
        let (of_marte, of_ole) = (in_days(of_marte)?, in_days(of_ole)?);
        let dropped_before = self.line()?.dropped();
        self.line()?.cut();
        let by_marte = format!("{}{}", titles.measure_text, titles.marte_adds);
        self.edit(Who::Marte, ante, measure, json!({ "description": by_marte, "deadline": of_marte }))
            .await?;
        let by_ole = format!("{}{}", titles.ole_adds, titles.measure_text);
        self.edit(Who::Ole, ante, measure, json!({ "description": by_ole, "deadline": of_ole })).await?;
        tokio::time::sleep(CUT).await;
        self.tell_cut(beat, dropped_before)?;
        for (who, own) in [(Who::Marte, by_marte), (Who::Ole, by_ole)] {
            let read = self.text_at(who, ante, measure).await?;
            let values = [("name", who.name()?), ("text", &*read)];
            self.console.note(beat, fill(self.words.notes.reads, &values))?;
            beat.check("while the line is cut each reads their own", own, read);
        }
        self.line()?.heal();
        self.console.note(beat, self.words.notes.healed.to_owned())?;
        self.until_merged(ante, measure).await?;

        self.show_table(beat).await?;
        let merged = format!("{}{}{}", titles.ole_adds, titles.measure_text, titles.marte_adds);
        let both = vec![of_marte.clone(), of_ole];
        for who in [Who::Marte, Who::Ole] {
            let item = self.entry(who, ante.case, measure).await?;
            beat.check(
                "both texts are in the measure",
                merged.clone(),
                item.view.text(FieldKey::Description),
            );
            beat.check("both deadlines are shown", both.clone(), deadlines_in_conflict(&item.view));
        }
        self.console.note(beat, fill(self.words.notes.both_texts, &[("text", &merged)]))?;
        self.marte_settles(beat, ante, measure, of_marte).await
    }

    async fn edit(
        &self,
        who: Who,
        ante: Ante,
        entry: EntryId,
        fields: serde_json::Value,
    ) -> anyhow::Result<EntryItem> {
        let path = format!("/cases/{}/entries/{entry}", ante.case);
        self.person(who)?.send(Method::PATCH, path, json!({ "fields": fields })).await
    }

    async fn text_at(&self, who: Who, ante: Ante, entry: EntryId) -> anyhow::Result<String> {
        let item = self.entry(who, ante.case, entry).await?;
        Ok(item.view.text(FieldKey::Description).to_owned())
    }

    fn tell_cut(&self, beat: &mut Beat, dropped_before: u64) -> anyhow::Result<()> {
        let dropped = self.line()?.dropped().saturating_sub(dropped_before);
        beat.check("the cut line dropped datagrams", true, dropped > 0);
        self.console.note(beat, fill(self.words.notes.cut, &[("count", &dropped.to_string())]))?;
        self.console.note(beat, self.words.notes.while_cut.to_owned())
    }

    /// Waits until both nodes have both edits.
    async fn until_merged(&self, ante: Ante, measure: EntryId) -> anyhow::Result<()> {
        for who in [Who::Marte, Who::Ole] {
            until("the other's edit", async || {
                let view = self.entry(who, ante.case, measure).await?.view;
                Ok((deadlines_in_conflict(&view).len() > 1).then_some(()))
            })
            .await?;
        }
        tokio::time::sleep(STILL).await;
        Ok(())
    }

    /// The stafettholder alone settles a deadline, and the other node follows.
    async fn marte_settles(
        &self,
        beat: &mut Beat,
        ante: Ante,
        measure: EntryId,
        deadline: String,
    ) -> anyhow::Result<()> {
        self.edit(Who::Marte, ante, measure, json!({ "deadline": deadline })).await?;
        let at_ole = until("the settled deadline", async || {
            let view = self.entry(Who::Ole, ante.case, measure).await?.view;
            Ok(deadlines_in_conflict(&view).is_empty().then(|| view.text(FieldKey::Deadline).to_owned()))
        })
        .await?;
        self.console.note(beat, fill(self.words.notes.settled, &[("date", &deadline)]))?;
        beat.check("Ole reads the deadline that Marte settled", deadline, at_ole);
        Ok(())
    }
}

fn has_line(lines: &[String], beginning: &str) -> bool {
    lines.iter().any(|line| line.contains(beginning))
}
