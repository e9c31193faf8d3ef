//! A transaction may be committed again after a crash: it then changes nothing.

use stafett_protocol::baton::there::{About, At, BatonThere};
use stafett_protocol::erasure::LockBasis;
use stafett_protocol::id::{BatonOfferId, RelationId, SuccessionId};
use stafett_protocol::journal::Closing;
use stafett_protocol::succession::origin::{Origin, Way};
use stafett_protocol::succession::package::{Line, WrittenBy};
use stafett_protocol::transaction::{CarriedTo, GenerationWrite, Relation};

use super::*;

/// A life of two cases in which every kind of write occurs.
fn life() -> Vec<Vec<Write>> {
    let (mut document, genesis) = goal(OUR_ACTOR, "Lese en bok");
    let next = edited(&mut document, "Lese to bøker");
    let (_, cut) = goal(Actor([73; 16]), "Lese to bøker");
    let heads = Heads::from(genesis.hash());
    let relation = RelationId::from_bytes([95; 16]);
    let (waiting, answered) = (proposal(91, "Et forslag"), proposal(92, "Et annet"));
    let mut newer = record(CASE, us(), GOAL, &cut);
    newer.facts.generation = SECOND;
    let mut received = their_goal(MEASURE, "Sove godt");
    received.extend(their_goal(EntryId::from_bytes([14; 16]), "Spise frokost"));
    vec![
        vec![Write::Ledger(opening(CASE)), Write::Ledger(level(1, &opening(CASE), 2))],
        vec![Write::Protection(protection())],
        own_goal(GOAL, "Lese en bok"),
        vec![Write::Origin { entry: GOAL, origin: origin() }],
        vec![
            change(GOAL, &next, us()),
            Write::Author { entry: GOAL, actor: OUR_ACTOR, author: AccountId::from_bytes([97; 16]) },
        ],
        vec![Write::Relation(Relation { id: relation, owner: us(), case: CASE, from: MEASURE, to: GOAL })],
        vec![Write::GrantIssued(our_grant(GRANT))],
        vec![Write::GrantHanded(GRANT)],
        vec![Write::GrantUnsent(GRANT)],
        vec![Write::GrantHanded(GRANT), Write::GrantStored(GRANT)],
        vec![Write::UptakeHeard(their_uptake(GRANT, 7_000, "ingen ledig"))],
        vec![
            Write::Disclosure(disclosed(81, FIRST, &heads)),
            Write::Disclosure(disclosed(82, FIRST, &heads)),
        ],
        vec![Write::DisclosureUnsent(DisclosureId::from_bytes([82; 16]))],
        vec![Write::Acknowledged { partner: them(), entry: GOAL, generation: FIRST, heads }],
        vec![Write::RelationStored { partner: them(), relation }],
        vec![Write::ProposalTaken {
            partner: them(),
            proposal: ProposalId::from_bytes([93; 16]),
            entry: GOAL,
        }],
        vec![Write::OrderQueued(our_order(ORDER))],
        vec![Write::ReceiptFiled(their_receipt(ORDER))],
        vec![
            left(GOAL, &next),
            Write::Entry(newer),
            Write::Change {
                entry: GOAL,
                generation: SECOND,
                change: cut,
                origin: us(),
                at: UnixMillis(6_000),
            },
        ],
        vec![Write::Generation(GenerationWrite::LetGo { partner: them(), entry: GOAL, generation: FIRST })],
        vec![Write::GrantReceived(their_grant(GRANT)), Write::GrantReceived(their_grant(OTHER_GRANT))],
        vec![Write::UptakeSaid(our_uptake(GRANT, 7_000, "fullt"))],
        vec![Write::UptakeSaid(our_uptake(OTHER_GRANT, 7_000, "fullt"))],
        vec![Write::UptakeKept { grant: OTHER_GRANT, said_at: UnixMillis(7_000) }],
        received,
    ]
    .into_iter()
    .chain(renewed())
    .chain(ending(waiting, answered))
    .collect()
}

fn left(entry: EntryId, latest: &CheckedChange) -> Write {
    let heads = Heads::from(latest.hash());
    let keep = Some(CarriedTo { heads: heads.clone(), onto: heads.clone() });
    Write::Generation(GenerationWrite::Leave { entry, generation: FIRST, heads, keep })
}

