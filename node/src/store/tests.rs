//! What the tests of the store share. All run on real SQLite files in a folder of their own.

mod access_log;
mod batons;
mod canary;
mod emergency;
mod erase;
mod generations;
mod journal;
mod local;
mod marks;
mod opening;
mod receiving;
mod repeat;
mod sharing;
mod succession;
mod uptakes;
mod writing;

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::access::EntryFacts;
use stafett_protocol::consent::Direction;
use stafett_protocol::consent::rule::{Birthdays, SubjectKind};
use stafett_protocol::disclosure::{DisclosureGround, DisclosureRow};
use stafett_protocol::entry::check::CheckedChange;
use stafett_protocol::entry::{
    About, Actor, ChangeHash, Content, Edit, EntryDocument, EntryKind, FieldKey, FieldValue, Heads,
    SchemaVersion, Side,
};
use stafett_protocol::erasure::{Done, EraseOrder, ORDER_TEXT, Receipt};
use stafett_protocol::grant::Grant;
use stafett_protocol::id::{
    AccountId, CaseId, ConsentId, DisclosureId, EntryId, GenerationId, GrantId, OrderId, ProposalId,
};
use stafett_protocol::ledger::statement::{LedgerStatement, Level, Said};
use stafett_protocol::mark::LinkMark;
use stafett_protocol::municipality::{OrganisationNumber, Service};
use stafett_protocol::protection::{AddressProtection, Protection, ProtectionSaid, ProtectionStatement};
use stafett_protocol::signed::{SigningKey, Verified};
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{
    Committed, EntryRecord, EntryState, Fault, Proposal, ProposalState, ReturnedEdit, Transaction, Write,
};
use stafett_protocol::uptake::{Uptake, UptakeAnswer};
use tempfile::TempDir;

use super::snapshot::Snapshot;
use super::{Store, StoreError, StorePaths, StoreReader, StoreSettings};
use crate::seal::{KeyBytes, WrappingKey};

pub(super) const CASE: CaseId = CaseId::from_bytes([1; 16]);
pub(super) const THEIR_CASE: CaseId = CaseId::from_bytes([2; 16]);
pub(super) const GOAL: EntryId = EntryId::from_bytes([11; 16]);
pub(super) const MEASURE: EntryId = EntryId::from_bytes([12; 16]);
pub(super) const FIRST: GenerationId = GenerationId::from_bytes([21; 16]);
pub(super) const SECOND: GenerationId = GenerationId::from_bytes([22; 16]);
pub(super) const GRANT: GrantId = GrantId::from_bytes([31; 16]);
pub(super) const OTHER_GRANT: GrantId = GrantId::from_bytes([32; 16]);
pub(super) const ORDER: OrderId = OrderId::from_bytes([41; 16]);
pub(super) const CONSENT: ConsentId = ConsentId::from_bytes([51; 16]);
pub(super) const MARTE: AccountId = AccountId::from_bytes([61; 16]);
pub(super) const NILS: AccountId = AccountId::from_bytes([62; 16]);
pub(super) const OUR_ACTOR: Actor = Actor([71; 16]);
pub(super) const THEIR_ACTOR: Actor = Actor([72; 16]);

/// This node's organisation.
pub(super) fn us() -> OrganisationNumber {
    "999999018".parse().expect("valid")
}

/// A partner's organisation.
pub(super) fn them() -> OrganisationNumber {
    "999999026".parse().expect("valid")
}

/// Another partner's organisation.
pub(super) fn others() -> OrganisationNumber {
    "999999034".parse().expect("valid")
}

