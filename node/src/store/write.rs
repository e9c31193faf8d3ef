//! What each write of a transaction does to the rows.

use stafett_protocol::baton::there::BatonThere;
use stafett_protocol::id::{AccountId, BatonOfferId, CaseId, EntryId, PackageId, SuccessionId, TokenId};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::transaction::{Committed, PackageItem, Transaction, Write};

use crate::store::access_log::AccessRow;
use crate::store::arrival::CarriedCase;
use crate::store::case::Assignment;
use crate::store::emergency::{NewEmergency, NewEmergencyReview};
use crate::store::entry::write::NewChange;
use crate::store::error::StoreError;
use crate::store::hand::HandArrival;
use crate::store::handover::HandoverNote;
use crate::store::login::TokenRecord;
use crate::store::package::StoredPackage;
use crate::store::sealed::{LEDGER, PROTECTION};
use crate::store::session::SessionWrite;
use crate::store::step::Step;
use crate::store::{
    access_log, arrival, baton, case, chain, disclosure, emergency, entry, erase, hand, handover, journal,
    ledger, link, login, mark, meta, package, private_case, proposal, returned, session, succession, uptake,
    word,
};

/// One thing to keep that concerns this node alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalWrite {
    /// The private document of a case, in place of what was there.
    PrivateCase {
        /// The case; it must be opened, if only by the same transaction.
        case: CaseId,
        /// The document.
        document: Vec<u8>,
        /// When it was changed.
        at: UnixMillis,
    },
    /// A case is assigned to a person.
    Assign(Assignment),
    /// A case is taken from a person.
    Unassign {
        /// The case.
        case: CaseId,
        /// The person.
        account: AccountId,
    },
    /// A package for the hand, and which entries stand in it.
    PackageByHand {
        /// The package.
        stored: Box<StoredPackage>,
        /// Its entries.
        items: Vec<PackageItem>,
    },
    /// How far a file is that came by hand, and with a new one its envelope.
    HandArrival {
        /// The file.
        arrival: Box<HandArrival>,
        /// JWE compact, sealed under a code word.
        envelope: Option<String>,
    },
    /// A package for the hand is deleted.
    PackageDropped(PackageId),
    /// The note of a new offer of the baton, in place of what was there.
    HandoverNote(HandoverNote),
    /// What a stafettholder writes to the one who takes a case over, in place of what was there.
    MoveNote {
        /// The case.
        case: CaseId,
        /// With which move.
        succession: SuccessionId,
        /// What it says; at most [`HANDOVER_NOTE_BYTES_MAX`](stafett_protocol::limits::HANDOVER_NOTE_BYTES_MAX).
        text: String,
    },
    /// An offer of the baton came to nothing: its note goes.
    HandoverNoteDropped(CaseId),
    /// The leader of a service asks somebody whether she takes another municipality's baton, or nobody any
    /// longer.
    BatonAsked {
        /// The offer.
        offer: BatonOfferId,
        /// Who is asked.
        to: Option<AccountId>,
    },
    /// Somebody here takes another municipality's baton, or the service does not, or gives it back.
    BatonAnswered(Box<BatonThere>),
    /// What came with a case from another municipality, beside its entries.
    CarriedCase {
        /// The case; it must be opened, if only by the same transaction.
        case: CaseId,
        /// What came.
        carried: Box<CarriedCase>,
    },
    /// Somebody opens a case in an emergency; what the person had open so is over.
    EmergencyOpened(NewEmergency),
    /// Somebody has looked into an emergency opening; the first who has counts.
    EmergencyReviewed(NewEmergencyReview),
    /// Somebody is about to look.
    Access(AccessRow),
    /// A new token.
    Token(TokenRecord),
    /// A token no longer counts.
    TokenRevoked {
        /// Which.
        token: TokenId,
        /// Since when.
        at: UnixMillis,
    },
    /// Something happens to the sessions of people in a browser.
    Session(SessionWrite),
    /// How many times the node was restored and reconfirmed.
    Incarnation(u64),
    /// The latest moment that the own clock has shown.
    HighWaterMark(UnixMillis),
    /// What was given back stays until then at least: nobody can read it now.
    KeepReturned {
        /// When it may be erased at the earliest.
        until: UnixMillis,
    },
    /// Returned proposals and edits whose time is over are erased.
    EraseReturned {
        /// The moment.
        now: UnixMillis,
    },
    /// The journal's lines that the store lacks are taken over: the node has done what they say.
    JournalAccepted(Vec<(i64, String)>),
    /// The journal is lost or broken: a new one begins with what the store knows. What is left of
    /// the old one is kept beside it.
    JournalBegun,
    /// Links that were not compared in this incarnation, or a later one, are in doubt.
    InDoubtSince(u64),
    /// Whether a partner has shown this node's signature above its number.
    ShownAbove(bool),
    /// By how many milliseconds the system's clock jumped; none once an operator has confirmed it.
    ClockJump(Option<i64>),
    /// This node and a partner were compared.
    LinkChecked {
        /// Which partner.
        partner: OrganisationNumber,
        /// In which incarnation.
        incarnation: u64,
    },
    /// What an operator asked for is done.
    WordDone {
        /// What was asked for.
        number: i64,
        /// What came of it, for the operator.
        outcome: String,
        /// When.
        at: UnixMillis,
    },
    /// The key of a case was destroyed before the backup that this store came from: it is again.
    CaseDestroyed(CaseId),
}