/// An entry that came, that was written on here, and whose owner went on to another generation.
fn renewed() -> Vec<Vec<Write>> {
    let entry = EntryId::from_bytes([15; 16]);
    let (mut document, genesis) = goal(THEIR_ACTOR, "Gå tur");
    let (_, next) = goal(Actor([74; 16]), "Gå tur");
    let ours = edited(&mut document, "Gå en lang tur");
    let again = edited(&mut document, "Gå en veldig lang tur");
    let mut newer = record(THEIR_CASE, them(), entry, &next);
    newer.facts.generation = SECOND;
    let heads = Heads::from(again.hash());
    let carry = GenerationWrite::Carry {
        entry,
        generation: FIRST,
        was: Heads::from(ours.hash()),
        now: CarriedTo { heads: heads.clone(), onto: Heads::default() },
    };
    let late = GenerationWrite::LateChange {
        entry,
        generation: FIRST,
        change: again.clone(),
        origin: them(),
        at: UnixMillis(6_500),
    };
    vec![
        vec![
            Write::Entry(EntryRecord { author: None, ..record(THEIR_CASE, them(), entry, &genesis) }),
            change(entry, &genesis, them()),
        ],
        vec![change(entry, &ours, them())],
        vec![
            left(entry, &ours),
            Write::Entry(newer),
            Write::Change { entry, generation: SECOND, change: next, origin: them(), at: UnixMillis(6_000) },
        ],
        vec![Write::Generation(late)],
        vec![Write::Generation(carry)],
        vec![Write::Generation(GenerationWrite::Refuse { entry, generation: FIRST })],
        vec![Write::Generation(GenerationWrite::Forget { entry, generation: FIRST, heads })],
    ]
}

fn ending(waiting: Proposal, answered: Proposal) -> Vec<Vec<Write>> {
    vec![
        vec![Write::Under { entry: MEASURE, under: BTreeSet::from([OTHER_GRANT]) }],
        vec![Write::ProposalMade(waiting.clone()), Write::ProposalMade(answered.clone())],
        vec![Write::ProposalAnswered(answered.id)],
        vec![Write::ProposalReturned { proposal: waiting.id, until: UnixMillis(70_000) }],
        vec![Write::Lock { entries: BTreeMap::from([(MEASURE, LockBasis::OwnWriting)]) }],
        vec![
            Write::GrantEnded { owner: them(), case: THEIR_CASE, grant: GRANT, at: UnixMillis(8_000) },
            Write::Erase { case: THEIR_CASE, entries: BTreeSet::from([EntryId::from_bytes([14; 16])]) },
            Write::Closing {
                closing: Closing::ErasedOnOrder { case: THEIR_CASE, order: ORDER },
                at: UnixMillis(8_000),
            },
            Write::EditReturned(returned_edit(96, "hele kapitler")),
            Write::ReceiptSigned(our_receipt(ORDER)),
        ],
        vec![Write::MarkSeen(their_mark(3)), Write::MarkSeen(their_mark(2))],
        succession::packed(1, "et låst skrin"),
        vec![Write::LeavingHanded { succession: succession::MOVE, is_handed: true }],
        succession::fetched(),
        vec![baton_there(92, At::NotTaken), baton_there(93, At::Offered { lapses_at: UnixMillis(9) })],
        vec![Write::BatonThereOver(BatonOfferId::from_bytes([92; 16]))],
    ]
}

fn baton_there(offer: u8, at: At) -> Write {
    let about = About {
        offer: BatonOfferId::from_bytes([offer; 16]),
        owner: them(),
        partner: us(),
        case: THEIR_CASE,
        service: "ppt".parse().expect("a code"),
    };
    Write::BatonThere(Box::new(BatonThere { about, at }))
}

fn origin() -> Origin {
    Origin {
        from: them(),
        from_name: Line::of("Steinkjer kommune").expect("a line"),
        written_by: WrittenBy::Family,
        written_on: "2026-03-03".parse().expect("a day"),
        way: Way::Link(SuccessionId::from_bytes([98; 16])),
    }
}

