//! S3a. A family moves to a municipality without a node: what the family lets go is in a file that opens with its
//! code word alone, nothing goes over a link, and the baton stays until the other municipality's letter. And a
//! municipality with a node that is no partner takes such a file in, and opens a case of it.

use super::*;
use stafett_node::package::{CodeWord, Contents, file};
use stafett_tests::real::chance::Chance;
use stafett_tests::real::folder::{sample, settings};
use stafett_tests::real::needle::Needle;
use stafett_tests::real::program::binary;
use std::process::{Command, Output};

const VERDAL: &str = "938587418";

/// Inderøy with Steinkjer on the line, and Verdal in its files.
async fn world() -> anyhow::Result<World> {
    let both = [Place::Steinkjer, Place::Inderoy];
    let mut world = World::make(&both, &[(Place::Inderoy, Place::Steinkjer)], &[]).await?;
    let partners = settings(world.folder(Place::Inderoy))?.federation.partners;
    std::fs::copy(sample("partner-by-hand.toml"), partners.join("verdal.toml"))?;
    for place in both {
        world.start(place).await?;
    }
    Ok(world)
}

fn export(world: &World, case: CaseId, to: &str, out: &std::path::Path) -> anyhow::Result<Output> {
    let mut command = Command::new(binary()?);
    command.arg("export").arg("--data").arg(world.folder(Place::Inderoy)).arg(case.to_string());
    Ok(command.args(["--for", to, "--out"]).arg(out).output()?)
}

fn import(world: &World, file: &std::path::Path, key: Option<&str>) -> anyhow::Result<Output> {
    let mut command = Command::new(binary()?);
    command.arg("import").arg("--data").arg(world.folder(Place::Snasa)).arg(file).arg("--json");
    command.args(key.into_iter().flat_map(|key| ["--signed-by", key]));
    Ok(command.output()?)
}

async fn agreed(world: &World, family: Family, kept: EntryId, to: &str) -> anyhow::Result<ConsentId> {
    let marte = world.person(Who::Marte)?;
    let Family { case, mother, father } = family;
    let ask = json!({
        "kind": "transfer", "recipient": { "host": to, "code": "school" }, "areas": ["language"],
        "exceptions": [kept], "purpose": "Dere flytter.",
    });
    let asked: Value = marte.post(&format!("/cases/{case}/consents"), &ask).await?;
    let consent: ConsentId = serde_json::from_value(asked["id"].clone())?;
    world.say_yes(Who::Marte, case, consent, mother).await?;
    world.say_yes(Who::Marte, case, consent, father).await?;
    Ok(consent)
}

async fn status(person: &Person, method: Method, path: &str, body: &Value) -> anyhow::Result<u16> {
    Ok(person.ask(method, path, Some(body)).await?.status)
}

