//! What a lying partner's node sends: frames that its own session never would, under its own
//! identity, made of what it has seen.

mod changes;

use std::collections::{BTreeMap, BTreeSet};

use stafett_protocol::entry::{About, Actor, ChangeHash, Content, EntryDocument, EntryKind, SchemaVersion};
use stafett_protocol::erasure::{Done, EraseOrder, ORDER_TEXT, Receipt};
use stafett_protocol::grant::Grant;
use stafett_protocol::id::{
    CaseId, ConsentId, EntryId, GenerationId, GrantId, OrderId, ProposalId, RelationId,
};
use stafett_protocol::mark::LinkMark;
use stafett_protocol::municipality::{AreaCode, OrganisationNumber};
use stafett_protocol::signed::SigningKey;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::uptake::{Uptake, UptakeAnswer};
use stafett_protocol::wire::error_code::ErrorCode;
use stafett_protocol::wire::{
    Acknowledge, Ask, Carried, ChangesRefused, Frame, GrantFrame, Hello, Holding, Living, MarkFrame,
    NotUnderstood, OrderFrame, PROTOCOL_VERSION, ProposalRefused, Propose, ReceiptFrame, Reconcile, Refused,
    RelationFrame, Resend, Shown, Stream, UptakeFrame, Want,
};

use super::facts::EntryFacts;
use super::operation::{Concerned, Lie, NodeAt};
use super::run::Run;
use crate::federation::AREAS;
use crate::names::{areas, service_code};

/// Bytes of a frame's kind.
const KIND_BYTES: usize = 2;
/// How often the same is asked in a flood.
const FLOOD: u64 = 40;

impl Run {
    /// A node lies to another; whether there was something to lie about.
    pub(super) fn lie(&mut self, node: NodeAt, to: NodeAt, lie: Lie, name: &str) -> bool {
        if self.settings.liar != Some(node) || node == to || self.oracle.is_at_rest {
            return false;
        }
        let (own, other) = (self.number(node), self.number(to));
        if !self.world.has_link(own, other) || !self.world.is_live(own, other) {
            return false;
        }
        if matches!(lie, Lie::BadFrame | Lie::WrongStream) {
            let (stream, bytes) = self.bad_bytes(lie, name);
            self.world.forge_bytes(own, other, stream, bytes);
            self.fault(lie.name());
            return true;
        }
        let frames = match lie {
            Lie::LyingReceipt | Lie::ForgedReceipt | Lie::WrongReceipt => self.receipts(own, other, lie),
            Lie::Transplant
            | Lie::OldGeneration
            | Lie::ForeignActor
            | Lie::Gap
            | Lie::BrokenChanges
            | Lie::WritesAsReader => self.false_changes(own, other, lie, name),
            Lie::SentAgain => self.sent_before(own, other, name),
            Lie::ForeignGrant | Lie::ForgedGrant | Lie::ForeignOrder | Lie::ForgedOrder => {
                self.false_statements(own, other, lie, name)
            }
            _ => self.false_words(own, other, lie, name),
        };
        let did = !frames.is_empty();
        if did {
            self.fault(lie.name());
        }
        frames.into_iter().for_each(|frame| self.world.forge(own, other, &frame));
        did
    }

    /// A frame of a known kind that is cut short, or a whole one on the wrong stream.
    fn bad_bytes(&self, lie: Lie, name: &str) -> (Stream, Vec<u8>) {
        let frame = Frame::Resend(Resend {
            entry: self.id(name, EntryId::from_random),
            generation: self.id(name, GenerationId::from_random),
        });
        let mut bytes = stafett_protocol::wire::codec::encode(&frame).expect("fits");
        if lie == Lie::WrongStream {
            return (Stream::Control, bytes);
        }
        let body = u64::try_from(bytes.len() - KIND_BYTES).expect("short");
        let left = self.chance.below(body, format!("{name} cut"));
        bytes.truncate(KIND_BYTES + usize::try_from(left).expect("short"));
        (frame.stream(), bytes)
    }

    fn id<T>(&self, name: &str, make: impl Fn([u8; 16]) -> T) -> T {
        make(self.chance.half(format!("{name} id")))
    }

    /// Receipts for every order that waits for the liar's.
    fn receipts(&mut self, own: OrganisationNumber, other: OrganisationNumber, lie: Lie) -> Vec<Frame> {
        let store = &self.world.node(other).store;
        let waiting = store.orders.iter().filter(|(id, _)| !store.filed.contains_key(*id));
        let waiting = waiting.map(|(_, order)| order.statement().clone());
        let waiting: Vec<EraseOrder> = waiting.filter(|order| order.partner == own).collect();
        let key = if lie == Lie::ForgedReceipt { stranger() } else { self.world.key(own) };
        let wrong = EntryId::from_bytes([0x77; 16]);
        let receipt = |order: &EraseOrder| {
            let mut items: BTreeMap<EntryId, Done> =
                order.entries.iter().map(|entry| (*entry, Done::Erased)).collect();
            if lie == Lie::WrongReceipt {
                items.insert(wrong, Done::Erased);
            }
            let receipt = key.sign(Receipt::of(order, items)).expect("signs");
            Frame::Receipt(ReceiptFrame { token: receipt.token().to_owned() })
        };
        let frames: Vec<Frame> = waiting.iter().map(receipt).collect();
        if lie == Lie::LyingReceipt {
            let tokens = frames.iter().filter_map(|frame| match frame {
                Frame::Receipt(body) => Some(body.token.clone()),
                _ => None,
            });
            self.oracle.lying_receipts.extend(tokens);
        }
        frames
    }

