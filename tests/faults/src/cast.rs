//! An own case and a received one, and the writes of what becomes of them. Every id and moment is
//! the same each time, so two stores that went the same way hold the same.

use std::collections::{BTreeMap, BTreeSet};

use stafett_node::store::{AccessRow, LocalWrite, SessionRecord, SessionWrite, TokenRecord};
use stafett_protocol::access::EntryFacts;
use stafett_protocol::agreement::{Agreement, Moves, Standing};
use stafett_protocol::consent::rule::{Birthdays, Capacity, Party, SubjectKind};
use stafett_protocol::consent::{
    Channel, Consent, Controller, Direction, Evidence, Sector, WithdrawnPart, Yes,
};
use stafett_protocol::decision::{Decision, PartnerView, SignedGrant};
use stafett_protocol::disclosure::{DisclosureGround, DisclosureRow};
use stafett_protocol::entry::check::CheckedChange;
use stafett_protocol::entry::{
    About, Actor, Content, Edit, EntryDocument, EntryKind, Heads, SchemaVersion, Side,
};
use stafett_protocol::erasure::{Done, EraseOrder, ORDER_TEXT, Receipt};
use stafett_protocol::grant::Grant;
use stafett_protocol::id::{
    AccountId, CaseId, ConsentId, DisclosureId, EntryId, GenerationId, GrantId, OrderId, ProposalId, TokenId,
};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::ledger::statement::{Level, Said};
use stafett_protocol::municipality::{OrganisationNumber, Service};
use stafett_protocol::person::Role;
use stafett_protocol::protection::{AddressProtection, ProtectionSaid};
use stafett_protocol::signed::{SigningKey, Verified};
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{EntryRecord, EntryState, Proposal, ProposalState, ReturnedEdit, Write};
use stafett_tests::names::{
    CHILD, FATHER, HIGH_PARTNER, MOTHER, OWNER, areas, key, organisation, service_code,
};

/// The own case.
pub const CASE: CaseId = CaseId::from_bytes([1; 16]);
/// The received case.
pub const THEIR_CASE: CaseId = CaseId::from_bytes([2; 16]);
/// The holder of the own case.
pub const MARTE: AccountId = AccountId::from_bytes([61; 16]);
/// Somebody else of this node.
pub const OLE: AccountId = AccountId::from_bytes([62; 16]);
/// The consent of the own case.
pub const CONSENT: ConsentId = ConsentId::from_bytes([51; 16]);
/// The grant of the received case.
pub const GRANT: GrantId = GrantId::from_bytes([31; 16]);
/// The first generation of every entry.
pub const FIRST: GenerationId = GenerationId::from_bytes([21; 16]);
/// When everything happens.
pub const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

/// This node's organisation.
pub fn us() -> OrganisationNumber {
    organisation(OWNER)
}

/// The partner's.
pub fn them() -> OrganisationNumber {
    organisation(HIGH_PARTNER)
}

/// This node's key for statements.
pub fn our_key() -> SigningKey {
    key(1)
}

fn their_key() -> SigningKey {
    key(2)
}

/// An entry with a number.
pub fn entry(number: u8) -> EntryId {
    EntryId::from_bytes([number; 16])
}

/// A goal with a title, made by an actor.
pub fn goal(actor: u8, title: &str) -> (EntryDocument, CheckedChange) {
    let fields = serde_json::from_value(serde_json::json!({ "title": title })).expect("fields");
    let content = Content::new(EntryKind::Goal, fields).expect("fits");
    EntryDocument::create(Actor([actor; 16]), &content).expect("makes a goal")
}

/// The next change of a document.
pub fn edited(document: &mut EntryDocument, title: &str) -> CheckedChange {
    let fields = serde_json::from_value(serde_json::json!({ "title": title })).expect("fields");
    let edit = Edit::new(EntryKind::Goal, fields).expect("fits");
    document.edit(&edit, Side::Owner).expect("edits").expect("something to change")
}

/// The record of an own goal.
pub fn record(number: u8, genesis: &CheckedChange) -> EntryRecord {
    EntryRecord {
        facts: EntryFacts {
            entry: entry(number),
            case: CASE,
            kind: EntryKind::Goal,
            areas: areas(&["language"]),
            about: BTreeSet::from([About::Subject]),
            written_by: Some(Service { host: us(), code: service_code("school") }),
            only_for: None,
            hidden_from_guardians: false,
            generation: FIRST,
            changes: 0,
        },
        owner: us(),
        schema: SchemaVersion::CURRENT,
        genesis: genesis.hash(),
        heads: Heads::default(),
        under: BTreeSet::new(),
        state: EntryState::Live,
        author: Some(MARTE),
        stored_at: NOW,
        changed_at: NOW,
    }
}

/// A change as it is kept.
pub fn change(number: u8, change: &CheckedChange, origin: OrganisationNumber) -> Write {
    Write::Change { entry: entry(number), generation: FIRST, change: change.clone(), origin, at: NOW }
}

