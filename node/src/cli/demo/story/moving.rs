//! The family says yes to a move; the case is offered without a name, and somebody takes it.

use std::collections::BTreeSet;

use anyhow::Context;
use reqwest::Method;
use serde_json::{Value, json};
use stafett_node::clock;
use stafett_node::engine::answer::{
    BatonPart, BatonView, ComingMove, ComingStep, ConsentItem, ConsentPreview, MoveStep, MoveView,
    OfferedMove, OpenMove,
};
use stafett_protocol::id::{CaseId, ConsentId, SuccessionId};
use stafett_protocol::municipality::ServiceCode;
use stafett_protocol::succession::statement::Stage;

use super::super::cast::{Place, Who};
use super::super::client::{Question, until};
use super::super::report::{Beat, Table};
use super::super::setup::settings;
use super::super::words::fill;
use super::search::contains;
use super::silence::{NOT_FOUND, ask_pair};
use super::{Ante, STILL, Story, in_days};

/// What Steinkjer is told of whom it is about, as it is written in a statement.
pub(super) const STAGE: &str = "primary-school";
/// Days from today until somebody in Steinkjer should be responsible.
const WISHED: i32 = 30;
/// What is not possible yet, or not any more.
pub(super) const CONFLICT: u16 = 409;

impl Story<'_> {
    /// Beat 3 of the move.
    pub(super) async fn siri_reads(&mut self, beat: &mut Beat) -> anyhow::Result<()> {
        let ante = self.ante()?;
        let words = self.words;
        let marte = self.person(Who::Marte)?;
        marte.tell(Method::PUT, format!("/cases/{}/level", ante.case), json!({ "level": 2 })).await?;
        let request = json!({
            "recipient": { "host": Place::Inderoy.organisation(), "code": "health-station" },
            "areas": ["language", "health"],
            "purpose": words.moving.purpose_of_health,
        });
        let consent = self.ask(Who::Marte, ante.case, request).await?.asked.id;
        self.give(Who::Marte, ante.case, consent, ante.mother).await?;
        let given = self.give(Who::Marte, ante.case, consent, ante.father).await?;
        self.assign(Who::Marte, ante.case, Who::Siri).await?;
        let reads = self.reads(Who::Siri).await?;
        self.tell_titles(beat, words.moving.siri_reads, '+', reads.iter().map(|line| &**line))?;

        let table = self.show_table(beat).await?;
        beat.check("the consent to the health station is valid", "valid", given.status);
        beat.check("Siri reads the card, language and health, and no more", self.open_to_siri(), reads);
        nothing_elsewhere(beat, &table);
        Ok(())
    }

    /// What the yes to the health station opens; the goal is of learning too.
    pub(super) fn open_to_siri(&self) -> Vec<String> {
        let titles = &self.words.titles;
        let [child, ..] = self.plot.family();
        vec![titles.language.to_owned(), titles.health.to_owned(), fill(titles.card, &[("name", child)])]
    }

    /// Beat 4 of the move.
    pub(super) async fn family_is_asked_to_move(&mut self, beat: &mut Beat) -> anyhow::Result<()> {
        let ante = self.ante()?;
        let words = &self.words.moving;
        let request = json!({
            "kind": "transfer",
            "recipient": { "host": Place::Steinkjer.organisation(), "code": "school" },
            "also": ["health-station"],
            "areas": ["language", "learning", "health"],
            "purpose": words.purpose,
        });
        let path = format!("/cases/{}/consents/preview", ante.case);
        let preview: ConsentPreview = self.person(Who::Marte)?.post(path, request.clone()).await?;
        let goes: Vec<&str> = preview.becomes_visible.iter().map(|item| &*item.title).collect();
        let stays: Vec<&str> = preview.stays_hidden.iter().map(|hidden| &*hidden.item.title).collect();
        self.tell_titles(beat, words.goes_along, '+', goes.iter().copied())?;
        self.tell_titles(beat, words.stays, '−', stays.iter().copied())?;
        let asked = self.ask(Who::Marte, ante.case, request).await?;
        let consent = asked.asked.id;
        self.consent = Some(consent);
        let given = self.give(Who::Marte, ante.case, consent, ante.mother).await?;
        self.console.note(beat, self.words.notes.missing_father.to_owned())?;
        let question = Question::with(Method::POST, move_of(ante.case), self.offer(consent)?);
        let refused = self.person(Who::Marte)?.ask(&question).await?.status;
        self.console.note(beat, fill(words.too_early, &[("status", &refused.to_string())]))?;
        tokio::time::sleep(STILL).await;

        let table = self.show_table(beat).await?;
        beat.check("the family is asked for the move by itself", "transfer", to_value(asked.asked.kind)?);
        beat.check("four entries would go along", 4, goes.len());
        let home = self.words.titles.home;
        beat.check("two stay, one of them of home", true, stays.len() == 2 && stays.contains(&home));
        beat.check("the consent is partly given", "partly-given", given.status);
        beat.check("without father's yes it cannot be offered", CONFLICT, refused);
        beat.check("the coordinator in Steinkjer has no inquiry", 0, self.inbox().await?.len());
        nothing_elsewhere(beat, &table);
        self.nothing_there(beat, ante).await
    }

    /// Beat 5 of the move.
    pub(super) async fn marte_offers(&mut self, beat: &mut Beat) -> anyhow::Result<()> {
        let ante = self.ante()?;
        let consent = self.consent.context("a consent that was asked for")?;
        let given = self.give(Who::Marte, ante.case, consent, ante.father).await?;
        beat.check("the consent to the move is valid", "valid", given.status);
        let offer = self.offer(consent)?;
        let offered: OfferedMove = self.person(Who::Marte)?.post(move_of(ante.case), offer).await?;
        self.succession = Some(offered.succession);
        let seen = until("the offer at Steinkjer", async || {
            Ok(self.inbox().await?.into_iter().find(|coming| coming.succession == offered.succession))
        })
        .await?;
        self.tell_inquiry(beat, &seen)?;

        let table = self.show_table(beat).await?;
        beat.check("the coordinator sees from where", Place::Inderoy.name(), seen.from_name);
        beat.check("she sees that it is a child in primary school", STAGE, to_value(seen.stage)?);
        beat.check("she sees from when", in_days(WISHED)?, seen.wished);
        beat.check("nobody in Steinkjer is asked yet", true, seen.asked.is_none() && !seen.is_yours);
        beat.check("there is no case in Steinkjer", true, seen.case.is_none());
        self.shown_without_identity(beat, Who::Kari, ante).await?;
        nothing_elsewhere(beat, &table);
        self.nothing_there(beat, ante).await?;
        self.ask_for_the_move(beat, offered.succession).await?;
        self.marte_holds(beat, ante.case).await
    }

    /// Beat 6 of the move.
    pub(super) async fn tor_accepts(&mut self, beat: &mut Beat) -> anyhow::Result<()> {
        let ante = self.ante()?;
        let path = format!("/moves/{}", self.succession()?);
        let before: ComingMove = self.person(Who::Kari)?.get(path.clone()).await?;
        let may_take: Vec<String> =
            before.may_take.into_iter().filter_map(|colleague| colleague.name).collect();
        beat.check("the coordinator may ask whoever works in these services", vec!["Tor"], may_take);
        let body = json!({ "account": self.account(Who::Tor)? });
        self.person(Who::Kari)?.tell(Method::POST, format!("{path}/request"), body).await?;
        self.shown_without_identity(beat, Who::Tor, ante).await?;
        self.person(Who::Tor)?.tell(Method::POST, format!("{path}/acceptance"), Value::Null).await?;
        let open = until("the package at Steinkjer", async || {
            Ok(self.open_move(ante.case).await?.filter(|open| open.step == MoveStep::Stored))
        })
        .await?;
        let accepted: ComingMove = self.person(Who::Tor)?.get(path).await?;
        let (name, count) = (open.accepted_by.unwrap_or_default(), open.packed.unwrap_or_default());
        let values = [("name", &*name), ("count", &*count.to_string())];
        self.console.note(beat, fill(self.words.moving.accepted, &values))?;

        let table = self.show_table(beat).await?;
        beat.check("Marte sees who has said yes", Who::Tor.name()?, name);
        beat.check("the package has four entries", 4, count);
        beat.check("the case can be carried over", true, open.may_transfer);
        beat.check(
            "Tor sees that he has said yes",
            to_value(ComingStep::Accepted)?,
            to_value(accepted.step)?,
        );
        beat.check("Tor has no case yet", true, accepted.case.is_none());
        self.shown_without_identity(beat, Who::Tor, ante).await?;
        self.shown_without_identity(beat, Who::Kari, ante).await?;
        nothing_elsewhere(beat, &table);
        self.nothing_there(beat, ante).await?;
        self.marte_holds(beat, ante.case).await
    }

    pub(super) fn succession(&self) -> anyhow::Result<SuccessionId> {
        self.succession.context("a move that was offered")
    }

    /// What Marte says when she offers the case.
    pub(super) fn offer(&self, consent: ConsentId) -> anyhow::Result<Value> {
        let note = self.words.moving.note;
        Ok(json!({ "consent": consent, "stage": STAGE, "wished": in_days(WISHED)?, "note": note }))
    }

    /// What the coordinator in Steinkjer has been asked by other municipalities.
    async fn inbox(&self) -> anyhow::Result<Vec<ComingMove>> {
        self.person(Who::Kari)?.get("/moves".to_owned()).await
    }

    pub(super) async fn move_view(&self, case: CaseId) -> anyhow::Result<MoveView> {
        self.person(Who::Marte)?.get(move_of(case)).await
    }

    async fn open_move(&self, case: CaseId) -> anyhow::Result<Option<OpenMove>> {
        Ok(self.move_view(case).await?.open)
    }

    fn tell_inquiry(&self, beat: &mut Beat, seen: &ComingMove) -> anyhow::Result<()> {
        let words = &self.words.moving;
        let stage = if seen.stage == Some(Stage::PrimarySchool) { words.primary_school } else { "?" };
        let services = self.named(&seen.services)?.join(", ");
        let wished = seen.wished.as_deref().unwrap_or("?");
        let values =
            [("from", &*seen.from_name), ("stage", stage), ("date", wished), ("services", &*services)];
        self.console.note(beat, fill(words.inquiry, &values))
    }

    /// Steinkjer's services as Steinkjer calls them.
    fn named(&self, codes: &BTreeSet<ServiceCode>) -> anyhow::Result<Vec<String>> {
        let made = self.nodes.made.get(&Place::Steinkjer).context("a node that is made")?;
        let config = settings(&made.folder)?;
        let named = config.services.iter().filter(|service| codes.contains(&service.code));
        Ok(named.map(|service| (self.words.moving.service)(&service.names).to_lowercase()).collect())
    }

    /// What the family lets go along: names, and what was written.
    pub(super) fn goes(&self) -> Vec<Vec<u8>> {
        let titles = &self.words.titles;
        let written = [titles.language, titles.goal, titles.learning, titles.health, self.words.moving.note];
        self.plot.family().into_iter().chain(written).map(|text| text.as_bytes().to_vec()).collect()
    }

    /// What never goes along: what stays, your sentence, and the ids of the case in Inderøy.
    pub(super) fn stays(&self, ante: Ante) -> anyhow::Result<Vec<Vec<u8>>> {
        let texts = [self.words.titles.home, self.sentence.as_deref().context("your sentence")?];
        let ids = [ante.case.as_bytes(), ante.goal.as_bytes(), ante.mother.as_bytes()];
        let spelt = [ante.case.to_string(), ante.goal.to_string(), ante.mother.to_string()];
        let texts = texts.into_iter().map(|text| text.as_bytes().to_vec());
        Ok(texts.chain(ids.map(|id| id.to_vec())).chain(spelt.map(String::into_bytes)).collect())
    }

    /// Everything that tells whom it is about, and everything that was written.
    fn telling(&self, ante: Ante) -> anyhow::Result<Vec<Vec<u8>>> {
        Ok(self.goes().into_iter().chain(self.stays(ante)?).collect())
    }

    /// Nothing that tells whom it is about is in Steinkjer's store, or was handed to it.
    async fn nothing_there(&self, beat: &mut Beat, ante: Ante) -> anyhow::Result<()> {
        let found = self.look_for(beat, &self.telling(ante)?, self.words.moving.looked_for).await?;
        beat.check("nothing at Steinkjer tells whom it is about", 0, found);
        Ok(())
    }

    /// Looks for some things at Steinkjer, and tells how often one was found.
    pub(super) async fn look_for(
        &self,
        beat: &mut Beat,
        things: &[Vec<u8>],
        told: &str,
    ) -> anyhow::Result<usize> {
        let found = self.at_steinkjer(things).await?;
        let (count, shown) = (things.len().to_string(), found.to_string());
        let values = [("count", &*count), ("found", &*shown)];
        self.console.note(beat, fill(told, &values))?;
        Ok(found)
    }

    /// What somebody is shown of the move holds nothing that tells whom it is about.
    async fn shown_without_identity(&self, beat: &mut Beat, who: Who, ante: Ante) -> anyhow::Result<()> {
        let shown = self.person(who)?.ask(&Question::get("/moves".to_owned())).await?;
        let one: Vec<Value> = serde_json::from_slice(&shown.body).context("a list of moves")?;
        beat.check(&format!("{} sees one inquiry", who.name()?), 1, one.len());
        let told = self.telling(ante)?.iter().filter(|thing| contains(&shown.body, thing)).count();
        beat.check(&format!("nothing that {} sees tells whom it is about", who.name()?), 0, told);
        Ok(())
    }

    /// Whoever is not asked gets the answer to the true id that a random id gets.
    async fn ask_for_the_move(&self, beat: &mut Beat, succession: SuccessionId) -> anyhow::Result<()> {
        let others = [Who::Tor, Who::Ole, Who::Berit, Who::Gro, Who::Laila];
        let (count, mut same) = (others.len(), 0_usize);
        for who in others {
            let random = SuccessionId::from_random(clock::random());
            let questions = [succession, random].map(|id| Question::get(format!("/moves/{id}")));
            let is_same = ask_pair(beat, who, self.person(who)?, NOT_FOUND, questions).await?;
            same = same.saturating_add(usize::from(is_same));
        }
        beat.check("whoever is not asked is told of no move", count, same);
        self.console.note(beat, fill(self.words.notes.same_answer, &[("count", &same.to_string())]))
    }

    async fn marte_holds(&self, beat: &mut Beat, case: CaseId) -> anyhow::Result<()> {
        let baton: BatonView = self.person(Who::Marte)?.get(format!("/cases/{case}/baton")).await?;
        beat.check("Marte has the baton", to_value(BatonPart::Holder)?, to_value(baton.part)?);
        Ok(())
    }

    /// The consents of a case, as its stafettholder sees them.
    pub(super) async fn consents(&self, who: Who, case: CaseId) -> anyhow::Result<Vec<ConsentItem>> {
        self.person(who)?.get(format!("/cases/{case}/consents")).await
    }
}

/// Nobody but Inderøy reads anything.
fn nothing_elsewhere(beat: &mut Beat, table: &Table) {
    let nothing = Vec::<String>::new();
    let Table { ppt_steinkjer, steinkjer_school, snasa, .. } = table.clone();
    beat.check("PPT in Steinkjer reads nothing", nothing.clone(), ppt_steinkjer);
    beat.check("the school in Steinkjer reads nothing", nothing.clone(), steinkjer_school);
    beat.check("Snåsa reads nothing", nothing, snasa);
}

pub(super) fn move_of(case: CaseId) -> String {
    format!("/cases/{case}/move")
}

fn to_value(said: impl serde::Serialize) -> anyhow::Result<Value> {
    Ok(serde_json::to_value(said)?)
}