    fn false_statements(
        &self,
        own: OrganisationNumber,
        other: OrganisationNumber,
        lie: Lie,
        name: &str,
    ) -> Vec<Frame> {
        let key = match lie {
            Lie::ForgedGrant | Lie::ForgedOrder => stranger(),
            _ => self.world.key(own),
        };
        let store = &self.world.node(other).store;
        // One that the liar was told of, else one that it cannot know.
        let told = self.world.node(own).store.received.values().find(|one| one.grant.owner == other);
        let case = told.map(|one| one.grant.case).or_else(|| store.ledgers.keys().next().copied());
        let case = case.unwrap_or_else(|| self.id(name, CaseId::from_random));
        if matches!(lie, Lie::ForeignGrant | Lie::ForgedGrant) {
            let grant = Grant {
                grant: self.id(name, GrantId::from_random),
                owner: own,
                partner: other,
                service: service_code("ppt"),
                case,
                consent: self.id(name, ConsentId::from_random),
                areas: areas(&["language"]),
                kinds: BTreeSet::from([EntryKind::Note]),
                direction: stafett_protocol::consent::Direction::Both,
                from: UnixMillis(0),
                until: UnixMillis::MAX,
            };
            let token = key.sign(grant).expect("signs").token().to_owned();
            return vec![Frame::Grant(GrantFrame { token })];
        }
        let order = EraseOrder {
            order: self.id(name, OrderId::from_random),
            owner: own,
            partner: other,
            case,
            grant: self.id(name, GrantId::from_random),
            service: service_code("ppt"),
            entries: store.entries.keys().copied().collect(),
            text: ORDER_TEXT.to_owned(),
        };
        let token = key.sign(order).expect("signs").token().to_owned();
        vec![Frame::Order(OrderFrame { token })]
    }