/// An own goal.
pub fn own_goal(number: u8, title: &str) -> Vec<Write> {
    let (_, genesis) = goal(71, title);
    vec![Write::Entry(record(number, &genesis)), change(number, &genesis, us())]
}

/// A goal of the received case.
pub fn their_goal(number: u8, title: &str) -> Vec<Write> {
    let (_, genesis) = goal(72, title);
    let mut record = record(number, &genesis);
    (record.facts.case, record.owner, record.author) = (THEIR_CASE, them(), None);
    record.under = BTreeSet::from([GRANT]);
    vec![Write::Entry(record), change(number, &genesis, them())]
}

/// The own case as it goes on, statement by statement.
pub struct Story {
    ledger: LedgerView,
    random: u8,
}

/// Bytes that are the next of a row, in place of random ones.
fn counted(random: &mut u8) -> [u8; 16] {
    *random += 1;
    [*random; 16]
}

impl Story {
    /// The case is opened.
    pub fn open() -> (Self, Vec<Write>) {
        let party = |person, capacity| Party { person, capacity };
        let said = Said::Opened {
            subject_kind: SubjectKind::Child,
            level: Level::try_from(1).expect("a level"),
            holder: MARTE,
            service: service_code("school"),
            unit: None,
            parties: vec![
                party(CHILD, Capacity::Subject),
                party(MOTHER, Capacity::GuardianWithParentalResponsibility),
                party(FATHER, Capacity::GuardianWithParentalResponsibility),
            ],
            birthdays: Birthdays::default(),
        };
        let decision = Decision::open(CASE, said, MARTE, NOW, &our_key()).expect("opens");
        let story = Self { ledger: decision.ledger().clone(), random: 100 };
        (story, decision.into_writes())
    }

    fn decide(&mut self, decide: impl FnOnce(&mut Decision, &mut u8)) -> Vec<Write> {
        let mut decision = Decision::about(self.ledger.clone(), Some(MARTE), NOW);
        decide(&mut decision, &mut self.random);
        self.ledger = decision.ledger().clone();
        decision.into_writes()
    }

    /// The stafettholder says one thing.
    pub fn say(&mut self, said: Said) -> Vec<Write> {
        self.decide(|decision, _| decision.say(said, &our_key()).expect("follows"))
    }

    /// The family is asked.
    pub fn ask(&mut self) -> Vec<Write> {
        let service = Service { host: them(), code: service_code("ppt") };
        let consent = Consent {
            version: 1,
            areas: areas(&["language"]),
            kinds: BTreeSet::from([EntryKind::Goal]),
            direction: Direction::Both,
            purpose: "Samarbeid om barnet.".to_owned(),
            controller: Controller { organisation: them(), sector: Sector::Public },
            ..Consent::sharing(CONSENT, service, UnixMillis(0), UnixMillis::MAX)
        };
        self.say(Said::ConsentAsked { consent })
    }

    /// Both guardians say yes, one after the other; with the second the grant is issued.
    pub fn yes_of_both(&mut self) -> [Vec<Write>; 2] {
        let agreement = agreement();
        [MOTHER, FATHER].map(|giver| {
            self.decide(|decision, random| {
                let yes = Yes::new(NOW, Evidence::Oral);
                let said = Said::ConsentGiven { consent: CONSENT, giver, yes };
                decision.say(said, &our_key()).expect("follows");
                let random = || counted(random);
                decision.issue_grants(us(), partner(&agreement), &our_key(), random).expect("signs");
            })
        })
    }

    /// The grant that was issued.
    pub fn grant(writes: &[Write]) -> Verified<Grant> {
        let grant = writes.iter().find_map(|write| match write {
            Write::GrantIssued(grant) => Some(grant.clone()),
            _ => None,
        });
        grant.expect("a grant was issued")
    }

    /// The mother takes her yes back: the grant ends, and what went under it is called back.
    pub fn withdraw(&mut self, grant: &Grant, rows: &[DisclosureRow]) -> Vec<Write> {
        let agreement = agreement();
        self.decide(|decision, random| {
            let (channel, part) = (Channel::Oral, WithdrawnPart::Whole);
            let said = Said::ConsentWithdrawn { consent: CONSENT, giver: MOTHER, channel, part };
            decision.say(said, &our_key()).expect("follows");
            let grants = [SignedGrant { grant, was_handed: !rows.is_empty() }];
            let random = || counted(random);
            decision.end_grants(partner(&agreement), grants, rows, &our_key(), random).expect("signs");
        })
    }

    /// The address becomes strictly confidential.
    pub fn protect(&mut self) -> Vec<Write> {
        let said = ProtectionSaid::Set {
            protection: AddressProtection::StrictlyConfidential,
            safe_for: BTreeSet::new(),
        };
        self.decide(|decision, _| decision.say_of_protection(said, &our_key()).expect("follows"))
    }