async fn story() -> anyhow::Result<()> {
    let chance = Chance::seeded(64);
    let words = [chance.marker("goes along"), chance.marker("stays here")];
    let mut world = world().await?;
    let family = world.open_case(Who::Marte, ["Lina", "Eva", "Nils"]).await?;
    let (case, path) = (family.case, format!("/cases/{}", family.case));
    world.write(Who::Marte, case, &["language"], &words[0]).await?;
    let kept = world.write(Who::Marte, case, &["language"], &words[1]).await?;
    let consent = agreed(&world, family, kept, VERDAL).await?;
    let out = world.aside("package.html");
    let refused = export(&world, case, VERDAL, &out)?;
    ensure!(!refused.status.success() && !out.exists(), "a file before there is a package");

    let marte = world.person(Who::Marte)?;
    let made: Value = marte.post(&format!("{path}/move/hand"), &json!({ "consent": consent })).await?;
    let word = made["code_word"].as_str().context("a code word")?.to_owned();
    let code: CodeWord = word.parse()?;

    // The operator writes the file, while the node runs and after it was killed; it tells nothing.
    world.kill(Place::Inderoy).await?;
    world.start(Place::Inderoy).await?;
    let elsewhere = export(&world, case, "840029212", &out)?;
    ensure!(!elsewhere.status.success(), "it was made for another municipality");
    let exported = export(&world, case, VERDAL, &out)?;
    ensure!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    ensure!(!export(&world, case, VERDAL, &out)?.status.success(), "a file is written over");
    let text = std::fs::read_to_string(&out)?;
    let (id, joined) = (case.to_string(), word.replace(' ', ""));
    for hidden in [words[0].as_str(), &words[1], &word, &joined, "Lina", &id] {
        must_not(&format!("the file tells {hidden}"), text.contains(hidden))?;
    }
    let envelope = file::envelope_in(&text).context("an envelope")?;
    let contents = Contents::open(envelope, &code)?;
    for part in [&contents.document, &contents.html] {
        ensure!(part.contains(&words[0]), "what the family let go is missing");
        must_not("what it kept back is there", part.contains(&words[1]))?;
    }
    ensure!(Contents::open(envelope, &"AAAAAAAAAAAAAAAAAAAA".parse()?).is_err(), "another word opens it");

    // Nothing of it went anywhere, and the case is Marte's until she registers the letter.
    let frames = world.handed(Place::Inderoy, Place::Steinkjer)?;
    let named = Needle::id("the case", case.as_bytes());
    must_not("a frame names the case", named.iter().any(|one| !one.found_in_any(&frames).is_empty()))?;
    let marte = world.person(Who::Marte)?;
    let baton: Value = marte.get(&format!("{path}/baton")).await?;
    ensure!(baton["part"] == "holder", "{baton}");
    world.write(Who::Marte, case, &["language"], "etterpå").await?;
    let letter = json!({ "archive": "2027/118-3", "on": world.day_ahead(Place::Inderoy, 0)? });
    let accept = format!("{path}/move/hand/acceptance");
    ensure!(status(&marte, Method::POST, &accept, &letter).await? == 204, "it is not registered");
    world.kill(Place::Inderoy).await?;
    world.start(Place::Inderoy).await?;
    let marte = world.person(Who::Marte)?;
    let note = json!({ "kind": "note", "areas": ["language"], "fields": { "description": "x" } });
    ensure!(status(&marte, Method::POST, &format!("{path}/entries"), &note).await? == 409, "two owners");
    let view: Value = marte.get(&format!("{path}/move")).await?;
    ensure!(view["by_hand"]["archive"] == "2027/118-3", "{view}");
    let late = world.aside("late.html");
    ensure!(!export(&world, case, VERDAL, &late)?.status.success(), "the package is kept for ever");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn municipality_without_a_node_gets_a_file_that_opens_with_its_code_word_alone() {
    story().await.expect("the story holds");
}

/// Inderøy and Snåsa, which know nothing of one another's nodes: Inderøy sends files there.
async fn strangers() -> anyhow::Result<World> {
    let both = [Place::Snasa, Place::Inderoy];
    let mut world = World::make(&both, &[], &[]).await?;
    let partners = settings(world.folder(Place::Inderoy))?.federation.partners;
    std::fs::create_dir_all(&partners)?;
    let file = std::fs::read_to_string(sample("partner-by-hand.toml"))?;
    ensure!(file.contains(VERDAL), "the sample is about another municipality");
    let file = file.replace(VERDAL, Place::Snasa.organisation());
    std::fs::write(partners.join("snasa.toml"), file)?;
    for place in both {
        world.start(place).await?;
    }
    Ok(world)
}

async fn taken_in() -> anyhow::Result<()> {
    let chance = Chance::seeded(65);
    let words = [chance.marker("goes along"), chance.marker("stays here")];
    let mut world = strangers().await?;
    let snasa = Place::Snasa.organisation();
    let family = world.open_case(Who::Marte, ["Lina", "Eva", "Nils"]).await?;
    let (case, path) = (family.case, format!("/cases/{}", family.case));
    world.write(Who::Marte, case, &["language"], &words[0]).await?;
    let kept = world.write(Who::Marte, case, &["language"], &words[1]).await?;
    let consent = agreed(&world, family, kept, snasa).await?;
    let marte = world.person(Who::Marte)?;
    let made: Value = marte.post(&format!("{path}/move/hand"), &json!({ "consent": consent })).await?;
    let file = world.aside("package.html");
    let exported = export(&world, case, snasa, &file)?;
    ensure!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));

    // What is cut off or is something else is refused, and harms nothing.
    let (cut, other) = (world.aside("cut.html"), world.aside("other.html"));
    let text = std::fs::read_to_string(&file)?;
    std::fs::write(&cut, &text[..text.len() / 2])?;
    std::fs::write(&other, [0xff, 0xfe, 0x00])?;
    for wrong in [&cut, &other, &world.aside("nothing.html")] {
        let refused = import(&world, wrong, None)?;
        ensure!(!refused.status.success() && !refused.stderr.is_empty(), "{}", wrong.display());
    }

    // The operator takes it in while the node runs, and once more with the key that Inderøy reads aloud.
    let key = world.signing_key(Place::Inderoy).to_owned();
    let grouped: Vec<&str> = (0..8).map(|at| &key[at * 8..at * 8 + 8]).collect();
    let first: Value = serde_json::from_slice(&import(&world, &file, None)?.stdout)?;
    ensure!(first["was_here"] == false && first["is_waiting"] == true, "{first}");
    world.kill(Place::Snasa).await?;
    let again: Value = serde_json::from_slice(&import(&world, &file, Some(&grouped.join(" ")))?.stdout)?;
    ensure!(again["was_here"] == true && again["arrival"] == first["arrival"], "{again}");
    world.start(Place::Snasa).await?;

    let below = format!("/moves/by-hand/{}", first["arrival"].as_str().context("an id")?);
    let (unni, laila) = (world.person(Who::Unni)?, world.person(Who::Laila)?);
    let account = world.account(Who::Laila);
    let _: Value = unni.post(&format!("{below}/request"), &json!({ "account": account })).await?;
    for told in [unni.get::<Value>(&below).await?, laila.get::<Value>(&below).await?] {
        must_not("the inbox tells of whom it is", told.to_string().contains("Lina"))?;
    }
    let open = format!("{below}/opening");
    let wrong = json!({ "code_word": "AAAA AAAA AAAA AAAA AAAA" });
    ensure!(status(&laila, Method::POST, &open, &wrong).await? == 422, "another word opens it");
    let opened: Value = laila.post(&open, &json!({ "code_word": made["code_word"] })).await?;
    let here = format!("/cases/{}", opened["case"].as_str().context("an id")?);
    let view: Value = laila.get(&here).await?;
    ensure!(view["task"] == "stafettholder" && view["subject_name"] == "Lina", "{view}");
    ensure!(view.to_string().contains(&words[0]), "what the family let go is missing");
    must_not("what it kept back came along", view.to_string().contains(&words[1]))?;
    let consents: Value = laila.get(&format!("{here}/consents")).await?;
    ensure!(consents == json!([]), "{consents}");

    // Inderøy has it until the letter is registered, and Snåsa keeps it through a stop.
    let letter = json!({ "archive": "2027/9-1", "on": world.day_ahead(Place::Inderoy, 0)? });
    let accept = format!("{path}/move/hand/acceptance");
    ensure!(status(&marte, Method::POST, &accept, &letter).await? == 204, "it is not registered");
    world.kill(Place::Snasa).await?;
    world.start(Place::Snasa).await?;
    let laila = world.person(Who::Laila)?;
    world.write(Who::Laila, serde_json::from_value(opened["case"].clone())?, &["language"], "her nå").await?;
    let over: Value = laila.get(&below).await?;
    ensure!(over["step"] == "here", "{over}");
    let late: Value = serde_json::from_slice(&import(&world, &file, None)?.stdout)?;
    ensure!(late["is_waiting"] == false, "an opened file comes back: {late}");
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn file_that_came_by_hand_becomes_a_case_of_whoever_was_told_its_code_word() {
    taken_in().await.expect("the story holds");
}