/// The number of a kind of write: a new kind does not compile until it stands here.
fn kind(write: &Write) -> usize {
    match write {
        Write::Ledger(_) => 0,
        Write::GrantIssued(_) => 1,
        Write::OrderQueued(_) => 2,
        Write::ReceiptFiled(_) => 3,
        Write::Entry(_) => 4,
        Write::Change { .. } => 5,
        Write::Relation(_) => 6,
        Write::Disclosure(_) => 7,
        Write::DisclosureUnsent(_) => 8,
        Write::Acknowledged { .. } => 9,
        Write::GrantStored(_) => 10,
        Write::RelationStored { .. } => 11,
        Write::ProposalTaken { .. } => 12,
        Write::GrantReceived(_) => 13,
        Write::GrantEnded { .. } => 14,
        Write::Under { .. } => 15,
        Write::Erase { .. } => 16,
        Write::Lock { .. } => 17,
        Write::ReceiptSigned(_) => 18,
        Write::ProposalMade(_) => 19,
        Write::ProposalAnswered(_) => 20,
        Write::ProposalReturned { .. } => 21,
        Write::Closing { .. } => 22,
        Write::Protection(_) => 29,
        Write::Author { .. } => 30,
        Write::EditReturned(_) => 31,
        Write::Generation(GenerationWrite::Leave { .. }) => 23,
        Write::Generation(GenerationWrite::LateChange { .. }) => 24,
        Write::Generation(GenerationWrite::Carry { .. }) => 25,
        Write::Generation(GenerationWrite::Refuse { .. }) => 26,
        Write::Generation(GenerationWrite::Forget { .. }) => 27,
        Write::Generation(GenerationWrite::LetGo { .. }) => 28,
        Write::MarkSeen(_) => 32,
        Write::GrantHanded(_) => 33,
        Write::GrantUnsent(_) => 34,
        Write::UptakeSaid(_) => 35,
        Write::UptakeKept { .. } => 36,
        Write::UptakeHeard(_) => 37,
        Write::Leaving(_) => 38,
        Write::LeavingHanded { .. } => 39,
        Write::PackageMade(_) => 40,
        Write::Arriving(_) => 41,
        Write::PackagePart { .. } => 42,
        Write::Origin { .. } => 43,
        Write::BatonThere(_) => 44,
        Write::BatonThereOver(_) => 45,
    }
}

#[test]
fn life_has_every_kind_of_write() {
    let kinds: BTreeSet<usize> = life().iter().flatten().map(kind).collect();

    assert_eq!(kinds, (0..=45).collect());
}

#[tokio::test]
async fn transaction_committed_again_changes_nothing() {
    let folder = Folder::new();
    let store = folder.open();
    for writes in life() {
        let kinds: Vec<usize> = writes.iter().map(kind).collect();
        let first = store.must(writes.clone()).await;
        let before = dump(&store).await;

        let second = store.must(writes).await;

        assert_eq!(dump(&store).await, before, "kinds {kinds:?}");
        assert_eq!(second.contents, first.contents, "kinds {kinds:?}");
    }
    assert!(store.integrity().await.expect("checks").is_well());
}

#[tokio::test]
async fn life_reads_alike_after_a_start() {
    let folder = Folder::new();
    let store = folder.open();
    for writes in life() {
        store.must(writes).await;
    }
    let before = dump(&store).await;
    drop(store);

    let store = folder.open();

    assert_eq!(dump(&store).await, before);
    assert!(store.integrity().await.expect("checks").is_well());
}

#[tokio::test]
async fn many_transactions_at_once_are_all_kept() {
    let folder = Folder::new();
    let store = std::sync::Arc::new(folder.open());
    let tasks: Vec<_> = (0..150u8)
        .map(|byte| {
            let store = std::sync::Arc::clone(&store);
            let case = CaseId::from_bytes([byte; 16]);
            tokio::spawn(
                async move { store.commit(Transaction::of(vec![Write::Ledger(opening(case))])).await },
            )
        })
        .collect();

    for task in tasks {
        assert!(task.await.expect("ends").is_ok());
    }

    // The case of 16 zero bytes stands for the node itself and is no case.
    assert_eq!(store.cases_owned().await.expect("reads").len(), 149);
}
