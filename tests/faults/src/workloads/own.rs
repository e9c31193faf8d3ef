//! What becomes of an own case.

use stafett_node::store::{HandoverNote, LocalWrite};
use stafett_protocol::entry::Heads;
use stafett_protocol::id::{BatonOfferId, GenerationId, RelationId};
use stafett_protocol::ledger::statement::{Level, Said};
use stafett_protocol::transaction::{CarriedTo, GenerationWrite, Relation, Write};
use stafett_tests::names::MOTHER;

use super::{Step, Workload};
use crate::cast::{self, CASE, CONSENT, FIRST, MARTE, NOW, OLE, Story, them, us};

pub(super) fn all() -> Vec<Workload> {
    vec![
        opening(),
        publishing(),
        editing(),
        editing_together(),
        cutting(),
        asking(),
        sharing(),
        withdrawing(),
        withdrawing_unsent(),
        receipt(),
        protecting(),
        excepting(),
        private_document(),
        large_documents(),
        erasing_everything(),
    ]
}

fn private(text: &str) -> LocalWrite {
    LocalWrite::PrivateCase { case: CASE, document: text.as_bytes().to_vec(), at: NOW }
}

/// A case, its goal, and both yeses; what the partner was sent.
struct Shared {
    story: Story,
    before: Vec<Step>,
    rows: Vec<stafett_protocol::disclosure::DisclosureRow>,
    grant: stafett_protocol::grant::Grant,
}

fn shared() -> Shared {
    let (mut story, opening) = Story::open();
    let ask = story.ask();
    let [first, second] = story.yes_of_both();
    let grant = Story::grant(&second).statement().clone();
    let (_, genesis) = cast::goal(71, "Lese en bok");
    let rows = vec![cast::disclosed(81, 11, grant.grant, &Heads::from(genesis.hash()))];
    let before = vec![
        Step::of(opening),
        Step::of(cast::own_goal(11, "Lese en bok")),
        Step::of(ask),
        Step::of(first),
        Step::of(second),
    ];
    Shared { story, before, rows, grant }
}

/// As [`shared`], and sent.
fn sent() -> Shared {
    let mut shared = shared();
    let handed = Write::GrantHanded(shared.grant.grant);
    shared.before.push(Step::of(vec![handed, Write::Disclosure(shared.rows[0].clone())]));
    shared
}

fn opening() -> Workload {
    let (mut story, opening) = Story::open();
    let level = Said::LevelChanged { level: Level::try_from(2).expect("a level") };
    let steps =
        vec![Step::Commit(opening, vec![private("mappe"), cast::look(None, 1)]), Step::of(story.say(level))];
    Workload::new("opening a case", Vec::new(), steps)
}

fn publishing() -> Workload {
    let (_, opening) = Story::open();
    let relation = Relation {
        id: RelationId::from_bytes([91; 16]),
        owner: us(),
        case: CASE,
        from: cast::entry(12),
        to: cast::entry(11),
    };
    let mut second = cast::own_goal(12, "Sove godt");
    second.push(Write::Relation(relation));
    let steps = vec![Step::of(cast::own_goal(11, "Lese en bok")), Step::of(second)];
    Workload::new("publishing", vec![Step::of(opening)], steps)
}

fn editing() -> Workload {
    let (_, opening) = Story::open();
    let (mut document, genesis) = cast::goal(71, "Lese en bok");
    let author = Write::Author {
        entry: cast::entry(11),
        actor: stafett_protocol::entry::Actor([71; 16]),
        author: MARTE,
    };
    let steps = ["Lese to bøker", "Lese tre bøker", "Lese fire bøker"].map(|title| {
        let next = cast::edited(&mut document, title);
        Step::of(vec![cast::change(11, &next, us()), author.clone()])
    });
    let own = vec![Write::Entry(cast::record(11, &genesis)), cast::change(11, &genesis, us())];
    Workload::new("editing", vec![Step::of(opening), Step::of(own)], steps.into())
}

fn editing_together() -> Workload {
    let (_, opening) = Story::open();
    let before = vec![Step::of([opening, cast::own_goal(11, "Lese en bok")].concat())];
    let (mut ours, _) = cast::goal(71, "Lese en bok");
    // Whatever order they end up in, they leave the same.
    let line = vec![
        vec![cast::change(11, &cast::edited(&mut ours, "Lese to bøker"), us())],
        cast::own_goal(12, "Sove godt"),
        cast::own_goal(13, "Gå på tur"),
        cast::own_goal(14, "Spise frokost"),
    ];
    Workload::new("editing in line", before, vec![Step::InLine(line)])
}

