//! New entries in a case that another municipality owns: the partner proposes, the owner checks
//! the grant, assigns the id and announces (law 1).

use std::collections::BTreeSet;

use super::output::Alarm;
use super::share::bytes_of;
use super::snapshot::{Tracked, WaitingProposal};
use super::{Session, Work};
use crate::access::{EntryFacts, ProposalQuestion, ReturnQuestion, permit_proposal, permit_return};
use crate::disclosure::DisclosureRow;
use crate::entry::check::{CheckedChange, check_genesis};
use crate::entry::{About, Heads, read_genesis};
use crate::id::{DisclosureId, EntryId, GenerationId, ProposalId, RelationId};
use crate::limits::{PROPOSALS_WAITING_MAX, RETURNED_DRAFT_MS};
use crate::municipality::Service;
use crate::planted::planted;
use crate::transaction::{Committed, EntryRecord, EntryState, Fault, Proposal, Relation, Transaction, Write};
use crate::wire::error_code::ErrorCode;
use crate::wire::{Frame, ProposalRefused, Propose};

impl Session {
    /// Staff wrote a new entry in a case received from this partner.
    pub(super) fn proposal_made(&mut self, proposal: Proposal) {
        if proposal.owner == self.identity.partner {
            self.proposals.insert(proposal.id, WaitingProposal { proposal, sent: false });
        }
    }

    pub(super) fn pump_proposals(&mut self) {
        let unsent = self.proposals.iter().filter(|(_, waiting)| !waiting.sent);
        let unsent: Vec<ProposalId> = unsent.map(|(proposal, _)| *proposal).collect();
        for id in unsent {
            if !self.has_room() {
                return;
            }
            let Some(row) = self.proposal_row(id) else { continue };
            self.disclosures_made = self.disclosures_made.saturating_add(1);
            if let Some(waiting) = self.proposals.get_mut(&id) {
                waiting.sent = true;
            }
            let row_id = row.id;
            self.room.promise(1);
            let rows =
                if planted!("no-row-of-a-proposal") { Vec::new() } else { vec![Write::Disclosure(row)] };
            self.commit(Transaction::of(rows), Work::Propose(id, row_id));
        }
    }

    fn proposal_row(&self, id: ProposalId) -> Option<DisclosureRow> {
        let waiting = self.proposals.get(&id)?;
        let facts = proposal_facts(&waiting.proposal);
        let under = BTreeSet::from([waiting.proposal.grant]);
        let permit = permit_return(&self.return_question(&facts, &under)).ok()?;
        let heads = Heads::new(vec![waiting.proposal.change.hash()]);
        Some(DisclosureRow::of(&permit, self.disclosure_id(id.as_bytes()), heads, self.now))
    }

    /// Whether the owner may be sent a proposal now.
    pub(super) fn proposal_may_go(&self, waiting: &WaitingProposal) -> bool {
        let facts = proposal_facts(&waiting.proposal);
        let under = BTreeSet::from([waiting.proposal.grant]);
        permit_return(&self.return_question(&facts, &under)).is_ok()
    }