/// A folder for data and one for the journal, gone when dropped.
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(super) fn paths(&self) -> StorePaths {
        StorePaths { data: self.0.path().join("data"), journal: self.0.path().join("journal") }
    }

    pub(super) fn settings(&self) -> StoreSettings {
        StoreSettings {
            paths: self.paths(),
            wrapping: WrappingKey::new(&KeyBytes::new([7; 32])),
            organisation: us(),
            signing_keys: vec![our_key().public()],
            bytes_max: None,
        }
    }

    pub(super) fn open(&self) -> Store {
        Store::open(self.settings()).expect("opens")
    }

    /// Opens the rows past the store, as somebody with the file could.
    pub(super) fn tamper(&self, sql: &str) {
        let path = self.paths().data.join("store.sqlite");
        let connection = rusqlite::Connection::open(path).expect("opens");
        connection.execute_batch("PRAGMA foreign_keys = OFF").expect("lets go");
        connection.execute_batch(sql).expect("tampers");
    }

    /// Copies the data folder, as a backup would.
    pub(super) fn copy_data(&self, to: &str) {
        let target = self.0.path().join(to);
        std::fs::create_dir_all(&target).expect("a folder");
        for file in std::fs::read_dir(self.paths().data).expect("reads") {
            let file = file.expect("reads");
            std::fs::copy(file.path(), target.join(file.file_name())).expect("copies");
        }
    }

    /// Puts a copy back in place of the data folder.
    pub(super) fn restore_data(&self, from: &str) {
        std::fs::remove_dir_all(self.paths().data).expect("removes");
        std::fs::rename(self.0.path().join(from), self.paths().data).expect("renames");
    }
}

fn key(seed: u8) -> SigningKey {
    let mut pkcs8 =
        vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    pkcs8.extend([seed; 32]);
    SigningKey::from_pkcs8(&pkcs8).expect("a key of 32 bytes")
}

pub(super) fn our_key() -> SigningKey {
    key(1)
}

pub(super) fn their_key() -> SigningKey {
    key(2)
}

pub(super) fn statement(
    case: CaseId,
    number: u64,
    before: Option<&Verified<LedgerStatement>>,
    said: Said,
) -> Verified<LedgerStatement> {
    let previous = before.map(Verified::hash);
    our_key()
        .sign(LedgerStatement { case, number, previous, at: UnixMillis(1_000), by: Some(MARTE), said })
        .expect("signs")
}

/// The first statement of a case.
pub(super) fn opening(case: CaseId) -> Verified<LedgerStatement> {
    let said = Said::Opened {
        subject_kind: SubjectKind::Child,
        level: Level::try_from(1).expect("a level"),
        holder: MARTE,
        service: "skole".parse().expect("a code"),
        unit: None,
        parties: Vec::new(),
        birthdays: Birthdays::default(),
    };
    statement(case, 0, None, said)
}

/// A statement about the protection of the family, first of its chain.
pub(super) fn protection() -> Verified<ProtectionStatement> {
    let said = ProtectionSaid::Set {
        protection: AddressProtection::StrictlyConfidential,
        safe_for: BTreeSet::new(),
    };
    let first = Protection::default().next(CASE, said, Some(MARTE), UnixMillis(1_000));
    our_key().sign(first).expect("signs")
}

/// A statement that the level changed.
pub(super) fn level(number: u64, before: &Verified<LedgerStatement>, level: u8) -> Verified<LedgerStatement> {
    let level = Level::try_from(level).expect("a level");
    statement(CASE, number, Some(before), Said::LevelChanged { level })
}

/// A document of a goal with this title and its first change.
pub(super) fn goal(actor: Actor, title: &str) -> (EntryDocument, CheckedChange) {
    let fields = BTreeMap::from([("title", title)]);
    let fields = serde_json::from_value(serde_json::json!(fields)).expect("fields");
    let content = Content::new(EntryKind::Goal, fields).expect("fits");
    EntryDocument::create(actor, &content).expect("makes a goal")
}

/// The next change of a document.
pub(super) fn edited(document: &mut EntryDocument, title: &str) -> CheckedChange {
    let fields = serde_json::from_value(serde_json::json!({ "title": title })).expect("fields");
    let edit = Edit::new(EntryKind::Goal, fields).expect("fits");
    document.edit(&edit, Side::Owner).expect("edits").expect("something to change")
}

/// The record of a goal, as it is given to the store.
pub(super) fn record(
    case: CaseId,
    owner: OrganisationNumber,
    entry: EntryId,
    genesis: &CheckedChange,
) -> EntryRecord {
    EntryRecord {
        facts: EntryFacts {
            entry,
            case,
            kind: EntryKind::Goal,
            areas: BTreeSet::from(["lesing".parse().expect("a code")]),
            about: BTreeSet::from([About::Subject]),
            written_by: Some(Service { host: owner, code: "skole".parse().expect("a code") }),
            only_for: None,
            hidden_from_guardians: false,
            generation: FIRST,
            changes: 0,
        },
        owner,
        schema: SchemaVersion::CURRENT,
        genesis: genesis.hash(),
        heads: Heads::default(),
        under: BTreeSet::new(),
        state: EntryState::Live,
        author: Some(MARTE),
        stored_at: UnixMillis(2_000),
        changed_at: UnixMillis(2_000),
    }
}

