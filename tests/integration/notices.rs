//! What a family is told when a sharing ends: by a withdrawal (scenario S4) and by the end of a
//! partner (S19), with real receipts over a real line.

use anyhow::{Context, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use stafett_config::PartnerConfig;
use stafett_node::engine::answer::{NoticeItem, NoticeKind};
use stafett_protocol::id::{CaseId, ConsentId, EntryId};
use stafett_tests::real::access::NewAccount;
use stafett_tests::real::cast::{Place, Who};
use stafett_tests::real::folder::{self, Days};
use stafett_tests::real::person::Person;
use stafett_tests::real::program::run;
use stafett_tests::real::until;
use stafett_tests::real::world::{Family, World, note};

struct Shared {
    family: Family,
    consent: ConsentId,
    entry: EntryId,
}

/// A case with three entries at PPT: one that guardians read, one hidden from them, one of Ole's.
async fn shared(world: &World, names: [&str; 3]) -> anyhow::Result<Shared> {
    let family = world.open_case(Who::Marte, names).await?;
    let case = family.case;
    let entry = world.write(Who::Marte, case, &["language"], "leser litt hver dag").await?;
    let mut hidden = note(&["language"], "sagt i fortrolighet");
    hidden["hidden_from_guardians"] = json!(true);
    let _: Value = world.person(Who::Marte)?.post(&format!("/cases/{case}/entries"), &hidden).await?;
    let consent = world.share(Who::Marte, family, (Place::Steinkjer, "ppt"), &["language"]).await?;
    world.assign(case, Who::Ole).await?;
    world.until_readable(Who::Ole, case, entry).await?;
    world.publish(Who::Ole, case, &["language"], "kartlagt hos PPT").await?;
    until("Ole's note in Inderøy, and the hidden one at Steinkjer", async || {
        let own = world.case(Who::Marte, case).await?.entries.len();
        let theirs = world.case(Who::Ole, case).await?.entries.len();
        // The fourth is the card.
        Ok((own >= 4 && theirs >= 4).then_some(()))
    })
    .await?;
    Ok(Shared { family, consent, entry })
}

async fn notices(person: &Person, case: CaseId) -> anyhow::Result<Vec<NoticeItem>> {
    person.get(&format!("/cases/{case}/notices")).await
}

fn said(notice: &NoticeItem) -> String {
    notice.nb.paragraphs.join("\n")
}

/// The mother phones, or uses her own account, and says stop.
async fn withdrawal(world: &World, of: &Shared) -> anyhow::Result<()> {
    let case = of.family.case;
    let (_, mother) = world.let_in(NewAccount::guardian(Place::Inderoy, of.family.mother)).await?;
    let (_, father) = world.let_in(NewAccount::guardian(Place::Inderoy, of.family.father)).await?;
    let marte = world.person(Who::Marte)?;
    let path = format!("/cases/{case}/notices");
    let of_father = father.ask(Method::GET, &path, None).await?;
    let line = world.line(Place::Inderoy, Place::Steinkjer);

    line.cut();
    let body = json!({ "giver": of.family.mother });
    let withdrawn = format!("/cases/{case}/consents/{}/withdrawal", of.consent);
    let _: Value = mother.post(&withdrawn, &body).await?;
    let waiting = notices(&mother, case).await?;
    let [waiting] = waiting.as_slice() else { anyhow::bail!("{} notices for the mother", waiting.len()) };
    ensure!(waiting.confirmed == Some(false), "confirmed over a cut line");
    ensure!(said(waiting).contains("Steinkjer kommune har ikke bekreftet ennå."), "{}", said(waiting));
    ensure!(!said(waiting).contains("slettet"), "erased without a receipt: {}", said(waiting));

    line.heal();
    let confirmed = until("the receipt in the mother's notice", async || {
        let notices = notices(&mother, case).await?;
        Ok(notices.into_iter().find(|notice| notice.confirmed == Some(true)))
    })
    .await?;
    let text = said(&confirmed);
    ensure!(text.contains("Steinkjer kommune har bekreftet."), "{text}");
    // What Marte wrote and the card; the hidden entry is erased as well and is not counted here.
    ensure!(text.contains("2 oppføringer er slettet."), "{text}");
    ensure!(
        text.contains("1 oppføring er låst (sperret), fordi deres egne ansatte har skrevet den."),
        "{text}"
    );
    ensure!(text.contains("Innen 35 dager"), "{text}");

    let of_marte = notices(&marte, case).await?;
    ensure!(of_marte.len() == 1 && of_marte[0].person == of.family.mother, "{} drafts", of_marte.len());
    ensure!(of_marte[0].name.as_deref() == Some("Eva"), "whom it is for");
    let now = father.ask(Method::GET, &path, None).await?;
    ensure!(
        now == of_father && now.body == b"[]",
        "the father is told: {:?}",
        String::from_utf8_lossy(&now.body)
    );
    Ok(())
}

/// Inderøy revokes Steinkjer's identity.
async fn partner_ends(world: &World, of: &Shared) -> anyhow::Result<()> {
    let case = of.family.case;
    let marte = world.person(Who::Marte)?;
    ensure!(notices(&marte, case).await?.is_empty(), "drafts before anything ended");
    let (own, their) = (&world.made[&Place::Inderoy], &world.made[&Place::Steinkjer]);
    let address = world.line(Place::Inderoy, Place::Steinkjer).address();
    let revoked =
        PartnerConfig { revoked: true, ..folder::partner(own, their, Some(address), Days::IN_FORCE)? };
    folder::put_partner(&own.folder, &revoked)?;

    let drafts = until("a draft for each guardian", async || {
        let drafts = notices(&marte, case).await?;
        Ok((drafts.len() >= 2).then_some(drafts))
    })
    .await?;
    for guardian in [of.family.mother, of.family.father] {
        let of_guardian = drafts.iter().find(|draft| draft.person == guardian).context("a draft")?;
        ensure!(of_guardian.kind == NoticeKind::PartnerEnded, "{:?}", of_guardian.kind);
        let text = said(of_guardian);
        ensure!(text.contains("har fått: saksopplysninger og notat. Områder: Språk."), "{text}");
    }
    let confirmed = until("the receipts after the end", async || {
        let drafts = notices(&marte, case).await?;
        let all = drafts.iter().all(|draft| draft.confirmed == Some(true));
        Ok((all && !drafts.is_empty()).then_some(drafts))
    })
    .await?;
    ensure!(said(&confirmed[0]).contains("Steinkjer kommune har bekreftet."), "{}", said(&confirmed[0]));
    Ok(())
}

/// "list of what peer held per case".
async fn holds(world: &World, of: &Shared) -> anyhow::Result<()> {
    let folder = world.folder(Place::Inderoy).to_string_lossy().into_owned();
    let held = run(["holds", "--json", "--data", &folder]).await?;
    let held: Vec<Value> = serde_json::from_slice(&held)?;
    let entry = held.iter().find(|held| held["entry"] == of.entry.to_string()).context("the entry")?;
    ensure!(entry["case"] == of.family.case.to_string(), "{entry}");
    ensure!(entry["sent_to"][0]["partner"] == Place::Steinkjer.organisation(), "{entry}");
    ensure!(entry["consents"] == json!([of.consent.to_string()]), "{entry}");
    Ok(())
}

async fn story() -> anyhow::Result<()> {
    let world = World::two().await?;
    let first = shared(&world, ["Ante", "Eva", "Nils"]).await?;
    let second = shared(&world, ["Máhtte", "Elle", "Jovnna"]).await?;

    withdrawal(&world, &first).await?;
    holds(&world, &second).await?;
    partner_ends(&world, &second).await?;
    let drafts = notices(&world.person(Who::Marte)?, first.family.case).await?;
    ensure!(drafts.len() == 1, "the end of the partner told of a case whose sharing was withdrawn before");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn family_is_told_what_stopped_and_what_is_confirmed_and_nobody_of_anothers_choice() {
    story().await.expect("the story holds");
}