    fn return_question<'step>(
        &'step self,
        facts: &'step EntryFacts,
        under: &'step BTreeSet<crate::id::GrantId>,
    ) -> ReturnQuestion<'step> {
        ReturnQuestion {
            grants: self.received.get(&facts.case).map_or(&[], Vec::as_slice),
            agreement: self.agreement.as_ref(),
            standing: self.standing,
            entry: facts,
            under,
            now: self.now,
        }
    }

    /// The proposal's row is durable: asks the gate again and sends it.
    pub(super) fn proposal_disclosed(
        &mut self,
        id: ProposalId,
        row: DisclosureId,
        outcome: Result<Committed, Fault>,
    ) {
        self.room.keep(1);
        let may_go = outcome.is_ok() && self.is_live() && self.proposal_row(id).is_some();
        let Some(waiting) = self.proposals.get_mut(&id) else { return };
        if may_go {
            let frame = Frame::Propose(Box::new(propose(&waiting.proposal)));
            return self.send_resting_on(frame, vec![row]);
        }
        waiting.sent = false;
        if outcome.is_err() {
            self.wait_for_the_store();
        } else {
            self.mark_unsent(vec![row]);
        }
    }

    /// The partner proposes an entry in a case of this node.
    pub(super) fn propose_frame(&mut self, body: Propose, random: [u8; 32]) {
        match self.taken.get(&body.proposal) {
            Some(Some(entry)) => {
                let entry = *entry;
                if let Some(tracked) = self.entries.get_mut(&entry) {
                    tracked.answers = Some(body.proposal);
                    self.pending.insert(entry);
                }
                return;
            }
            Some(None) => return,
            None => {}
        }
        let waiting = self.taken.values().filter(|entry| entry.is_none()).count();
        if waiting >= PROPOSALS_WAITING_MAX {
            return self.refuse_proposal(body.proposal, ErrorCode::TooMuch);
        }
        if !self.has_share_for_entry(bytes_of([&body.change])) {
            self.tell_of_used_share();
            return self.refuse_proposal(body.proposal, ErrorCode::TooMuch);
        }
        match self.proposed_record(&body, random) {
            Ok((record, change)) => self.take_proposal(&body, record, change, random),
            Err(code) => {
                if code == ErrorCode::BadChange {
                    self.offence(7, code);
                }
                self.refuse_proposal(body.proposal, code);
            }
        }
    }

    fn proposed_record(
        &mut self,
        body: &Propose,
        random: [u8; 32],
    ) -> Result<(EntryRecord, CheckedChange), ErrorCode> {
        let ledger = self.cases.get(&body.case).ok_or(ErrorCode::NotShared)?;
        let question = ProposalQuestion {
            ledger,
            agreement: self.agreement.as_ref(),
            standing: self.standing,
            kind: body.kind,
            areas: &body.areas,
            grant: body.grant,
            now: self.now,
        };
        let permitted = permit_proposal(&question);
        #[cfg(planted)]
        let permitted = permitted.or_else(|denial| self.taken_without_a_grant(body).ok_or(denial));
        let ground = permitted.map_err(|_| ErrorCode::NotShared)?;
        let is_of_the_case = |about: &About| match about {
            About::Guardian(person) => ledger.parties().iter().any(|party| party.person == *person),
            About::Subject | About::Sibling | About::Other => true,
        };
        if body.about.is_empty() || !body.about.iter().all(is_of_the_case) {
            return Err(ErrorCode::NotShared);
        }
        let hash = body.change.hash().map_err(|_| ErrorCode::BadChange)?;
        if self.is_moved(hash, None, None) {
            return Err(ErrorCode::BadChange);
        }
        let checked = check_genesis(body.kind, body.schema, body.change.clone(), hash);
        let change = match checked {
            Ok(change) => change,
            Err(refusal) => {
                self.alarm(Alarm::BadChange(refusal));
                return Err(ErrorCode::BadChange);
            }
        };
        // What a child said to somebody at the partner is for the owner's pages to keep from guardians.
        let said = read_genesis(body.kind, &change);
        let (entry, generation) = split(random);
        let facts = EntryFacts {
            entry: EntryId::from_random(entry),
            case: body.case,
            kind: body.kind,
            areas: body.areas.clone(),
            about: body.about.clone(),
            written_by: Some(ground.service),
            only_for: None,
            hidden_from_guardians: said.is_ok_and(|view| view.is_withheld_from_guardians()),
            generation: GenerationId::from_random(generation),
            changes: 1,
        };
        let record = EntryRecord {
            facts,
            owner: self.identity.own,
            schema: body.schema,
            genesis: hash,
            heads: Heads::new(vec![hash]),
            under: BTreeSet::new(),
            state: EntryState::Live,
            author: None,
            stored_at: self.now,
            changed_at: self.now,
        };
        Ok((record, change))
    }

    /// What a planted fault does: takes whatever is proposed.
    #[cfg(planted)]
    fn taken_without_a_grant(&self, body: &Propose) -> Option<crate::access::Ground> {
        let code = "ppt".parse().ok().filter(|_| crate::planted::is("proposal-without-a-grant"))?;
        let service = Service { host: self.identity.partner, code };
        let consent = crate::id::ConsentId::from_bytes([0; 16]);
        Some(crate::access::Ground { grant: body.grant, consent, service })
    }

    fn take_proposal(
        &mut self,
        body: &Propose,
        record: EntryRecord,
        change: CheckedChange,
        random: [u8; 32],
    ) {
        let partner = self.identity.partner;
        let (entry, generation) = (record.facts.entry, record.facts.generation);
        let mut writes = vec![
            Write::Entry(record.clone()),
            Write::Change { entry, generation, change, origin: partner, at: self.now },
            Write::ProposalTaken { partner, proposal: body.proposal, entry },
        ];
        if let Some(relation) = self.proposed_relation(body, entry, random) {
            self.relation_committed(relation);
            writes.push(Write::Relation(relation));
        }
        let bytes = bytes_of([&body.change]);
        self.taken.insert(body.proposal, None);
        self.commit(Transaction::of(writes), Work::Taken(body.proposal, Box::new(record), bytes));
    }

    /// A relation to an entry that the partner holds; to anything else there is none.
    fn proposed_relation(&self, body: &Propose, from: EntryId, random: [u8; 32]) -> Option<Relation> {
        use sha2::{Digest, Sha256};
        let to = body.towards?;
        let tracked = self.entries.get(&to).filter(|tracked| tracked.record.facts.case == body.case)?;
        let is_held = tracked.held.generation.is_some() && self.permit(tracked).is_ok();
        let digest: [u8; 32] = Sha256::digest(random).into();
        is_held.then(|| Relation {
            id: RelationId::from_random(split(digest).0),
            owner: self.identity.own,
            case: body.case,
            from,
            to,
        })
    }

    /// The proposal is an entry, from here on and not before: the announcement answers it.
    pub(super) fn proposal_taken(
        &mut self,
        proposal: ProposalId,
        record: EntryRecord,
        bytes: u64,
        outcome: Result<Committed, Fault>,
    ) {
        let entry = record.facts.entry;
        match outcome {
            Ok(_) => {
                self.taken.insert(proposal, Some(entry));
                let generation = record.facts.generation;
                let tracked = self.entries.entry(entry).or_insert_with(|| Tracked::new(record));
                tracked.held.generation.get_or_insert(generation);
                tracked.show(generation);
                tracked.answers = Some(proposal);
                self.pending.insert(entry);
                self.proposal_counts(entry, bytes);
            }
            Err(fault) => {
                self.taken.remove(&proposal);
                self.relations.retain(|_, tracked| tracked.relation.from != entry);
                let code = if fault == Fault::Store { ErrorCode::NotNow } else { ErrorCode::BadChange };
                self.refuse_proposal(proposal, code);
            }
        }
    }

    fn refuse_proposal(&mut self, proposal: ProposalId, code: ErrorCode) {
        self.send(Frame::ProposalRefused(ProposalRefused { proposal, code }));
    }

    /// The owner did not take a proposal: it goes back to its author, unless it may be taken
    /// later.
    pub(super) fn proposal_refused_frame(&mut self, body: &ProposalRefused) {
        match body.code {
            ErrorCode::NotNow => return self.try_again_later(),
            ErrorCode::TooMuch => return,
            _ => {}
        }
        if self.proposals.remove(&body.proposal).is_some() {
            let until = self.now.plus(RETURNED_DRAFT_MS);
            self.write(Write::ProposalReturned { proposal: body.proposal, until }, Work::Nothing);
        }
    }
}