pub(super) fn change(entry: EntryId, change: &CheckedChange, origin: OrganisationNumber) -> Write {
    Write::Change { entry, generation: FIRST, change: change.clone(), origin, at: UnixMillis(3_000) }
}

/// The writes of a new own goal in the own case.
pub(super) fn own_goal(entry: EntryId, title: &str) -> Vec<Write> {
    let (_, genesis) = goal(OUR_ACTOR, title);
    vec![Write::Entry(record(CASE, us(), entry, &genesis)), change(entry, &genesis, us())]
}

/// The writes of a goal that came from a partner.
pub(super) fn their_goal(entry: EntryId, title: &str) -> Vec<Write> {
    let (_, genesis) = goal(THEIR_ACTOR, title);
    let record = EntryRecord {
        under: BTreeSet::from([GRANT]),
        author: None,
        ..record(THEIR_CASE, them(), entry, &genesis)
    };
    vec![Write::Entry(record), change(entry, &genesis, them())]
}

fn grant_of(grant: GrantId, case: CaseId, owner: OrganisationNumber, partner: OrganisationNumber) -> Grant {
    Grant {
        grant,
        owner,
        partner,
        service: "ppt".parse().expect("a code"),
        case,
        consent: CONSENT,
        areas: BTreeSet::from(["lesing".parse().expect("a code")]),
        kinds: BTreeSet::from([EntryKind::Goal]),
        direction: Direction::Both,
        from: UnixMillis(0),
        until: UnixMillis::MAX,
    }
}

/// A grant of this node for the partner.
pub(super) fn our_grant(grant: GrantId) -> Verified<Grant> {
    our_key().sign(grant_of(grant, CASE, us(), them())).expect("signs")
}

/// A grant of the partner for this node.
pub(super) fn their_grant(grant: GrantId) -> Verified<Grant> {
    their_key().sign(grant_of(grant, THEIR_CASE, them(), us())).expect("signs")
}

fn order_of(
    order: OrderId,
    case: CaseId,
    owner: OrganisationNumber,
    partner: OrganisationNumber,
) -> EraseOrder {
    EraseOrder {
        order,
        owner,
        partner,
        case,
        grant: GRANT,
        service: "ppt".parse().expect("a code"),
        entries: BTreeSet::from([GOAL]),
        text: ORDER_TEXT.to_owned(),
    }
}

/// An order of this node to the partner to erase the goal.
pub(super) fn our_order(order: OrderId) -> Verified<EraseOrder> {
    our_key().sign(order_of(order, CASE, us(), them())).expect("signs")
}

/// The partner's receipt for that order.
pub(super) fn their_receipt(order: OrderId) -> Verified<Receipt> {
    let order = order_of(order, CASE, us(), them());
    let items = BTreeMap::from([(GOAL, Done::Erased)]);
    their_key().sign(Receipt::of(&order, items)).expect("signs")
}

/// This node's receipt for the partner's order.
pub(super) fn our_receipt(order: OrderId) -> Verified<Receipt> {
    let order = order_of(order, THEIR_CASE, them(), us());
    let items = BTreeMap::from([(GOAL, Done::Erased)]);
    our_key().sign(Receipt::of(&order, items)).expect("signs")
}

/// A disclosure of the goal to the partner.
pub(super) fn disclosed(id: u8, generation: GenerationId, heads: &Heads) -> DisclosureRow {
    DisclosureRow {
        id: DisclosureId::from_bytes([id; 16]),
        partner: them(),
        case: CASE,
        entry: GOAL,
        generation,
        heads: heads.clone(),
        grounds: vec![DisclosureGround {
            grant: GRANT,
            consent: CONSENT,
            service: Service { host: them(), code: "ppt".parse().expect("a code") },
        }],
        at: UnixMillis(4_000),
    }
}

fn cannot_take(why: &str) -> UptakeAnswer {
    UptakeAnswer::CannotTake { reason: why.parse().expect("a line") }
}

