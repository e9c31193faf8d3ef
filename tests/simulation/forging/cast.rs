//! Who shares what with whom in the stories about forging: two cases of one owner, one of a third
//! node, one of the partner's, and everything that can be said about a case.

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::baton::BatonOffer;
use stafett_protocol::baton::there::{AnswerThere, NowThere, OfferThere};
use stafett_protocol::consent::rule::{Birthdays, Capacity, Party, SubjectKind};
use stafett_protocol::consent::{
    Channel, ChildHeard, Consent, Evidence, HeardBy, Interpreter, WithdrawnPart, Yes,
};
use stafett_protocol::entry::EntryKind;
use stafett_protocol::erasure::{Done, EraseOrder, ORDER_TEXT, Receipt};
use stafett_protocol::grant::Grant;
use stafett_protocol::id::{
    AccountId, BatonOfferId, CaseId, ConsentId, EntryId, GrantId, OrderId, PackageId, RegistrationId,
    SuccessionId, TransitionId,
};
use stafett_protocol::ledger::statement::{LedgerStatement, Level, Said};
use stafett_protocol::mark::LinkMark;
use stafett_protocol::municipality::{ItemCode, OrganisationNumber};
use stafett_protocol::protection::{AddressProtection, ProtectionSaid};
use stafett_protocol::signed::{Statement, StatementHash, Verified};
use stafett_protocol::succession::leaving::{Became, LeavingEvent, Offering};
use stafett_protocol::succession::origin::Way;
use stafett_protocol::succession::package::{PackageHash, Packed};
use stafett_protocol::succession::statement::{
    Answer, CaseOpened, Ended, Late, Offer, PackageStored, Transferred,
};
use stafett_protocol::time::{MINUTE, UnixMillis};
use stafett_protocol::transition::{Days, Item, MetBy, Outcome, Transition, Unit};
use stafett_protocol::uptake::Uptake;
use stafett_protocol::wire::baton::{BatonAnswerFrame, BatonFrame};
use stafett_protocol::wire::succession::{KeyBytes, SuccessionAnswerFrame, SuccessionFrame};
use stafett_protocol::wire::{Frame, GrantFrame, MarkFrame, OrderFrame, ReceiptFrame, UptakeFrame};
use stafett_tests::federation::{AskFor, CaseAt, NewEntry};
use stafett_tests::names::{CHILD, FATHER, MOTHER, areas, key, organisation, service, service_code};

use crate::story::Story;

/// The nodes and what they share.
pub(super) struct Cast {
    pub(super) story: Story,
    /// Another case of the owner's, which the partner reads too.
    pub(super) other: CaseAt,
    /// A case of the third node's, which the partner reads too.
    pub(super) of_third: CaseAt,
    /// A case of the partner's, which the owner reads.
    pub(super) of_partner: CaseAt,
    /// Of the first case: read by both services of the partner, and by one alone.
    pub(super) entries: [EntryId; 2],
    pub(super) of_other: EntryId,
    pub(super) entry_of_third: EntryId,
}

impl Cast {
    pub(super) fn new() -> Self {
        let mut story = Story::new(2);
        let (owner, partner, third) = (story.owner, story.partner, story.third);
        story.world.join((third, &["school"]), (partner, &["ppt", "clinic"]));
        story.world.run_for(5_000);
        story.share("ppt", &["language"]);
        story.share("clinic", &["language", "learning"]);
        let world = &mut story.world;
        let (other, of_third) = (world.open_case(owner), world.open_case(third));
        let of_partner = world.open_case(partner);
        for (case, to, code) in [
            (other, partner, "ppt"),
            (of_third, partner, "ppt"),
            (of_partner, owner, "school"),
            (story.case, third, "ppt"),
        ] {
            world.share(case, &AskFor::both(service(to, code), &["language"]));
        }
        let entries = [
            world.publish(story.case, &NewEntry::note("til begge")),
            world.publish(story.case, &NewEntry::note_in(&["learning"], "til klinikken")),
        ];
        let of_other = world.publish(other, &NewEntry::note("om en annen"));
        let entry_of_third = world.publish(of_third, &NewEntry::note("fra nabokommunen"));
        world.publish(of_partner, &NewEntry::note("vår egen"));
        world.run_for(2 * MINUTE);
        Self { story, other, of_third, of_partner, entries, of_other, entry_of_third }
    }

