//! What the fuzzer and the tests begin with: golden vectors, samples, and what two nodes that
//! share a case have sent one another.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use serde::Serialize;
use stafett_protocol::access::EntryFacts;
use stafett_protocol::baton::there::{About, AnswerThere, Answered, HeldBy, Holds, NowThere, OfferThere};
use stafett_protocol::consent::rule::{Birthdays, Capacity, Party, SubjectKind};
use stafett_protocol::consent::{Channel, Consent, Evidence, WithdrawnPart, Yes};
use stafett_protocol::entry::{Actor, Content, Edit, EntryDocument, EntryKind, Side};
use stafett_protocol::grant::Grant;
use stafett_protocol::id::{AccountId, BatonOfferId, CaseId, ConsentId};
use stafett_protocol::journal::{Closing, JournalEnd};
use stafett_protocol::ledger::statement::{LedgerStatement, Level, Said};
use stafett_protocol::limits::FRAME_BYTES_MAX;
use stafett_protocol::mark::LinkMark;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::signed::{Statement, Verified};
use stafett_protocol::succession::package::Line;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::uptake::{Uptake, UptakeAnswer};
use stafett_protocol::wire::codec::{decode, encode, encode_change};
use stafett_protocol::wire::{Frame, Resend, Stream};

use super::lengths::with_length;
use super::{Decoder, package};
use crate::federation::{AskFor, Federation, NewEntry};
use crate::names::{CHILD, HIGH_PARTNER, MOTHER, OWNER, areas, key, organisation, service, service_code};
use crate::tap::{Handed, Tap};

/// What stands in an entry that the partner has.
pub(super) const SHARED: &str = "Vi spiser ute.";
/// What stands in one that is not for the partner.
pub(super) const HIDDEN: &str = "Bare for skolen.";
const FRAMES: &str = include_str!("../../fixtures/wire-v1/frames.txt");

/// The node whose session is tried.
pub(super) fn owner() -> OrganisationNumber {
    organisation(OWNER)
}

/// The partner that sends anything.
pub(super) fn partner() -> OrganisationNumber {
    organisation(HIGH_PARTNER)
}

/// Two nodes: a case of the one with entries that are shared and one that is not, an order that
/// waits for some of them, a case of which nothing is called back, and a case of the other.
fn world() -> Federation {
    let mut world = Federation::new(7);
    world.add_node(owner(), 1);
    world.add_node(partner(), 2);
    world.join((owner(), &["school"]), (partner(), &["ppt", "clinic"]));
    world.run_for(5_000);
    let case = world.open_case(owner());
    let shared = world.publish(case, &NewEntry::note("Vi leser hver dag."));
    world.publish(case, &NewEntry::measure("Lesegruppe", "2027-01-15"));
    world.publish(case, &NewEntry::note_in(&["learning"], HIDDEN));
    world.share(case, &AskFor::both(service(partner(), "ppt"), &["language"]));
    let over = world.share(case, &AskFor::both(service(partner(), "clinic"), &["language"]));
    world.run();
    world.edit(owner(), shared, r#"{"description":"Vi leser hver kveld."}"#);
    world.propose(partner(), case, "ppt", &NewEntry::note("Et forslag."), Some(shared));
    let theirs = world.open_case(partner());
    world.publish(theirs, &NewEntry::note("Fra PPT."));
    world.share(theirs, &AskFor::both(service(owner(), "school"), &["language"]));
    let other = world.open_case(owner());
    world.publish(other, &NewEntry::note_in(&["wellbeing"], SHARED));
    world.share(other, &AskFor::both(service(partner(), "ppt"), &["wellbeing"]));
    world.run();
    world.cut(owner(), partner());
    world.withdraw(case, over);
    world.run();
    world
}

/// Lends the two nodes.
pub(super) fn with_world<T>(ask: impl FnOnce(&Federation) -> T) -> T {
    thread_local! {
        static WORLD: OnceCell<Federation> = const { OnceCell::new() };
    }
    WORLD.with(|cell| ask(cell.get_or_init(world)))
}

/// The owner's first note of an area, in a case of its own.
pub(super) fn own_note<'a>(world: &'a Federation, area: &str) -> &'a EntryFacts {
    let store = &world.node(owner()).store;
    let all = store.entries.values().map(|kept| &kept.record.facts);
    let own = all.filter(|facts| store.ledgers.contains_key(&facts.case));
    let mut notes = own.filter(|facts| facts.kind == EntryKind::Note && facts.areas == areas(&[area]));
    notes.next().expect("a note of that area")
}