/// Executes a whole transaction, and reads what it asks for. An entry that is damaged is left out of
/// what is read: whoever asked does without it, and it stops no other (law 21). Nothing is written in
/// one.
pub(crate) fn execute(
    step: &mut Step<'_>,
    transaction: &Transaction,
    local: &[LocalWrite],
) -> Result<Committed, StoreError> {
    transaction.writes.iter().try_for_each(|write| apply(step, write))?;
    local.iter().try_for_each(|write| apply_local(step, write))?;
    let mut committed = Committed { signed: step.signed.clone(), ..Committed::default() };
    for id in &step.touched {
        committed.records.extend(entry::record(step, *id)?);
    }
    for id in step.closed.difference(&step.touched) {
        committed.records.extend(unless_damaged(*id, entry::record(step, *id))?);
    }
    for id in &transaction.reads {
        committed.contents.extend(unless_damaged(*id, entry::content(step, *id))?);
    }
    Ok(committed)
}

fn unless_damaged<T>(entry: EntryId, read: Result<Option<T>, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Err(error) if error.is_damage() => {
            tracing::error!(%entry, %error, "an entry cannot be read: run `stafett check`");
            Ok(None)
        }
        read => read,
    }
}

fn apply(step: &mut Step<'_>, write: &Write) -> Result<(), StoreError> {
    match write {
        Write::Ledger(statement) => chain::append(step, &LEDGER, statement),
        Write::Protection(statement) => chain::append(step, &PROTECTION, statement),
        Write::GrantIssued(grant) => ledger::issue(step, grant),
        Write::OrderQueued(order) => ledger::queue(step, order),
        Write::ReceiptFiled(receipt) => ledger::file(step, receipt),
        Write::Entry(record) => entry::write::put(step, record),
        Write::Change { entry, generation, change, origin, at } => {
            let new = NewChange { entry: *entry, generation: *generation, change, origin: *origin, at: *at };
            entry::write::put_change(step, &new)
        }
        Write::Author { entry, actor, author } => entry::write::name_author(step, *entry, *actor, *author),
        Write::Generation(write) => entry::earlier::write(step, write),
        Write::Origin { entry, origin } => arrival::put_origin(step, *entry, origin),
        Write::Relation(relation) => link::relate(step, relation),
        Write::Disclosure(row) => disclosure::put(step, row),
        Write::DisclosureUnsent(id) => disclosure::unsent(step, *id),
        Write::Acknowledged { partner, entry, generation, heads } => {
            disclosure::acknowledge(step, *partner, *entry, *generation, heads)
        }
        Write::GrantHanded(grant) => ledger::hand(step, *grant),
        Write::GrantUnsent(grant) => ledger::grant_unsent(step, *grant),
        Write::GrantStored(grant) => ledger::grant_stored(step, *grant),
        Write::RelationStored { partner, relation } => link::relation_stored(step, *partner, *relation),
        Write::ProposalTaken { partner, proposal, entry } => link::take(step, *partner, *proposal, *entry),
        Write::GrantReceived(grant) => link::receive(step, grant),
        Write::GrantEnded { owner, case, grant, at } => link::end_grant(step, *owner, *case, *grant, *at),
        Write::Under { entry, under } => entry::write::change_under(step, *entry, under),
        Write::Erase { case, entries } => erase::entries(step, *case, entries),
        Write::Lock { entries } => entry::write::lock(step, entries),
        Write::ReceiptSigned(receipt) => link::sign(step, receipt),
        Write::ProposalMade(proposal) => proposal::make(step, proposal),
        Write::ProposalAnswered(proposal) => proposal::answer(step, *proposal),
        Write::ProposalReturned { proposal, until } => proposal::give_back(step, *proposal, *until),
        Write::EditReturned(edit) => returned::put(step, edit),
        Write::Closing { closing, at } => journal::close(step, closing, *at),
        Write::MarkSeen(mark) => mark::seen(step, mark),
        Write::UptakeSaid(uptake) => uptake::say(step, uptake),
        Write::UptakeKept { grant, said_at } => uptake::kept(step, *grant, *said_at),
        Write::UptakeHeard(uptake) => uptake::hear(step, uptake),
        Write::Leaving(record) => succession::put_leaving(step, record),
        Write::LeavingHanded { succession, is_handed } => succession::hand(step, *succession, *is_handed),
        Write::PackageMade(made) => succession::put_package(step, made),
        Write::Arriving(record) => succession::put_arriving(step, record),
        Write::PackagePart { succession, index, bytes } => {
            succession::put_part(step, *succession, *index, bytes)
        }
        Write::BatonThere(record) => baton::put(step, record),
        Write::BatonThereOver(offer) => baton::end(step, *offer),
    }
}