    fn false_words(
        &mut self,
        own: OrganisationNumber,
        other: OrganisationNumber,
        lie: Lie,
        name: &str,
    ) -> Vec<Frame> {
        let (entry, generation) =
            (self.id(name, EntryId::from_random), self.id(name, GenerationId::from_random));
        let there = self.world.node(other).store.entries.keys().next().copied().unwrap_or(entry);
        let heads = vec![ChangeHash([9; 32])];
        match lie {
            Lie::Flood => (0..FLOOD)
                .map(|number| match number % 3 {
                    0 => Frame::Resend(Resend { entry: there, generation }),
                    1 => Frame::Acknowledge(Acknowledge { entry: there, generation, heads: heads.clone() }),
                    _ => Frame::ChangesRefused(ChangesRefused { entry, generation, code: ErrorCode::NotNow }),
                })
                .collect(),
            Lie::Asks => (0..3).map(|incarnation| Frame::Ask(Ask { incarnation })).collect(),
            Lie::ForgedMark => {
                let mark = LinkMark { signer: own, partner: other, incarnation: 9, number: 900 };
                let token = stranger().sign(mark).expect("signs").token().to_owned();
                vec![Frame::Shown(Shown { token: Some(token.clone()) }), Frame::Mark(MarkFrame { token })]
            }
            Lie::ProposesWithoutGrant => self.false_proposal(own, other, name).into_iter().collect(),
            Lie::ForeignRelation => {
                let relation = self.id(name, RelationId::from_random);
                let case = self.id(name, CaseId::from_random);
                vec![Frame::Relation(RelationFrame { relation, case, from: there, to: entry })]
            }
            Lie::Acknowledges => vec![Frame::Acknowledge(Acknowledge { entry: there, generation, heads })],
            Lie::Refuses => vec![
                Frame::Refused(Refused { kind: 2, code: ErrorCode::NotShared }),
                Frame::Refused(Refused { kind: 11, code: ErrorCode::NotNow }),
                Frame::ChangesRefused(ChangesRefused {
                    entry: there,
                    generation,
                    code: ErrorCode::NotShared,
                }),
                Frame::ProposalRefused(ProposalRefused {
                    proposal: self.id(name, ProposalId::from_random),
                    code: ErrorCode::NotShared,
                }),
            ],
            Lie::GreetsAgain => vec![Frame::Hello(Hello {
                version: PROTOCOL_VERSION + 1,
                schema: SchemaVersion::CURRENT,
                salt: [9; 32],
            })],
            Lie::FalseComparison => vec![
                Frame::Reconcile(Reconcile { round: 3, message: vec![0x61; 400] }),
                Frame::Want(Want { fingerprints: vec![[9; 32]; 40] }),
            ],
            Lie::FalseCarrying => vec![Frame::Carried(Carried {
                entry: there,
                generation,
                heads,
                into: generation,
                onto: Vec::new(),
            })],
            Lie::FalseHolding => self.unasked(own, other, name, there),
            Lie::ForgedAnswer => self.forged_answer(own, other, name),
            Lie::KnowsNothing => {
                [2, 3, 4, 13].into_iter().map(|kind| Frame::NotUnderstood(NotUnderstood { kind })).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What a node that was restored is told, to one that never asked.
    fn unasked(
        &self,
        own: OrganisationNumber,
        other: OrganisationNumber,
        name: &str,
        there: EntryId,
    ) -> Vec<Frame> {
        let grant = self.id(name, GrantId::from_random);
        // A grant that the other has signed, if there is one, with an entry that is not of it.
        let issued = self.world.node(other).store.issued.values();
        let mut issued = issued.map(|one| &one.grant).filter(|one| one.statement().partner == own);
        let token = issued.next().map_or_else(|| "a.b.c".to_owned(), |one| one.token().to_owned());
        vec![
            Frame::Holding(Holding { token, has_ended: false, entries: BTreeSet::from([there]) }),
            Frame::Living(Living { grants: BTreeSet::from([grant]), is_last: true }),
        ]
    }

    fn forged_answer(&self, own: OrganisationNumber, other: OrganisationNumber, name: &str) -> Vec<Frame> {
        let received = self.world.node(own).store.received.values();
        let mut received = received.filter(|one| one.grant.owner == other);
        let unheard = self.id(name, GrantId::from_random);
        let said = received.next().map(|one| {
            let answer = UptakeAnswer::CannotTake { reason: "løgn".parse().expect("a line") };
            Uptake::of(&one.grant, answer, None, UnixMillis::MAX)
        });
        let token = said.map(|said| stranger().sign(said).expect("signs").token().to_owned());
        let kept = Frame::Uptake(UptakeFrame::Kept { grant: unheard, said_at: UnixMillis::MAX });
        token.map(|token| Frame::Uptake(UptakeFrame::Said { token })).into_iter().chain([kept]).collect()
    }

    /// Where a liar proposes: under a grant that has ended, that only reads, or that is of fewer
    /// areas, if it has one like that, else under none.
    fn proposed_under(
        &self,
        own: OrganisationNumber,
        other: OrganisationNumber,
        name: &str,
    ) -> Option<(CaseId, String, GrantId, BTreeSet<AreaCode>)> {
        let received = self.world.node(own).store.received.values();
        let received: Vec<_> = received.filter(|one| one.grant.owner == other).collect();
        let way = self.chance.below(4, format!("{name} way"));
        let found = received.iter().find(|one| match way {
            0 => one.ended_at.is_some(),
            1 => one.ended_at.is_none() && !one.grant.direction.receives(),
            2 => one.ended_at.is_none() && one.grant.areas.len() < AREAS.len(),
            _ => false,
        });
        if let Some(one) = found {
            let codes = if way == 2 { areas(&AREAS) } else { one.grant.areas.clone() };
            return Some((one.grant.case, one.grant.service.to_string(), one.grant.grant, codes));
        }
        let case = *self.world.node(other).store.ledgers.keys().next()?;
        let grant = self.id(name, GrantId::from_random);
        Some((case, String::new(), grant, areas(&AREAS[..1])))
    }

    fn false_proposal(
        &mut self,
        own: OrganisationNumber,
        other: OrganisationNumber,
        name: &str,
    ) -> Option<Frame> {
        let (case, service, grant, codes) = self.proposed_under(own, other, name)?;
        let json = serde_json::from_str(r#"{"description":"løgn"}"#).expect("JSON");
        let content = Content::new(EntryKind::Note, json).expect("content");
        let (_, change) =
            EntryDocument::create(Actor(self.chance.half(format!("{name} actor"))), &content).ok()?;
        let proposal = self.id(name, ProposalId::from_random);
        let facts = EntryFacts {
            case: self.facts.cases.iter().find(|(_, known)| known.id == case).map(|(key, _)| *key)?,
            owner: self.place(other),
            kind: "note".to_owned(),
            areas: codes.iter().map(ToString::to_string).collect(),
            about: vec![Concerned::Subject],
            written_by: Some((self.place(own), service)),
            only_for: None,
        };
        self.facts.proposals.insert(proposal, facts);
        Some(Frame::Propose(Box::new(Propose {
            proposal,
            grant,
            case,
            schema: SchemaVersion::CURRENT,
            kind: EntryKind::Note,
            areas: codes,
            about: BTreeSet::from([About::Subject]),
            towards: None,
            change: change.change().clone(),
        })))
    }
}

/// A key that nobody has agreed on.
fn stranger() -> std::sync::Arc<SigningKey> {
    std::sync::Arc::new(crate::names::key(250))
}