/// Frames that the partner sent, as they were handed over.
fn frames_of_partner() -> Vec<Vec<u8>> {
    with_world(|world| {
        let taps = world.taps_between(partner(), owner());
        taps.into_iter()
            .filter(|tap| matches!(tap.handed, Handed::Frame { .. }))
            .map(Tap::bytes)
            .map(<[u8]>::to_vec)
            .collect()
    })
}

/// What the partner sends first on a connection.
pub(super) fn greeting() -> Vec<Vec<u8>> {
    let is_greeting = |frame: &Vec<u8>| matches!(frame.get(..2), Some([0, 1 | 20]));
    let mut frames = frames_of_partner();
    frames.retain(is_greeting);
    frames.truncate(2);
    frames
}

fn tokens() -> BTreeSet<String> {
    with_world(|world| {
        let said = uptakes(world).into_iter();
        let mut tokens: BTreeSet<String> = said.map(|said| sign(said).token().to_owned()).collect();
        for node in [owner(), partner()] {
            let store = &world.node(node).store;
            tokens.extend(store.orders.values().map(|order| order.token().to_owned()));
            tokens.extend(store.issued.values().map(|issued| issued.grant.token().to_owned()));
            let mark = LinkMark { signer: node, partner: owner(), incarnation: 0, number: 3 };
            tokens.insert(sign(mark).token().to_owned());
        }
        tokens
    })
}

fn sign<T: Statement>(statement: T) -> Verified<T> {
    key(1).sign(statement).expect("signs")
}

/// What the partner's services may answer to each grant that it has, and what they say after it.
fn uptakes(world: &Federation) -> Vec<Uptake> {
    let issued = world.node(owner()).store.issued.values();
    let answered = issued.flat_map(|issued| {
        let grant = issued.grant.statement();
        let reason = "Vi har ingen ledig tid før jul.".parse().expect("a line");
        let first = Uptake::of(grant, UptakeAnswer::CannotTake { reason }, None, UnixMillis(7));
        let then = Uptake::of(grant, UptakeAnswer::Taken, Some(first.said_at), UnixMillis(7));
        [first, then]
    });
    answered.collect()
}

/// What the partner may say of the baton of each case that it shares, and answer of each that is shared with it.
fn words_of_batons(world: &Federation) -> Vec<String> {
    let store = &world.node(owner()).store;
    let offer = BatonOfferId::from_bytes([7; 16]);
    let about = |grant: &Grant| About {
        offer,
        owner: grant.owner,
        partner: grant.partner,
        case: grant.case,
        service: grant.service.clone(),
    };
    let (account, name) = (AccountId::from_bytes([8; 16]), || Line::of("Ole Eksempel").expect("a line"));
    let mut words = Vec::new();
    for received in store.received.values() {
        let about = about(&received.grant);
        let taken = AnswerThere { about: about.clone(), answered: Answered::Taken { account, name: name() } };
        let answer = world.key(about.partner).sign(taken).expect("signs").hash();
        let held = Holds::Held(HeldBy { account, name: name(), answer });
        words.push(json_line(&OfferThere { about: about.clone(), lapses_at: UnixMillis::MAX }));
        words.push(json_line(&NowThere { about: about.clone(), holds: held }));
        words.push(json_line(&NowThere { about, holds: Holds::Over }));
    }
    for issued in store.issued.values() {
        let about = about(issued.grant.statement());
        let taken = Answered::Taken { account, name: name() };
        words.push(json_line(&AnswerThere { about: about.clone(), answered: taken }));
        words.push(json_line(&AnswerThere { about, answered: Answered::NotTaken }));
    }
    words
}