fn apply_local(step: &mut Step<'_>, write: &LocalWrite) -> Result<(), StoreError> {
    match write {
        LocalWrite::PrivateCase { case, document, at } => private_case::put(step, *case, document, *at),
        LocalWrite::Assign(assignment) => case::assign(step, assignment),
        LocalWrite::Unassign { case, account } => case::unassign(step, *case, *account),
        LocalWrite::PackageByHand { stored, items } => package::put(step, stored, items),
        LocalWrite::HandArrival { arrival, envelope } => hand::put(step, arrival, envelope.as_deref()),
        LocalWrite::PackageDropped(package) => package::drop_package(step, *package),
        LocalWrite::HandoverNote(note) => handover::put(step, note),
        LocalWrite::MoveNote { case, succession, text } => {
            succession::put_note(step, *case, *succession, text)
        }
        LocalWrite::BatonAsked { offer, to } => baton::ask(step, *offer, *to),
        LocalWrite::BatonAnswered(record) => baton::answer(step, record),
        LocalWrite::HandoverNoteDropped(case) => handover::drop_of(step, *case),
        LocalWrite::CarriedCase { case, carried } => arrival::put_case(step, *case, carried),
        LocalWrite::EmergencyOpened(new) => emergency::open(step, new),
        LocalWrite::EmergencyReviewed(review) => emergency::review(step, review),
        LocalWrite::Access(row) => access_log::log(step, row),
        LocalWrite::Token(token) => login::put(step, token),
        LocalWrite::TokenRevoked { token, at } => login::revoke(step, *token, *at),
        LocalWrite::Session(write) => session::write(step, write),
        LocalWrite::Incarnation(incarnation) => {
            ledger::hand_all(step)?;
            succession::hand_all(step)?;
            meta::set_incarnation(step, *incarnation)
        }
        LocalWrite::HighWaterMark(mark) => meta::set_high_water_mark(step, *mark),
        LocalWrite::KeepReturned { until } => returned::keep(step, *until),
        LocalWrite::EraseReturned { now } => {
            proposal::erase_returned(step, *now)?;
            returned::erase(step, *now)
        }
        LocalWrite::JournalAccepted(lines) => journal::accept(step, lines),
        LocalWrite::JournalBegun => journal::begin(step),
        LocalWrite::InDoubtSince(incarnation) => meta::set_in_doubt_since(step, *incarnation),
        LocalWrite::ShownAbove(shown) => meta::set_shown_above(step, *shown),
        LocalWrite::ClockJump(jump) => meta::set_clock_jump(step, *jump),
        LocalWrite::LinkChecked { partner, incarnation } => mark::set_checked(step, *partner, *incarnation),
        LocalWrite::WordDone { number, outcome, at } => word::done(step, *number, outcome, *at),
        LocalWrite::CaseDestroyed(case) => erase::case(step, *case),
    }
}