    /// The same after everything of the owner's has ended while the link was down.
    pub(super) fn with_orders_waiting() -> Self {
        let mut cast = Self::new();
        let (owner, partner) = (cast.owner(), cast.partner());
        cast.story.world.cut(owner, partner);
        cast.story.world.cut(owner, cast.story.third);
        for case in [cast.story.case, cast.other] {
            cast.story.world.protect(case);
        }
        cast.story.world.run();
        cast
    }

    pub(super) fn owner(&self) -> OrganisationNumber {
        self.story.owner
    }

    pub(super) fn partner(&self) -> OrganisationNumber {
        self.story.partner
    }

    pub(super) fn nodes(&self) -> [OrganisationNumber; 3] {
        [self.story.owner, self.story.partner, self.story.third]
    }

    /// The pairs of nodes that have an agreement, each way.
    pub(super) fn links(&self) -> Vec<(OrganisationNumber, OrganisationNumber)> {
        let nodes = self.nodes();
        let pairs = nodes.iter().flat_map(|one| nodes.iter().map(|other| (*one, *other)));
        pairs.filter(|(one, other)| one != other).collect()
    }

    /// Every grant that any node has issued.
    pub(super) fn grants(&self) -> Vec<Verified<Grant>> {
        let all = self.nodes().into_iter();
        all.flat_map(|node| self.story.world.node(node).store.issued.values())
            .map(|issued| issued.grant.clone())
            .collect()
    }

    /// The owner's grants for the partner.
    pub(super) fn grants_of_owner(&self) -> Vec<Verified<Grant>> {
        let grants = self.grants().into_iter();
        let theirs = |grant: &Grant| grant.owner == self.owner() && grant.partner == self.partner();
        grants.filter(|grant| theirs(grant.statement())).collect()
    }

    /// What would end a grant, signed by whoever issued it.
    pub(super) fn order_for(&self, grant: &Verified<Grant>) -> Verified<EraseOrder> {
        let Grant { grant: id, owner, partner, service, case, .. } = grant.statement().clone();
        let store = &self.story.world.node(owner).store;
        let entries =
            store.entries.values().map(|kept| &kept.record.facts).filter(|facts| facts.case == case);
        let order = EraseOrder {
            order: OrderId::from_bytes(*id.as_bytes()),
            owner,
            partner,
            case,
            grant: id,
            service,
            entries: entries.map(|facts| facts.entry).collect(),
            text: ORDER_TEXT.to_owned(),
        };
        self.story.world.key(owner).sign(order).expect("signs")
    }

    /// The orders that wait for a receipt of the partner's.
    pub(super) fn orders_waiting(&self) -> Vec<EraseOrder> {
        let store = &self.story.world.node(self.owner()).store;
        let orders = store.orders.values().map(|order| order.statement().clone());
        orders.filter(|order| order.partner == self.partner()).collect()
    }

    /// How far the owner's statements for the partner go, far above what it has said of them.
    pub(super) fn mark(&self) -> LinkMark {
        LinkMark { signer: self.owner(), partner: self.partner(), incarnation: 3, number: 900 }
    }

    /// A genuine receipt for each of them.
    pub(super) fn receipts(&self) -> Vec<Verified<Receipt>> {
        let answer = |order: EraseOrder| {
            let items: BTreeMap<_, _> = order.entries.iter().map(|entry| (*entry, Done::Erased)).collect();
            self.story.world.key(self.partner()).sign(Receipt::of(&order, items)).expect("signs")
        };
        self.orders_waiting().into_iter().map(answer).collect()
    }
}