fn cutting() -> Workload {
    let shared = sent();
    let next_generation = GenerationId::from_bytes([22; 16]);
    let (mut document, _) = cast::goal(71, "Lese en bok");
    let edit = cast::edited(&mut document, "Lese to bøker");
    let heads = document.heads();
    let (_, genesis) = cast::goal(73, "Lese to bøker");
    let mut record = cast::record(11, &genesis);
    record.facts.generation = next_generation;
    let keep = CarriedTo { heads: heads.clone(), onto: Heads::from(genesis.hash()) };
    let leave = GenerationWrite::Leave { entry: cast::entry(11), generation: FIRST, heads, keep: Some(keep) };
    let first = Write::Change {
        entry: cast::entry(11),
        generation: next_generation,
        change: genesis,
        origin: us(),
        at: NOW,
    };
    let let_go = GenerationWrite::LetGo { partner: them(), entry: cast::entry(11), generation: FIRST };
    let steps = vec![
        Step::of(vec![cast::change(11, &edit, us())]),
        Step::of(vec![Write::Generation(leave), Write::Entry(record), first]),
        Step::of(vec![Write::Generation(let_go)]),
    ];
    Workload::new("starting a generation", shared.before, steps)
}

fn asking() -> Workload {
    let (mut story, opening) = Story::open();
    let ask = story.ask();
    let [first, second] = story.yes_of_both();
    let steps = vec![Step::of(ask), Step::of(first), Step::of(second)];
    Workload::new("giving a consent", vec![Step::of(opening), Step::of(cast::own_goal(11, "Lese"))], steps)
}

fn sharing() -> Workload {
    let shared = shared();
    let grant = shared.grant.grant;
    let unsent = cast::disclosed(82, 11, grant, &shared.rows[0].heads);
    let acknowledged = Write::Acknowledged {
        partner: them(),
        entry: cast::entry(11),
        generation: FIRST,
        heads: shared.rows[0].heads.clone(),
    };
    let steps = vec![
        Step::of(vec![Write::GrantHanded(grant)]),
        Step::of(vec![Write::Disclosure(shared.rows[0].clone())]),
        Step::of(vec![Write::GrantStored(grant), acknowledged]),
        Step::of(vec![Write::Disclosure(unsent.clone())]),
        Step::of(vec![Write::DisclosureUnsent(unsent.id)]),
    ];
    Workload::new("sharing", shared.before, steps)
}

fn withdrawing() -> Workload {
    let mut shared = sent();
    let withdrawal = shared.story.withdraw(&shared.grant, &shared.rows);
    Workload::new("withdrawing a consent", shared.before, vec![Step::of(withdrawal)])
}

fn withdrawing_unsent() -> Workload {
    let mut shared = shared();
    let withdrawal = shared.story.withdraw(&shared.grant, &[]);
    Workload::new("withdrawing before anything left", shared.before, vec![Step::of(withdrawal)])
}

fn receipt() -> Workload {
    let mut shared = sent();
    let withdrawal = shared.story.withdraw(&shared.grant, &shared.rows);
    let receipt = shared.story.receipt(&withdrawal);
    shared.before.push(Step::of(withdrawal));
    Workload::new("filing a receipt", shared.before, vec![Step::of(receipt)])
}

fn protecting() -> Workload {
    let mut shared = sent();
    let protection = shared.story.protect();
    Workload::new("protecting an address", shared.before, vec![Step::of(protection)])
}

fn excepting() -> Workload {
    let mut shared = sent();
    let said = Said::EntryExcepted { consent: CONSENT, giver: MOTHER, entry: cast::entry(11) };
    let exception = shared.story.say(said);
    Workload::new("closing an entry", shared.before, vec![Step::of(exception)])
}

fn private_document() -> Workload {
    let (_, opening) = Story::open();
    let note = HandoverNote {
        case: CASE,
        offer: BatonOfferId::from_bytes([95; 16]),
        to: OLE,
        text: "Ring foreldrene.".to_owned(),
    };
    let steps = vec![
        Step::local(vec![private("første utkast")]),
        Step::local(vec![private(&"et langt utkast ".repeat(2_000)), LocalWrite::HandoverNote(note)]),
        Step::local(vec![private("siste utkast"), LocalWrite::HandoverNoteDropped(CASE)]),
    ];
    Workload::new("writing drafts", vec![Step::of(opening)], steps)
}

/// So much that SQLite empties its log into the database by itself.
fn large_documents() -> Workload {
    let (_, opening) = Story::open();
    let document = |number: usize| private(&format!("utkast {number} ").repeat(30_000));
    let steps = (0..16).map(|number| Step::local(vec![document(number)])).collect();
    Workload { every: 61, ..Workload::new("writing large drafts", vec![Step::of(opening)], steps) }
}

fn erasing_everything() -> Workload {
    let shared = sent();
    let before = [shared.before, vec![Step::local(vec![private("utkast"), cast::look(Some(CASE), 1)])]];
    let steps = vec![Step::local(vec![LocalWrite::CaseDestroyed(CASE)])];
    Workload::new("destroying a case", before.into_iter().flatten().collect(), steps)
}
