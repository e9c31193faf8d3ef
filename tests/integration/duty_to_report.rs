//! A teacher gets reason to believe that a child is abused (scenario S8). She reads what the law
//! asks of her on the page that she has open, reports outside the program, and nothing here knows.

use std::collections::BTreeSet;

use anyhow::{Context, ensure};
use serde_json::Value;
use stafett_node::store::AccessRow;
use stafett_protocol::id::CaseId;
use stafett_tests::real::access::NewAccount;
use stafett_tests::real::cast::{Place, Who};
use stafett_tests::real::chance::Chance;
use stafett_tests::real::needle::{Needle, contains};
use stafett_tests::real::person::{Answer, Person};
use stafett_tests::real::world::{Family, World};
use stafett_tests::real::{STILL, opened};

const LOCAL_PHONE: &str = "00 00 00 00";

/// What the teacher has on her screen, in the order in which she comes by.
fn pages(case: CaseId) -> [String; 4] {
    ["/".to_owned(), "/?lang=nn".to_owned(), "/nowhere".to_owned(), format!("/cases/{case}/print")]
}

fn text(answer: &Answer) -> anyhow::Result<&str> {
    Ok(std::str::from_utf8(&answer.body)?)
}

/// The text on the duty to report, as a page carries it.
fn block(page: &str) -> anyhow::Result<&str> {
    let from = page.find("<aside class=\"duty\"").context("the text")?;
    let to = page.find("</aside>").context("its end")?;
    page.get(from..to).context("one after the other")
}

/// Everything that leads from the text to somewhere.
fn ways_out(block: &str) -> Vec<&str> {
    let attributes = [" href=\"", " src=\"", " action=\"", " formaction=\"", " ping=\"", " srcset=\""];
    let after = attributes.into_iter().flat_map(|attribute| block.split(attribute).skip(1));
    after.filter_map(|rest| rest.split('"').next()).collect()
}

/// What others could find out: rows of the access logs, frames, and every line that was logged.
#[derive(Debug, PartialEq)]
struct Trace {
    looks: Vec<AccessRow>,
    looks_at_partner: Vec<AccessRow>,
    rows: [u64; 2],
    frames: usize,
    entries: usize,
    lines: [usize; 2],
}

async fn trace(world: &World, case: CaseId) -> anyhow::Result<Trace> {
    let own = opened::open(world.folder(Place::Inderoy))?;
    let theirs = opened::open(world.folder(Place::Steinkjer))?;
    Ok(Trace {
        looks: own.access_log(case).await?,
        looks_at_partner: theirs.access_log(case).await?,
        rows: [own.verify_access_log().await?.rows(), theirs.verify_access_log().await?.rows()],
        frames: world.handed(Place::Inderoy, Place::Steinkjer)?.len(),
        entries: own.entries(case).await?.len(),
        lines: [log_lines(world, Place::Inderoy)?, log_lines(world, Place::Steinkjer)?],
    })
}

/// Lines but those of the links, which live on by themselves.
fn log_lines(world: &World, place: Place) -> anyhow::Result<usize> {
    Ok(world.log(place)?.lines().filter(|line| line.contains("\"route\"")).count())
}

/// The world up to the moment in which the teacher begins to worry.
async fn world(marker: &str) -> anyhow::Result<(World, Family)> {
    let pairs = [(Place::Inderoy, Place::Steinkjer)];
    let mut world = World::make(&[Place::Steinkjer, Place::Inderoy], &pairs, &[]).await?;
    let settings = world.folder(Place::Inderoy).join("stafett.toml");
    let local = format!("\n[duty_to_report]\nchild_welfare_phone = \"{LOCAL_PHONE}\"\n");
    std::fs::write(&settings, std::fs::read_to_string(&settings)? + &local)?;
    world.start(Place::Steinkjer).await?;
    world.start(Place::Inderoy).await?;
    let family = world.open_case(Who::Marte, ["Ante", "Eva", "Nils"]).await?;
    let entry = world.write(Who::Marte, family.case, &["language"], marker).await?;
    world.share(Who::Marte, family, (Place::Steinkjer, "ppt"), &["language"]).await?;
    world.assign(family.case, Who::Ole).await?;
    world.until_readable(Who::Ole, family.case, entry).await?;
    Ok((world, family))
}

/// "page: a–e criteria, personal duty, don't wait, link to the national report and police"; "the
/// text on averting says that confidentiality doesn't stop it".
async fn text_says_what_the_law_asks(marte: &Person, case: CaseId) -> anyhow::Result<String> {
    let start = marte.page("/").await?;
    let carried = block(text(&start)?)?.to_owned();
    for path in pages(case) {
        let page = marte.page(&path).await?;
        let same = path.contains("lang=nn") || block(text(&page)?)? == carried;
        ensure!(same, "{path} carries another text");
    }
    ensure!(carried.matches("<li>").count() >= 5 && carried.contains("<ol type=\"a\">"), "a to e: {carried}");
    for said in [
        "er plikten din egen",
        "den venter ikke",
        "Taushetsplikten hindrer deg verken i å melde fra eller i å avverge (straffeloven § 196).",
        "skal foreldrene ikke varsles først",
        "§ 13-2",
        "Nasjonal portal for bekymringsmelding",
        "<strong>112</strong>",
        "<strong>02800</strong>",
        "<strong>116 111</strong>",
        LOCAL_PHONE,
    ] {
        ensure!(carried.contains(said), "{said} is missing: {carried}");
    }
    Ok(carried)
}

