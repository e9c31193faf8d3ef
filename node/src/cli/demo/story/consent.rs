//! Mother says yes, father does not; then he does.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use stafett_node::engine::answer::{CaseSummary, ConsentItem, ConsentPreview};
use stafett_protocol::entry::EntryKind;
use stafett_protocol::id::{CaseId, ConsentId, PersonId};
use stafett_protocol::time::UnixMillis;

use super::super::cast::{Place, Who};
use super::super::client::until;
use super::super::report::{Beat, Table};
use super::super::words::fill;
use super::{Ante, STILL, Story, oral_yes, shortened};
use anyhow::Context;

impl Story<'_> {
    /// Beat 3.
    pub(super) async fn mother_says_yes(&mut self, beat: &mut Beat) -> anyhow::Result<()> {
        let ante = self.ante()?;
        let marte = self.person(Who::Marte)?;
        marte.tell(Method::PUT, format!("/cases/{}/level", ante.case), json!({ "level": 2 })).await?;
        let asked = self.ask_family(Who::Marte, ante.case, &["language", "learning"]).await?;
        let consent = asked.asked.id;
        let given = self.give(Who::Marte, ante.case, consent, ante.mother).await?;
        self.consent = Some(consent);
        self.console.note(beat, self.words.notes.missing_father.to_owned())?;
        tokio::time::sleep(STILL).await;

        let table = self.show_table(beat).await?;
        beat.check("the consent is partly given", "partly-given", given.status);
        let missing: Vec<String> = given.missing.iter().map(ToString::to_string).collect();
        beat.check("father is missing", vec![ante.father.to_string()], missing);
        let level = self.case(Who::Marte, ante.case).await?.summary.level;
        beat.check("the case is on level 2", 2, serde_json::to_value(level)?);
        beat.check("PPT in Steinkjer reads nothing", Vec::<String>::new(), table.ppt_steinkjer);
        beat.check("the leader of PPT has no case", 0, self.cases(Who::Berit).await?.len());
        beat.check("the school in Steinkjer reads nothing", Vec::<String>::new(), table.steinkjer_school);
        beat.check("Snåsa reads nothing", Vec::<String>::new(), table.snasa);
        Ok(())
    }

    /// Asks a family whether PPT in Steinkjer may see some areas.
    pub(super) async fn ask_family(
        &self,
        who: Who,
        case: CaseId,
        areas: &[&str],
    ) -> anyhow::Result<ConsentItem> {
        let request = json!({
            "recipient": { "host": Place::Steinkjer.organisation(), "code": "ppt" },
            "areas": areas,
            "purpose": self.words.titles.purpose,
        });
        self.ask(who, case, request).await
    }

    /// Writes down what a family is asked for.
    pub(super) async fn ask(&self, who: Who, case: CaseId, request: Value) -> anyhow::Result<ConsentItem> {
        self.person(who)?.post(format!("/cases/{case}/consents"), request).await
    }

    /// Registers a yes that was said on the telephone.
    pub(super) async fn give(
        &self,
        who: Who,
        case: CaseId,
        consent: ConsentId,
        giver: PersonId,
    ) -> anyhow::Result<ConsentItem> {
        self.person(who)?.post(format!("/cases/{case}/consents/{consent}/yes"), oral_yes(giver)).await
    }

    /// Beat 4.
    pub(super) async fn father_says_yes(&mut self, beat: &mut Beat) -> anyhow::Result<()> {
        let ante = self.ante()?;
        let consent = self.consent.context("a consent that was asked for")?;
        let path = format!("/cases/{}/consents/{consent}/preview", ante.case);
        let preview: ConsentPreview = self.person(Who::Marte)?.get(path).await?;
        self.tell_preview(beat, &preview)?;
        let given = self.give(Who::Marte, ante.case, consent, ante.father).await?;
        beat.check("the consent is valid", "valid", given.status);

        self.berit_assigns(beat, ante.case).await?;
        let expected = preview.becomes_visible.len().saturating_add(1);
        until("what Ole may read", async || {
            let view = self.case(Who::Ole, ante.case).await?;
            Ok((view.entries.len() >= expected).then_some(()))
        })
        .await?;
        tokio::time::sleep(STILL).await;

        let table = self.show_table(beat).await?;
        self.check_preview(beat, ante, &preview).await?;
        check_others(beat, &table);
        Ok(())
    }

    fn tell_preview(&self, beat: &mut Beat, preview: &ConsentPreview) -> anyhow::Result<()> {
        let notes = &self.words.notes;
        let visible = preview.becomes_visible.iter().map(|item| &*item.title);
        self.tell_titles(beat, notes.becomes_visible, '+', visible)?;
        let card: BTreeSet<&str> =
            preview.card.values().map(String::as_str).filter(|value| *value == "Ante").collect();
        for name in card {
            self.console.note(beat, format!("  + {}", fill(self.words.titles.card, &[("name", name)])))?;
        }
        let hidden = preview.stays_hidden.iter().map(|hidden| &*hidden.item.title);
        self.tell_titles(beat, notes.stays_hidden, '−', hidden)
    }

    /// Lists titles of entries, each after a sign.
    pub(super) fn tell_titles<'t>(
        &self,
        beat: &mut Beat,
        above: &str,
        sign: char,
        titles: impl Iterator<Item = &'t str>,
    ) -> anyhow::Result<()> {
        self.console.note(beat, above.to_owned())?;
        for title in titles {
            self.console.note(beat, format!("  {sign} {}", shortened(title)))?;
        }
        Ok(())
    }

    /// The leader of PPT sees that there is a case, and gives it to Ole; until then he reads nothing.
    pub(super) async fn berit_assigns(&self, beat: &mut Beat, case: CaseId) -> anyhow::Result<()> {
        let found: CaseSummary = until("the case in the inbox of PPT", async || {
            Ok(self.cases(Who::Berit).await?.into_iter().find(|summary| summary.case == case))
        })
        .await?;
        let date = date(found.since)?;
        let notes = &self.words.notes;
        self.console.note(beat, fill(notes.inbox, &[("owner", &found.owner_name), ("date", &date)]))?;
        beat.check("the leader of PPT sees an inbox", "inbox", found.task);
        beat.check("the leader of PPT sees no name", Value::Null, found.subject_name);
        let shown = self.case(Who::Berit, case).await?.entries.len();
        beat.check("the leader of PPT reads no entry", 0, shown);
        let before = self.cases(Who::Ole).await?.into_iter().filter(|summary| summary.case == case).count();
        beat.check("before he is assigned Ole has no such case", 0, before);
        self.console.note(beat, fill(notes.assigned, &[("count", &before.to_string())]))?;
        self.assign(Who::Berit, case, Who::Ole).await
    }

    /// Gives a case to somebody to work with.
    pub(super) async fn assign(&self, by: Who, case: CaseId, to: Who) -> anyhow::Result<()> {
        let body = json!({ "account": self.account(to)? });
        self.person(by)?.tell(Method::POST, format!("/cases/{case}/assignments"), body).await
    }

    /// What Ole reads is what the preview said, entry by entry, and field by field of the card.
    async fn check_preview(
        &self,
        beat: &mut Beat,
        ante: Ante,
        preview: &ConsentPreview,
    ) -> anyhow::Result<()> {
        let view = self.case(Who::Ole, ante.case).await?;
        let (cards, entries): (Vec<_>, Vec<_>) =
            view.entries.iter().partition(|item| item.kind == EntryKind::CaseCard);
        let ids = |ids: &mut dyn Iterator<Item = String>| {
            ids.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
        };
        beat.check(
            "Ole reads exactly the entries of the preview",
            ids(&mut preview.becomes_visible.iter().map(|item| item.entry.to_string())),
            ids(&mut entries.iter().map(|item| item.entry.to_string())),
        );
        let card: Vec<String> =
            cards.iter().flat_map(|item| item.view.fields.keys().map(ToString::to_string)).collect();
        let promised: Vec<String> = preview.card.keys().map(|field| field.key().to_string()).collect();
        beat.check("Ole reads exactly the fields of the card in the preview", promised, card);
        beat.check("there is one card", 1, cards.len());
        beat.check("three entries became visible", 3, entries.len());
        beat.check("three entries stay hidden", 3, preview.stays_hidden.len());
        let reasons: BTreeSet<&str> =
            preview.stays_hidden.iter().map(|hidden| hidden.reason.as_str()).collect();
        beat.check("they stay hidden for their area", vec!["area"], reasons.into_iter().collect::<Vec<_>>());
        Ok(())
    }
}

fn check_others(beat: &mut Beat, table: &Table) {
    let nothing = Vec::<String>::new();
    beat.check("the school in Steinkjer reads nothing", nothing.clone(), table.steinkjer_school.clone());
    beat.check("Snåsa reads nothing", nothing, table.snasa.clone());
}

fn date(at: UnixMillis) -> anyhow::Result<String> {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(at.0)?)?;
    Ok(at.to_zoned(jiff::tz::TimeZone::system()).date().to_string())
}