/// The frame that carries a token of a kind.
pub(super) fn frame_of<T: Statement>(token: String) -> Frame {
    let frames = frames_of_every_kind(&token);
    frames.into_iter().find(|(kind, _)| *kind == T::TYPE).expect("a statement that travels").1
}

/// A token in every frame that carries one.
pub(super) fn frames_of_every_kind(token: &str) -> [(&'static str, Frame); 15] {
    let token = || token.to_owned();
    let said = |body| Frame::Succession(Box::new(body));
    [
        (Grant::TYPE, Frame::Grant(GrantFrame { token: token() })),
        (EraseOrder::TYPE, Frame::Order(OrderFrame { token: token() })),
        (Receipt::TYPE, Frame::Receipt(ReceiptFrame { token: token() })),
        (LinkMark::TYPE, Frame::Mark(MarkFrame { token: token() })),
        (Uptake::TYPE, Frame::Uptake(UptakeFrame::Said { token: token() })),
        (OfferThere::TYPE, Frame::Baton(BatonFrame::Offer { token: token() })),
        (NowThere::TYPE, Frame::Baton(BatonFrame::Now { token: token() })),
        (AnswerThere::TYPE, Frame::BatonAnswer(BatonAnswerFrame::Answer { token: token() })),
        (Offer::TYPE, said(SuccessionFrame::Offer { token: token() })),
        (Ended::TYPE, said(SuccessionFrame::Ended { token: token() })),
        (Transferred::TYPE, said(SuccessionFrame::Transferred { token: token(), key: KeyBytes([7; 32]) })),
        (Late::TYPE, said(SuccessionFrame::Late { token: token() })),
        (Answer::TYPE, Frame::SuccessionAnswer(SuccessionAnswerFrame::Answer { token: token() })),
        (PackageStored::TYPE, Frame::SuccessionAnswer(SuccessionAnswerFrame::Stored { token: token() })),
        (CaseOpened::TYPE, Frame::SuccessionAnswer(SuccessionAnswerFrame::Opened { token: token() })),
    ]
}

fn consent() -> Consent {
    let recipient = service(organisation(stafett_tests::names::HIGH_PARTNER), "ppt");
    let id = ConsentId::from_bytes([3; 16]);
    Consent {
        version: 2,
        areas: areas(&["language", "learning"]),
        kinds: BTreeSet::from([EntryKind::Note, EntryKind::Goal]),
        exceptions: BTreeSet::from([EntryId::from_bytes([4; 16])]),
        reservations: Some("Ikke om skilsmissen.".to_owned()),
        purpose: "Samarbeid om barnet.".to_owned(),
        purpose_code: Some("assessment".parse().expect("a code")),
        language: Some("nb".parse().expect("a language")),
        text_sha256: Some("cd".repeat(32)),
        child_heard: ChildHeard::Yes {
            how: HeardBy::Drawing,
            at: UnixMillis(4),
            by: AccountId::from_bytes([2; 16]),
        },
        review_at: Some(UnixMillis(900_000)),
        supersedes: Some(ConsentId::from_bytes([5; 16])),
        ..Consent::sharing(id, recipient, UnixMillis(1), UnixMillis(1_000_000))
    }
}

fn opened() -> Said {
    let party = |person, capacity| Party { person, capacity };
    Said::Opened {
        subject_kind: SubjectKind::Child,
        level: level(1),
        holder: AccountId::from_bytes([1; 16]),
        service: service_code("school"),
        unit: Some("Granlia skole".to_owned()),
        parties: vec![
            party(CHILD, Capacity::Subject),
            party(MOTHER, Capacity::GuardianWithParentalResponsibility),
            party(FATHER, Capacity::GuardianWithParentalResponsibility),
        ],
        birthdays: birthdays(),
    }
}

fn birthdays() -> Birthdays {
    Birthdays(BTreeMap::from([(15, UnixMillis(7_000)), (16, UnixMillis(8_000))]))
}

fn withdrawal(part: WithdrawnPart) -> Said {
    Said::ConsentWithdrawn { consent: consent().id, giver: MOTHER, channel: Channel::Written, part }
}

fn level(number: u8) -> Level {
    Level::try_from(number).expect("a level")
}

fn item_code() -> ItemCode {
    "joint-meeting".parse().expect("a code")
}

fn transition() -> Transition {
    let unit =
        |service: &str, name: &str| Unit { service: service_code(service), name: Some(name.to_owned()) };
    Transition {
        id: TransitionId::from_bytes([11; 16]),
        from: unit("kindergarten", "Solbakken barnehage"),
        to: unit("school", "Granlia skole"),
        starts_at: UnixMillis(5),
        overlap_until: UnixMillis(6),
        items: BTreeMap::from([(item_code(), Item { due: UnixMillis(4), met_by: MetBy::Consent })]),
    }
}

/// One example of everything that can be said.
pub(super) fn everything_said() -> Vec<Said> {
    let (consent_id, giver) = (consent().id, MOTHER);
    let (account, offer) = (AccountId::from_bytes([2; 16]), BatonOfferId::from_bytes([6; 16]));
    let (grant, order) = (GrantId::from_bytes([7; 16]), OrderId::from_bytes([8; 16]));
    let registration = RegistrationId::from_bytes([10; 16]);
    let (hash, now) = (StatementHash::of("a token"), UnixMillis(7));
    let paper = Evidence::Paper { scan_sha256: "ab".repeat(32) };
    let succession = SuccessionId::from_bytes([11; 16]);
    let package = PackageId::from_bytes([12; 16]);
    let packed = Packed { revision: 1, package: PackageHash([12; 32]) };
    let service = consent().recipient;
    let services = BTreeSet::from([service.code.clone()]);
    let accepted = LeavingEvent::Accepted { offer: hash, answer: hash, service: service.code };
    vec![
        opened(),
        Said::PartiesRegistered {
            registration,
            parties: vec![Party { person: CHILD, capacity: Capacity::Subject }],
            birthdays: Some(birthdays()),
            document: "2026/117-3".to_owned(),
        },
        Said::PartiesApproved { registration },
        Said::PartiesRejected { registration },
        Said::GuardianAccessSet { guardian: FATHER, closed: areas(&["language"]), channel: Channel::Oral },
        Said::ConsentAsked { consent: consent() },
        Said::ConsentGiven {
            consent: consent_id,
            giver,
            yes: Yes {
                about_self: true,
                language: Some("sma".parse().expect("a language")),
                interpreter: Interpreter::Present,
                witness: Some(account),
                ..Yes::new(UnixMillis(5), paper)
            },
        },
        Said::ConsentRefused { consent: consent_id, giver },
        withdrawal(WithdrawnPart::Areas { areas: areas(&["language"]) }),
        Said::EntryExcepted { consent: consent_id, giver, entry: EntryId::from_bytes([4; 16]) },
        Said::ConsentExpired { consent: consent_id },
        Said::HeldReviewed { consent: consent_id },
        Said::BatonOffered { offer: BatonOffer::own(offer, account, UnixMillis(9)) },
        Said::BatonAccepted { offer, by: account },
        Said::BatonDeclined { offer, by: account },
        Said::BatonRecalled { offer },
        Said::BatonReassigned { to: account },
        Said::BatonFell { to: account },
        Said::BatonAcceptedThere {
            offer,
            account,
            name: stafett_protocol::succession::package::Line::of("Ole Eksempel").expect("a line"),
            hash,
        },
        Said::BatonDeclinedThere { offer, hash },
        Said::BatonReturned { offer, to: account, hash },
        Said::TransitionOpened { transition: transition() },
        Said::TransitionChanged {
            transition: transition().id,
            days: Days { starts_at: now, overlap_until: now, due: BTreeMap::from([(item_code(), now)]) },
        },
        Said::TransitionItemDone { transition: transition().id, item: item_code(), done: true },
        Said::TransitionReceived { transition: transition().id, contact: Some(account) },
        Said::TransitionEnded { transition: transition().id, how: Outcome::GivenUp },
        Said::LevelChanged { level: level(2) },
        Said::GrantIssued {
            grant,
            consent: consent_id,
            partner: consent().recipient.host,
            areas: areas(&["language"]),
            hash,
        },
        Said::GrantEnded { grant },
        Said::EraseOrdered { order, grant, hash },
        Said::ReceiptFiled { order, hash },
        Said::SuccessionOffered {
            succession,
            to: service.host,
            offering: Offering { offer: hash, consent: consent_id, services, lapses_at: now },
        },
        Said::SuccessionWentOn { succession, event: accepted },
        Said::SuccessionRestored {
            succession,
            to: service.host,
            became: Became::Transferred { answer: hash, packed },
        },
        Said::MoveRefused {
            said_by: BTreeSet::from([giver]),
            channel: Some(Channel::Oral),
            on: "2027-06-01".parse().expect("a day"),
        },
        Said::PackageMade { package, to: service.host, consent: consent_id, document: hash },
        Said::PackageTakenBack { package },
        Said::PackageAccepted {
            package,
            archive: "2027/118-3".to_owned(),
            on: "2027-07-30".parse().expect("a day"),
        },
        Said::PackageRestored { package, to: service.host },
        Said::CarriedOver {
            from: service.host,
            way: Way::Link(succession),
            entries: 2,
            origins: hash,
            unreadable: 1,
        },
        Said::Closed,
        Said::Restored { incarnation: 2, doubtful: BTreeSet::from([consent_id]), family_in_doubt: true },
        Said::ExceptionRestored { consent: consent_id, entry: EntryId::from_bytes([4; 16]), from: Some(now) },
        Said::EntryClosedToAll { entry: EntryId::from_bytes([4; 16]), from: Some(now) },
        Said::ReplacementRestored { consent: consent_id, from: now },
        Said::WithdrawalRestored { consent: consent_id },
        Said::ConsentReconfirmed { consent: consent_id, givers: BTreeSet::from([giver, FATHER]) },
    ]
}

/// One example of everything that can be said about a protection.
pub(super) fn everything_said_of_protection() -> [ProtectionSaid; 3] {
    let protection = AddressProtection::StrictlyConfidential;
    [
        ProtectionSaid::Set { protection, safe_for: BTreeSet::from([MOTHER]) },
        ProtectionSaid::Approved { consent: consent().id },
        ProtectionSaid::Renewed,
    ]
}

/// The same as statements of one case, each with every field filled in.
pub(super) fn everything_as_statements() -> Vec<LedgerStatement> {
    let statement = |(number, said)| LedgerStatement {
        case: CaseId::from_bytes([9; 16]),
        number: number + 1,
        previous: Some(StatementHash::of("the one before")),
        at: UnixMillis(1_000),
        by: Some(AccountId::from_bytes([1; 16])),
        said,
    };
    (0u64..).zip(everything_said()).map(statement).collect()
}

/// A short chain of a case, signed by the node with this key.
pub(super) fn chain(signer: u8, case: u8) -> Vec<Verified<LedgerStatement>> {
    let key = key(signer);
    let mut chain: Vec<Verified<LedgerStatement>> = Vec::new();
    let without_supersession = Consent { version: 1, supersedes: None, ..consent() };
    let yes = Yes::new(UnixMillis(5), Evidence::Oral);
    for said in [
        opened(),
        Said::LevelChanged { level: level(2) },
        Said::ConsentAsked { consent: without_supersession },
        Said::ConsentGiven { consent: consent().id, giver: MOTHER, yes },
        Said::LevelChanged { level: level(3) },
        withdrawal(WithdrawnPart::Whole),
        Said::ConsentExpired { consent: consent().id },
    ] {
        let statement = LedgerStatement {
            case: CaseId::from_bytes([case; 16]),
            number: u64::try_from(chain.len()).expect("short"),
            previous: chain.last().map(Verified::hash),
            at: UnixMillis(1_000),
            by: None,
            said,
        };
        chain.push(key.sign(statement).expect("signs"));
    }
    chain
}
