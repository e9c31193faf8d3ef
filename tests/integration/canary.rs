//! Nothing of an unconsented entry leaves the node: no text, id, name or area.

use anyhow::ensure;
use stafett_protocol::entry::EntryKind;
use stafett_protocol::id::{CaseId, EntryId};
use stafett_tests::real::cast::{Place, Who};
use stafett_tests::real::chance::Chance;
use stafett_tests::real::needle::{Form, Needle};
use stafett_tests::real::world::{Family, World};
use stafett_tests::real::{STILL, opened, until};

/// What the family and Marte have written, each with a marker of its own.
struct Markers {
    chance: Chance,
    open_area: String,
    closed_area: String,
}

impl Markers {
    fn new(chance: Chance) -> Self {
        Self { chance, open_area: chance.marker("open area"), closed_area: chance.marker("closed area") }
    }

    fn text(&self, of: &str) -> String {
        format!("{of} {} æøå", self.chance.marker(of))
    }

    /// All hidden texts share one marker, so that one search finds any of them.
    fn hidden(&self, of: &str) -> String {
        format!("{of} {} æøå", self.chance.marker("hidden"))
    }

    fn needle(&self, of: &str) -> Needle {
        Needle::text(of, &self.chance.marker(of))
    }

    fn needles(&self, all: &[&str]) -> Vec<Needle> {
        all.iter().map(|of| self.needle(of)).collect()
    }
}

const NAME: &str = "name of the child";
const PARENTS: [&str; 2] = ["name of the mother", "name of the father"];
const SHARED: &str = "a note on language";
const SHARED_LATER: [&str; 3] = ["an edit by Marte", "an edit by Ole", "an edit after the restart"];
/// What PPT may never know: home, health, an area of their own, and language together with home.
const HIDDEN: [&str; 4] = ["a note on home", "a note on health", "a note of a closed area", "a note on both"];
const HIDDEN_LATER: [&str; 2] = ["an edit at home", "a later note on home"];

/// Everywhere that something could have got to: handed to a connection, or in another's store.
async fn leaks(world: &World, needles: &[Needle]) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for (from, to) in [
        (Place::Inderoy, Place::Steinkjer),
        (Place::Steinkjer, Place::Inderoy),
        (Place::Steinkjer, Place::Snasa),
        (Place::Snasa, Place::Steinkjer),
    ] {
        let frames = world.handed(from, to)?;
        ensure!(!frames.is_empty(), "{from:?} has handed nothing to {to:?}: the recording is dead");
        for needle in needles {
            let forms = needle.found_in_any(&frames);
            if !forms.is_empty() {
                found.push(format!("{} as {forms:?} from {from:?} to {to:?}", needle.name));
            }
        }
    }
    for place in [Place::Steinkjer, Place::Snasa] {
        let search = opened::search(&opened::open(world.folder(place))?, needles).await?;
        found.extend(
            search
                .hits
                .into_iter()
                .map(|(name, form, hit)| format!("{name} as {form:?} at {place:?}: {hit:?}")),
        );
    }
    Ok(found)
}

async fn assert_nowhere(world: &World, needles: &[Needle]) -> anyhow::Result<()> {
    let found = leaks(world, needles).await?;
    ensure!(found.is_empty(), "found: {found:#?}");
    Ok(())
}

/// The same search finds what may be there: in what was handed over and in the partner's store,
/// and in each form once the very frame that holds it is written in that form.
async fn assert_there(world: &World, needle: &Needle) -> anyhow::Result<()> {
    let frames = world.handed(Place::Inderoy, Place::Steinkjer)?;
    let with: Vec<&Vec<u8>> =
        frames.iter().filter(|frame| needle.found_in(frame).contains(&Form::Raw)).collect();
    let Some(frame) = with.first() else { anyhow::bail!("{}: handed to nobody", needle.name) };
    for (form, _) in needle.forms() {
        let written = form.write(frame);
        let found = match form {
            // In a text of UTF-16 what is no text does not survive, so only the needle is written.
            Form::Utf16Le | Form::Utf16Be => needle.found_in(&form.write(needle.raw())),
            _ => needle.found_in(&written),
        };
        ensure!(
            found.iter().any(|found| same_family(*found, form)),
            "{}: the search does not find it as {form:?}",
            needle.name
        );
    }
    let search =
        opened::search(&opened::open(world.folder(Place::Steinkjer))?, std::slice::from_ref(needle)).await?;
    ensure!(!search.hits.is_empty(), "{}: not in Steinkjer's store", needle.name);
    ensure!(search.blobs.0 > 0, "no blob of Steinkjer's store was opened");
    Ok(())
}

/// Which alignment a needle has in base64 depends on where it stands.
fn same_family(found: Form, written: Form) -> bool {
    let is_base64 = |form| matches!(form, Form::Base64(_) | Form::Base64Url(_));
    found == written || (is_base64(found) && is_base64(written))
}

fn entry_needles(name: &str, entry: EntryId) -> Vec<Needle> {
    Needle::id(name, entry.as_bytes())
}

fn case_needles(case: CaseId) -> Vec<Needle> {
    Needle::id("the case", case.as_bytes())
}

struct Written {
    family: Family,
    shared: EntryId,
    hidden: Vec<EntryId>,
}