/// What the partner's service answers to a grant of this node.
pub(super) fn their_uptake(grant: GrantId, said_at: u64, why: &str) -> Verified<Uptake> {
    let grant = grant_of(grant, CASE, us(), them());
    their_key().sign(Uptake::of(&grant, cannot_take(why), None, UnixMillis(said_at))).expect("signs")
}

/// What an own service answers to a grant of the partner's.
pub(super) fn our_uptake(grant: GrantId, said_at: u64, why: &str) -> Uptake {
    Uptake::of(&grant_of(grant, THEIR_CASE, them(), us()), cannot_take(why), None, UnixMillis(said_at))
}

/// How far the partner's statements go.
pub(super) fn their_mark(number: u64) -> Verified<LinkMark> {
    let mark = LinkMark { signer: them(), partner: us(), incarnation: 0, number };
    their_key().sign(mark).expect("signs")
}

/// A goal that this node's staff propose in the partner's case.
pub(super) fn returned_edit(id: u8, words: &str) -> ReturnedEdit {
    ReturnedEdit {
        id: ProposalId::from_bytes([id; 16]),
        owner: them(),
        case: THEIR_CASE,
        kind: EntryKind::Goal,
        areas: BTreeSet::from(["lesing".parse().expect("a code")]),
        fields: [(FieldKey::Description, FieldValue::from(words))].into(),
        author: NILS,
        until: UnixMillis(70_000),
    }
}

pub(super) fn proposal(id: u8, title: &str) -> Proposal {
    Proposal {
        id: ProposalId::from_bytes([id; 16]),
        owner: them(),
        case: THEIR_CASE,
        grant: GRANT,
        service: "ppt".parse().expect("a code"),
        kind: EntryKind::Goal,
        areas: BTreeSet::from(["lesing".parse().expect("a code")]),
        about: BTreeSet::from([About::Subject]),
        towards: Some(MEASURE),
        change: goal(OUR_ACTOR, title).1,
        author: NILS,
        made_at: UnixMillis(5_000),
        state: ProposalState::Waiting,
    }
}

impl Store {
    pub(super) async fn must(&self, writes: Vec<Write>) -> Committed {
        self.commit(Transaction::of(writes)).await.expect("commits")
    }

    pub(super) async fn fault(&self, writes: Vec<Write>) -> Fault {
        self.commit(Transaction::of(writes)).await.expect_err("a fault")
    }

    /// An own case with a goal.
    pub(super) async fn with_own_goal(self) -> Self {
        self.must(vec![Write::Ledger(opening(CASE))]).await;
        self.must(own_goal(GOAL, "Lese en bok")).await;
        self
    }

    /// A received case with a goal and a measure.
    pub(super) async fn with_their_goals(self) -> Self {
        self.must(vec![Write::GrantReceived(their_grant(GRANT))]).await;
        self.must(their_goal(GOAL, "Lese en bok")).await;
        self.must(their_goal(MEASURE, "Sove godt")).await;
        self
    }
}

/// Everything that stands in the rows, opened, without the names of keys. Two stores that dump
/// alike say the same.
pub(super) async fn dump(store: &StoreReader) -> Vec<String> {
    store.read(dump_rows).await.expect("dumps")
}

fn dump_rows(snapshot: &Snapshot<'_>) -> Result<Vec<String>, StoreError> {
    let names = snapshot.rows(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('key_destruction', 'migration')",
        [],
        |row| Ok(row.get::<_, String>(0)?),
    )?;
    let mut lines = Vec::new();
    for name in names {
        let mut statement = snapshot.connection.prepare(&format!("SELECT * FROM {name}"))?;
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let mut line = name.clone();
            for (index, column) in columns.iter().enumerate() {
                if !matches!(column.as_str(), "sealed" | "key_id") {
                    line += &format!(" {column}={:?}", row.get_ref(index)?);
                }
            }
            lines.push(line);
        }
    }
    for table in super::sealed::TABLES {
        lines.extend(snapshot.rows(&table.query(), [], |row| {
            let case = CaseId::from_bytes(row.get("case_id")?);
            let (sealed, place): (Vec<u8>, _) = (row.get("sealed")?, table.place_of(row)?);
            let plain = snapshot.key(case)?.open(&sealed, &place).expect("opens in its place");
            Ok(format!("{} {place:?} {plain:?}", table.name))
        })?);
    }
    lines.sort();
    Ok(lines)
}