/// "no entry, notification, access-log line visible to guardians or partners reveals the report".
async fn reading_leaves_no_trace(world: &World, family: Family, mother: &Person) -> anyhow::Result<()> {
    let marte = world.person(Who::Marte)?;
    let case = family.case;
    let views = async || {
        let of_mother = mother.ask(reqwest::Method::GET, &format!("/cases/{case}"), None).await?;
        let notices = mother.ask(reqwest::Method::GET, &format!("/cases/{case}/notices"), None).await?;
        let of_ole = world.look(Who::Ole, &format!("/cases/{case}")).await?;
        anyhow::Ok([of_mother, notices, of_ole])
    };
    let seen = views().await?;
    let page = marte.page(&format!("/cases/{case}/print")).await?;
    let before = trace(world, case).await?;

    // She opens the text that is on her screen: whatever of it a browser could ask this node for.
    let ways = ways_out(block(text(&page)?)?);
    let of_node: Vec<_> = ways.iter().filter(|way| !way.starts_with("https://")).collect();
    ensure!(ways.len() == 1 && of_node.is_empty(), "the text leads to this node: {ways:?}");
    // She reports, outside. The time passes that anything would take to be written or sent.
    tokio::time::sleep(STILL).await;

    let after = trace(world, case).await?;
    ensure!(after == before, "reading left something: {before:?} {after:?}");
    ensure!(views().await? == seen, "the mother or Ole sees something else");
    Ok(())
}

/// "audit in own service only": what is logged are looks at the case by its own people.
async fn looks_stay_where_they_were(world: &World, case: CaseId) -> anyhow::Result<()> {
    let seen = trace(world, case).await?;
    let words = ["meld", "avver", "duty", "report", "barnevern"];
    for row in seen.looks.iter().chain(&seen.looks_at_partner) {
        let said = format!("{} {}", row.what, row.why).to_lowercase();
        ensure!(words.iter().all(|word| !said.contains(word)), "{row:?}");
    }
    let own: BTreeSet<_> = world.made[&Place::Inderoy].accounts.values().collect();
    ensure!(seen.looks_at_partner.iter().all(|row| !own.contains(&row.account)), "Steinkjer logs Inderøy");
    ensure!(!seen.looks.is_empty() && !seen.looks_at_partner.is_empty(), "the logs are dead");
    for place in [Place::Inderoy, Place::Steinkjer] {
        let log = world.log(place)?.to_lowercase();
        ensure!(["meldeplikt", "avverg", "duty"].iter().all(|word| !log.contains(word)), "{}", place.name());
    }
    Ok(())
}

/// No frame and no row at the partner has a word of the text; the search finds what was shared.
async fn nothing_of_it_left(world: &World, marker: &str) -> anyhow::Result<()> {
    let frames = world.handed(Place::Inderoy, Place::Steinkjer)?;
    let sent = |words: &str| frames.iter().filter(|frame| contains(frame, words.as_bytes())).count();
    ensure!(sent(marker) > 0, "the search finds nothing in frames");
    let store = opened::open(world.folder(Place::Steinkjer))?;
    let found = opened::search(&store, &[Needle::text("control", marker)]).await?;
    ensure!(!found.hits.is_empty(), "the search finds nothing at the partner");
    for word in
        ["Meldeplikt og avvergingsplikt", "portal for bekymringsmelding", "Taushetsplikten hindrer deg"]
    {
        ensure!(sent(word) == 0, "a frame says {word}");
        let found = opened::search(&store, &[Needle::text("a word of the text", word)]).await?;
        ensure!(found.hits.is_empty(), "{:?}", found.hits);
    }
    Ok(())
}

/// "log continues as normal".
async fn log_goes_on(world: &World, family: Family) -> anyhow::Result<()> {
    let next = world.write(Who::Marte, family.case, &["language"], "Ante leser videre").await?;
    world.until_readable(Who::Ole, family.case, next).await?;
    let view: Value = world.person(Who::Ole)?.get(&format!("/cases/{}", family.case)).await?;
    ensure!(view["entries"].as_array().is_some_and(|entries| entries.len() >= 2), "{view}");
    Ok(())
}

/// "works offline with phone numbers": no partner, no line, and nothing that has to be fetched.
async fn works_offline(world: &mut World, marte: &Person, carried: &str) -> anyhow::Result<()> {
    world.line(Place::Inderoy, Place::Steinkjer).cut();
    world.kill(Place::Steinkjer).await?;
    let page = marte.page("/").await?;
    ensure!(block(text(&page)?)? == carried, "offline the text is another");
    let said: String =
        carried.split('<').filter_map(|part| part.split_once('>')).map(|(_, said)| said).collect();
    for number in ["112", "02800", "116 111", LOCAL_PHONE] {
        ensure!(said.contains(number), "{number} is not readable without a line");
    }
    let policy = page.headers.get("content-security-policy").context("a policy")?;
    ensure!(policy.starts_with(b"default-src 'none'"), "something else may be fetched");
    Ok(())
}

async fn story() -> anyhow::Result<()> {
    let marker = Chance::seeded(8).marker("duty");
    let (mut world, family) = world(&marker).await?;
    let (_, mother) = world.let_in(NewAccount::guardian(Place::Inderoy, family.mother)).await?;
    let marte = world.person(Who::Marte)?;

    let carried = text_says_what_the_law_asks(&marte, family.case).await?;
    let of_mother = mother.page(&format!("/cases/{}/print", family.case)).await?;
    ensure!(block(text(&of_mother)?)? == carried, "the mother's page carries another text");
    reading_leaves_no_trace(&world, family, &mother).await?;
    looks_stay_where_they_were(&world, family.case).await?;
    nothing_of_it_left(&world, &marker).await?;
    log_goes_on(&world, family).await?;
    works_offline(&mut world, &marte, &carried).await?;
    world.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn teacher_who_reads_of_her_duty_and_reports_leaves_no_trace() {
    story().await.expect("the story holds");
}