fn split(random: [u8; 32]) -> ([u8; 16], [u8; 16]) {
    let (mut first, mut second) = ([0; 16], [0; 16]);
    first.iter_mut().chain(second.iter_mut()).zip(random).for_each(|(to, from)| *to = from);
    (first, second)
}

fn propose(proposal: &Proposal) -> Propose {
    Propose {
        proposal: proposal.id,
        grant: proposal.grant,
        case: proposal.case,
        schema: crate::entry::SchemaVersion::CURRENT,
        kind: proposal.kind,
        areas: proposal.areas.clone(),
        about: proposal.about.clone(),
        towards: proposal.towards,
        change: proposal.change.change().clone(),
    }
}

/// What the gate must know of a proposal. It has no entry id yet, so its own stands there.
fn proposal_facts(proposal: &Proposal) -> EntryFacts {
    EntryFacts {
        entry: EntryId::from_bytes(*proposal.id.as_bytes()),
        case: proposal.case,
        kind: proposal.kind,
        areas: proposal.areas.clone(),
        about: proposal.about.clone(),
        written_by: Some(Service { host: proposal.owner, code: proposal.service.clone() }),
        only_for: None,
        hidden_from_guardians: false,
        generation: GenerationId::from_bytes(*proposal.id.as_bytes()),
        changes: 1,
    }
}