fn json_line(said: &impl Serialize) -> String {
    serde_json::to_string(said).expect("JSON") + "\n"
}

/// Whether a token is one that the seeds have.
pub(super) fn is_token(token: &str) -> bool {
    tokens().contains(token)
}

/// Returns what a decoder begins with.
pub fn seeds(decoder: Decoder) -> Vec<Vec<u8>> {
    match decoder {
        Decoder::Frame => golden().into_iter().chain(frames_of_partner()).collect(),
        Decoder::Change => changes(),
        Decoder::Fields => [
            r#"{"description":"Hei","title":null}"#,
            r#"{"title":"Lese","responsible":"Ole","deadline":"2027-01-01","status":"planned"}"#,
            r#"{"agenda":["Skole","Fritid"],"title":"Møte"}"#,
        ]
        .map(|text| text.as_bytes().to_vec())
        .into(),
        Decoder::Statement => tokens().into_iter().map(String::into_bytes).collect(),
        Decoder::Said => vec![chain()],
        Decoder::Uptake => {
            let lines = with_world(uptakes).into_iter();
            let lines: Vec<String> =
                lines.map(|said| serde_json::to_string(&said).expect("JSON") + "\n").collect();
            lines.iter().chain([&lines.concat()]).map(|text| text.as_bytes().to_vec()).collect()
        }
        Decoder::Baton => {
            let lines = with_world(words_of_batons);
            lines.iter().chain([&lines.concat()]).map(|text| text.as_bytes().to_vec()).collect()
        }
        Decoder::Package => ["document", "sealed"].map(package::golden).into(),
        Decoder::Journal => vec![journal()],
        Decoder::Settings => [
            include_str!("../../../config/samples/full.toml"),
            include_str!("../../../config/samples/minimal.toml"),
            include_str!("../../../config/samples/development.toml"),
        ]
        .map(|text| text.as_bytes().to_vec())
        .into(),
        Decoder::Partner => vec![include_bytes!("../../../config/samples/partner.toml").to_vec()],
        Decoder::People => vec![include_bytes!("../../../config/samples/people.toml").to_vec()],
        Decoder::Reconcile => messages(),
        Decoder::Session => sessions(),
    }
}

fn golden() -> Vec<Vec<u8>> {
    let hex = FRAMES.lines().filter_map(|line| line.split_whitespace().nth(1));
    hex.map(|hex| {
        let digits = hex.as_bytes().chunks(2);
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16);
        digits.map(|pair| byte(pair).expect("hexadecimal digits")).collect()
    })
    .collect()
}