    /// The partner's receipt for the order that was queued.
    pub fn receipt(&mut self, withdrawal: &[Write]) -> Vec<Write> {
        let order = withdrawal.iter().find_map(|write| match write {
            Write::OrderQueued(order) => Some(order.statement().clone()),
            _ => None,
        });
        let order = order.expect("an order was queued");
        let items = order.entries.iter().map(|entry| (*entry, Done::Erased)).collect();
        let receipt = their_key().sign(Receipt::of(&order, items)).expect("signs");
        let mut writes = self.say(Said::ReceiptFiled { order: order.order, hash: receipt.hash() });
        writes.push(Write::ReceiptFiled(receipt));
        writes
    }
}

fn agreement() -> Agreement {
    Agreement {
        partner: them(),
        services: BTreeSet::from([service_code("ppt")]),
        our_services: BTreeSet::from([service_code("school")]),
        areas: areas(&["language"]),
        from: UnixMillis(0),
        until: UnixMillis::MAX,
        moves: Moves::default(),
    }
}

fn partner(agreement: &Agreement) -> PartnerView<'_> {
    PartnerView { partner: them(), agreement: Some(agreement), standing: Standing::Trusted }
}

/// A goal of the own case is disclosed.
pub fn disclosed(id: u8, number: u8, grant: GrantId, heads: &Heads) -> DisclosureRow {
    DisclosureRow {
        id: DisclosureId::from_bytes([id; 16]),
        partner: them(),
        case: CASE,
        entry: entry(number),
        generation: FIRST,
        heads: heads.clone(),
        grounds: vec![DisclosureGround {
            grant,
            consent: CONSENT,
            service: Service { host: them(), code: service_code("ppt") },
        }],
        at: NOW,
    }
}

/// The partner's grant for the received case.
pub fn their_grant() -> Verified<Grant> {
    let grant = Grant {
        grant: GRANT,
        owner: them(),
        partner: us(),
        service: service_code("school"),
        case: THEIR_CASE,
        consent: CONSENT,
        areas: areas(&["language"]),
        kinds: BTreeSet::from([EntryKind::Goal]),
        direction: Direction::Both,
        from: UnixMillis(0),
        until: UnixMillis::MAX,
    };
    their_key().sign(grant).expect("signs")
}

/// This node's receipt for the partner's order to erase.
pub fn our_receipt(entries: &[u8]) -> Verified<Receipt> {
    let entries: BTreeSet<EntryId> = entries.iter().map(|number| entry(*number)).collect();
    let order = EraseOrder {
        order: ORDER,
        owner: them(),
        partner: us(),
        case: THEIR_CASE,
        grant: GRANT,
        service: service_code("school"),
        entries: entries.clone(),
        text: ORDER_TEXT.to_owned(),
    };
    let items: BTreeMap<_, _> = entries.into_iter().map(|entry| (entry, Done::Erased)).collect();
    our_key().sign(Receipt::of(&order, items)).expect("signs")
}

/// The partner's order.
pub const ORDER: OrderId = OrderId::from_bytes([41; 16]);

/// A goal that this node's staff propose in the received case.
pub fn proposal(id: u8, title: &str) -> Proposal {
    Proposal {
        id: ProposalId::from_bytes([id; 16]),
        owner: them(),
        case: THEIR_CASE,
        grant: GRANT,
        service: service_code("school"),
        kind: EntryKind::Goal,
        areas: areas(&["language"]),
        about: BTreeSet::from([About::Subject]),
        towards: None,
        change: goal(71, title).1,
        author: OLE,
        made_at: NOW,
        state: ProposalState::Waiting,
    }
}

/// Words of the own staff that come back.
pub fn returned_edit(id: u8, title: &str) -> ReturnedEdit {
    ReturnedEdit {
        id: ProposalId::from_bytes([id; 16]),
        owner: them(),
        case: THEIR_CASE,
        kind: EntryKind::Goal,
        areas: areas(&["language"]),
        fields: serde_json::from_value(serde_json::json!({ "title": title })).expect("fields"),
        author: OLE,
        until: UnixMillis(NOW.0 + 1_000),
    }
}

/// Somebody looks at a case, or at a list.
pub fn look(case: Option<CaseId>, number: u64) -> LocalWrite {
    LocalWrite::Access(AccessRow {
        account: MARTE,
        role: Role::Employee,
        service: Some(service_code("school")),
        case,
        what: format!("entry {number}"),
        why: "stafettholder".to_owned(),
        at: UnixMillis(NOW.0 + number),
    })
}

/// A token.
pub fn token(number: u8) -> TokenRecord {
    TokenRecord {
        id: TokenId::from_bytes([number; 16]),
        hash: [number; 32],
        account: MARTE,
        role: Role::Employee,
        created_at: NOW,
        expires_at: UnixMillis::MAX,
        revoked_at: None,
    }
}

/// A session begins.
pub fn session(number: u8) -> LocalWrite {
    LocalWrite::Session(SessionWrite::Begin(SessionRecord {
        hash: [number; 32],
        account: MARTE,
        role: Role::Employee,
        roles: BTreeSet::from([Role::Employee, Role::UnitLeader]),
        login: "staff".to_owned(),
        created_at: NOW,
        seen_at: NOW,
        fresh_at: NOW,
    }))
}