async fn write(world: &World, markers: &Markers) -> anyhow::Result<Written> {
    let [mother, father] = PARENTS.map(|of| markers.text(of));
    let family = world.open_case(Who::Marte, [&markers.text(NAME), &mother, &father]).await?;
    let case = family.case;
    let shared =
        world.write(Who::Marte, case, &["language", &markers.open_area], &markers.text(SHARED)).await?;
    let areas: [&[&str]; 4] = [&["home"], &["health"], &[&markers.closed_area], &["language", "home"]];
    let mut hidden = Vec::new();
    for (of, areas) in HIDDEN.into_iter().zip(areas) {
        hidden.push(world.write(Who::Marte, case, areas, &markers.hidden(of)).await?);
    }
    Ok(Written { family, shared, hidden })
}

/// What must be nowhere for ever.
fn never(markers: &Markers, written: &Written) -> Vec<Needle> {
    let mut needles = markers.needles(&["hidden"]);
    needles.push(Needle::text("the closed area", &markers.closed_area));
    needles.extend(written.hidden.iter().flat_map(|entry| entry_needles("a hidden entry", *entry)));
    needles
}

async fn story() -> anyhow::Result<()> {
    let markers = Markers::new(Chance::seeded(1));
    let mut world = World::three(&[markers.open_area.clone(), markers.closed_area.clone()]).await?;
    let written = write(&world, &markers).await?;
    let Written { family, shared, .. } = written;
    let case = family.case;

    let areas = ["language", &markers.open_area];
    let consent = world.ask_family(Who::Marte, case, (Place::Steinkjer, "ppt"), &areas).await?;
    let given = world.say_yes(Who::Marte, case, consent, family.mother).await?;
    ensure!(given.status == "partly-given", "{}", given.status);
    until("greetings on both links", async || {
        let inderoy = world.handed(Place::Inderoy, Place::Steinkjer)?.len();
        let snasa = world.handed(Place::Snasa, Place::Steinkjer)?.len();
        Ok((inderoy > 0 && snasa > 0).then_some(()))
    })
    .await?;
    tokio::time::sleep(STILL).await;
    let mut before = never(&markers, &written);
    before.extend(markers.needles(&[NAME, PARENTS[0], PARENTS[1], SHARED]));
    before.push(Needle::text("the open area", &markers.open_area));
    before.extend(entry_needles("the shared entry", shared));
    before.extend(case_needles(case));
    assert_nowhere(&world, &before).await?;

    world.say_yes(Who::Marte, case, consent, family.father).await?;
    world.assign(case, Who::Ole).await?;
    world.until_readable(Who::Ole, case, shared).await?;
    edit(&mut world, &markers, &written).await?;

    assert_nowhere(&world, &never(&markers, &written)).await?;
    for of in [NAME, PARENTS[0], SHARED, SHARED_LATER[0], SHARED_LATER[2]] {
        assert_there(&world, &markers.needle(of)).await?;
    }
    assert_there(&world, &Needle::text("the open area", &markers.open_area)).await?;
    assert_there(&world, &entry_needles("the shared entry", shared)[0]).await?;
    assert_there(&world, &case_needles(case)[0]).await?;
    // A grant names the case as a UUID within base64: that, too, is found where it may stand.
    let frames = world.handed(Place::Inderoy, Place::Steinkjer)?;
    let forms = case_needles(case)[2].found_in_any(&frames);
    ensure!(
        forms.iter().any(|form| matches!(form, Form::Base64(_) | Form::Base64Url(_))),
        "the case is not found in its grant: {forms:?}"
    );
    world.end().await
}

/// Both edit, more is hidden, the nodes start again, and one more edit goes over.
async fn edit(world: &mut World, markers: &Markers, written: &Written) -> anyhow::Result<()> {
    let (case, shared) = (written.family.case, written.shared);
    let [by_marte, by_ole, after] = SHARED_LATER.map(|of| markers.text(of));
    let arrives = async |world: &World, who, text: &str| {
        until("an edit at the other node", async || {
            let item = world.entry(who, case, shared).await?;
            let shown = item.view.text("description".parse()?).contains(text);
            Ok(shown.then_some(()))
        })
        .await
    };
    let first = format!("{} {by_marte}", markers.text(SHARED));
    world.edit(Who::Marte, case, shared, &first).await?;
    arrives(world, Who::Ole, &by_marte).await?;
    let second = format!("{first} {by_ole}");
    world.edit(Who::Ole, case, shared, &second).await?;
    arrives(world, Who::Marte, &by_ole).await?;
    let [at_home, later] = HIDDEN_LATER.map(|of| markers.hidden(of));
    world.edit(Who::Marte, case, written.hidden[0], &at_home).await?;
    world.write(Who::Marte, case, &["home"], &later).await?;

    world.restart(Place::Inderoy).await?;
    world.restart(Place::Steinkjer).await?;
    world.edit(Who::Marte, case, shared, &format!("{second} {after}")).await?;
    arrives(world, Who::Ole, &after).await?;
    let view = world.case(Who::Ole, case).await?;
    let (cards, notes): (Vec<_>, Vec<_>) =
        view.entries.iter().partition(|item| item.kind == EntryKind::CaseCard);
    ensure!(cards.len() == 1 && notes.len() == 1, "Ole reads {} cards, {} notes", cards.len(), notes.len());
    tokio::time::sleep(STILL).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_leaves_before_both_guardians_have_said_yes_and_what_they_keep_closed_never_does() {
    story().await.expect("the story holds");
}