fn changes() -> Vec<Vec<u8>> {
    let mut changes = Vec::new();
    for (kind, fields, edit) in [
        (EntryKind::Note, r#"{"description":"Hei"}"#, r#"{"description":"Hei igjen"}"#),
        (EntryKind::Goal, r#"{"title":"Lese"}"#, r#"{"title":"Lese mer"}"#),
    ] {
        let content = Content::new(kind, serde_json::from_str(fields).expect("fields")).expect("fits");
        // The actor of the document that the changes are taken into, and the partner's.
        let (document, genesis) = EntryDocument::create(Actor([0x71; 16]), &content).expect("makes one");
        let mut theirs = EntryDocument::open(kind, Actor([0x72; 16]), document.changes()).expect("opens");
        let edit = Edit::new(kind, serde_json::from_str(edit).expect("fields")).expect("fits");
        let edited = theirs.edit(&edit, Side::Partner).expect("edits").expect("something to change");
        for change in [genesis, edited] {
            changes.push(encode_change(change.change()).expect("fits"));
        }
    }
    changes
}

/// A chain as JSON, a statement on each line.
fn chain() -> Vec<u8> {
    let by = AccountId::from_bytes([0xb1; 16]);
    let level = |level: u8| Level::try_from(level).expect("a level");
    let party = |person, capacity| Party { person, capacity };
    let opened = Said::Opened {
        subject_kind: SubjectKind::Child,
        level: level(1),
        holder: by,
        service: service_code("school"),
        unit: None,
        parties: vec![
            party(CHILD, Capacity::Subject),
            party(MOTHER, Capacity::GuardianWithParentalResponsibility),
        ],
        birthdays: Birthdays::default(),
    };
    let id = ConsentId::from_bytes([5; 16]);
    let consent = Consent::sharing(id, service(partner(), "ppt"), UnixMillis(0), UnixMillis::MAX);
    let yes = Yes::new(UnixMillis(3), Evidence::Oral);
    let (channel, part) = (Channel::Oral, WithdrawnPart::Whole);
    let case = CaseId::from_bytes([3; 16]);
    let said = [
        opened,
        Said::LevelChanged { level: level(2) },
        Said::ConsentAsked { consent },
        Said::ConsentGiven { consent: id, giver: MOTHER, yes },
        Said::ConsentWithdrawn { consent: id, giver: MOTHER, channel, part },
        Said::Closed,
    ];
    let lines = said.map(|said| {
        let at = UnixMillis(1_000);
        let statement = LedgerStatement { case, number: 0, previous: None, at, by: Some(by), said };
        serde_json::to_string(&statement).expect("JSON") + "\n"
    });
    lines.concat().into_bytes()
}

fn journal() -> Vec<u8> {
    let mut end = JournalEnd::default();
    let case = CaseId::from_bytes([3; 16]);
    let closings = [
        Closing::CaseBlocked { case },
        Closing::FamilyChanged { case },
        Closing::AgreementEnded { partner: partner() },
    ];
    let lines = closings.map(|closing| end.append(closing, UnixMillis(5)).expect("writes") + "\n");
    lines.concat().into_bytes()
}

fn messages() -> Vec<Vec<u8>> {
    let frames = with_world(|world| world.taps.iter().filter_map(Tap::frame).collect::<Vec<_>>());
    let of = |frame: &Frame| match frame {
        Frame::Reconcile(body) => Some(with_length(&body.message)),
        _ => None,
    };
    let all: Vec<Vec<u8>> = frames.iter().filter_map(of).collect();
    vec![all.concat(), all.into_iter().next().unwrap_or_default()]
}

/// The partner's frames as inputs of a session: all of them, and each after the greeting.
fn sessions() -> Vec<Vec<u8>> {
    let input = |frame: &Vec<u8>| {
        let is_control = decode(frame).is_ok_and(|frame| frame.stream() == Stream::Control);
        [&[if is_control { 5 } else { 0 }][..], &with_length(frame)].concat()
    };
    let frames = frames_of_partner();
    let greeting: Vec<u8> = greeting().iter().flat_map(input).collect();
    let whole: Vec<u8> = frames.iter().flat_map(input).collect();
    let each: Vec<_> =
        frames.iter().chain(&golden()).map(|frame| [greeting.clone(), input(frame)].concat()).collect();
    // As long as a frame may be, of a kind that nobody knows.
    let longest = [&[0, 98][..], &vec![0x61; FRAME_BYTES_MAX - 2]].concat();
    let longest = [greeting.clone(), input(&longest)].concat();
    // The comparison is given up in time; then the partner asks for an entry that it has, or may not have.
    let asking = ["wellbeing", "learning"].map(|area| {
        let asked = with_world(|world| {
            let EntryFacts { entry, generation, .. } = own_note(world, area).clone();
            encode(&Frame::Resend(Resend { entry, generation })).expect("fits")
        });
        [&greeting[..], &[12], &input(&asked), &[11, 11, 12, 11, 11]].concat()
    });
    [vec![whole, longest], asking.into(), each].concat()
}
