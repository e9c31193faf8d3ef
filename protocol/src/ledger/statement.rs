//! The closed set of what can be said about a case.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::baton::BatonOffer;
use crate::consent::rule::{Birthdays, Party, SubjectKind};
use crate::consent::{Channel, Consent, WithdrawnPart, Yes};
use crate::id::{
    AccountId, BatonOfferId, CaseId, ConsentId, EntryId, GrantId, OrderId, PackageId, PersonId,
    RegistrationId, SuccessionId, TransitionId,
};
use crate::municipality::{AreaCode, ItemCode, OrganisationNumber, ServiceCode};
use crate::signed::{Chained, Place, Statement, StatementHash};
use crate::succession::CivilDay;
use crate::succession::leaving::{Became, LeavingEvent, Offering};
use crate::succession::origin::Way;
use crate::succession::package::Line;
use crate::time::UnixMillis;
use crate::transition::{Days, Outcome, Transition};

/// How serious a case is: 0 to 3 (nivå); the municipality's guide gives the label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Level(u8);

/// A level was not 0, 1, 2 or 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a level from 0 to 3, found {0}")]
pub struct LevelError(u8);

impl TryFrom<u8> for Level {
    type Error = LevelError;

    fn try_from(level: u8) -> Result<Self, LevelError> {
        if level <= 3 { Ok(Self(level)) } else { Err(LevelError(level)) }
    }
}

impl From<Level> for u8 {
    fn from(level: Level) -> u8 {
        level.0
    }
}

/// One thing said about a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "said", rename_all = "kebab-case")]
#[allow(clippy::large_enum_variant, reason = "a chain is replayed one at a time, and none is kept")]
pub enum Said {
    /// The case begins; first and only once.
    Opened {
        /// Whom it is about.
        subject_kind: SubjectKind,
        /// The level it starts on.
        level: Level,
        /// The first stafettholder: whoever opened it.
        holder: AccountId,
        /// The holder's service.
        service: ServiceCode,
        /// The unit within it where the holder worked then, such as one school of several; none if
        /// the service has no units.
        unit: Option<String>,
        /// Everybody in the family, by id.
        parties: Vec<Party>,
        /// When the subject reaches which age.
        birthdays: Birthdays,
    },
    /// Somebody registered by hand who the family is, from a document that no register knows.
    /// Changes nothing until a leader has approved it.
    PartiesRegistered {
        /// Its id.
        registration: RegistrationId,
        /// Everybody, as it is once approved.
        parties: Vec<Party>,
        /// When the subject reaches which age, if that was wrong.
        birthdays: Option<Birthdays>,
        /// Where the document is filed.
        document: String,
    },
    /// A leader, who is not the one who registered it, approved a registration.
    PartiesApproved {
        /// Which.
        registration: RegistrationId,
    },
    /// A leader did not approve a registration.
    PartiesRejected {
        /// Which.
        registration: RegistrationId,
    },
    /// The family was asked.
    ConsentAsked {
        /// What for.
        consent: Consent,
    },
    /// A giver said yes.
    ConsentGiven {
        /// To which consent.
        consent: ConsentId,
        /// Who.
        giver: PersonId,
        /// How.
        yes: Yes,
    },
    /// A giver said no.
    ConsentRefused {
        /// To which consent.
        consent: ConsentId,
        /// Who.
        giver: PersonId,
    },
    /// A giver took the yes back, or a part of it.
    ConsentWithdrawn {
        /// Which consent.
        consent: ConsentId,
        /// Who.
        giver: PersonId,
        /// How.
        channel: Channel,
        /// How much of it.
        part: WithdrawnPart,
    },
    /// A giver closed one entry that was open.
    EntryExcepted {
        /// Under which consent.
        consent: ConsentId,
        /// Who.
        giver: PersonId,
        /// Which entry.
        entry: EntryId,
    },
    /// A consent's time was seen to be over: no clock brings it back (law 17).
    ConsentExpired {
        /// Which.
        consent: ConsentId,
    },
    /// The stafettholder looked through what was held while no consent counted.
    HeldReviewed {
        /// Under which consent it may go out.
        consent: ConsentId,
    },
    /// The youth set which areas a guardian no longer reads.
    GuardianAccessSet {
        /// Which guardian.
        guardian: PersonId,
        /// The areas that are closed to the guardian from here on.
        closed: BTreeSet<AreaCode>,
        /// How the youth said it.
        channel: Channel,
    },
    /// The baton was offered.
    BatonOffered {
        /// To whom, until when.
        offer: BatonOffer,
    },
    /// The one it was offered to took it.
    BatonAccepted {
        /// Which offer.
        offer: BatonOfferId,
        /// By whom. Written under a name of its own: `by` is who said it to the node.
        #[serde(rename = "answered_by")]
        by: AccountId,
    },
    /// The one it was offered to said no.
    BatonDeclined {
        /// Which offer.
        offer: BatonOfferId,
        /// By whom. Written under a name of its own: `by` is who said it to the node.
        #[serde(rename = "answered_by")]
        by: AccountId,
    },
    /// The stafettholder took the offer back.
    BatonRecalled {
        /// Which offer.
        offer: BatonOfferId,
    },
    /// The unit leader gave it to somebody.
    BatonReassigned {
        /// To whom.
        to: AccountId,
    },
    /// The baton fell to an acting holder: the one who held it has left. Said by the node.
    BatonFell {
        /// To whom.
        to: AccountId,
    },
    /// Somebody of a service at a partner took the baton that was offered to it. Said by the node.
    BatonAcceptedThere {
        /// Which offer.
        offer: BatonOfferId,
        /// Who: the account there.
        account: AccountId,
        /// Who: the name, as the partner says it.
        name: Line,
        /// The hash of the partner's token.
        hash: StatementHash,
    },
    /// Nobody of the service took it. Said by the node.
    BatonDeclinedThere {
        /// Which offer.
        offer: BatonOfferId,
        /// The hash of the partner's token.
        hash: StatementHash,
    },
    /// Whoever held it at a partner gave it back, and somebody here acts. Said by the node.
    BatonReturned {
        /// By which offer it was held there.
        offer: BatonOfferId,
        /// To whom.
        to: AccountId,
        /// The hash of the partner's token.
        hash: StatementHash,
    },
    /// A transition to another service or unit was begun.
    TransitionOpened {
        /// From where to where, when, and by which checklist.
        transition: Transition,
    },
    /// Its days changed.
    TransitionChanged {
        /// Of which.
        transition: TransitionId,
        /// The days from here on.
        days: Days,
    },
    /// An item of its checklist is done, or is not after all.
    TransitionItemDone {
        /// Of which.
        transition: TransitionId,
        /// Which item.
        item: ItemCode,
        /// Whether it is done.
        done: bool,
    },
    /// The receiving unit takes part.
    TransitionReceived {
        /// In which.
        transition: TransitionId,
        /// Who of the unit works with the case from here on, if somebody is named.
        contact: Option<AccountId>,
    },
    /// It ended; said by the node once the baton is there and the overlap is over.
    TransitionEnded {
        /// Which.
        transition: TransitionId,
        /// How.
        how: Outcome,
    },
    /// The level changed.
    LevelChanged {
        /// The level from here on.
        level: Level,
    },
    /// A grant was signed; apart from the ledger, which only holds its hash (law 5).
    GrantIssued {
        /// Its id.
        grant: GrantId,
        /// From which consent.
        consent: ConsentId,
        /// For whose node.
        partner: OrganisationNumber,
        /// The areas that it opens: those of the consent that the agreement covers.
        areas: BTreeSet<AreaCode>,
        /// The hash of its token.
        hash: StatementHash,
    },
    /// A grant ended; nothing is sent under it from here on.
    GrantEnded {
        /// Which.
        grant: GrantId,
    },
    /// A partner was ordered to erase.
    EraseOrdered {
        /// Which order.
        order: OrderId,
        /// Under which grant the entries had gone.
        grant: GrantId,
        /// The hash of its token.
        hash: StatementHash,
    },
    /// The receipt for an order came.
    ReceiptFiled {
        /// For which order.
        order: OrderId,
        /// The hash of its token.
        hash: StatementHash,
    },
    /// The case was offered to another municipality.
    SuccessionOffered {
        /// Which move.
        succession: SuccessionId,
        /// To whom.
        to: OrganisationNumber,
        /// What was offered, under which consent.
        offering: Offering,
    },
    /// Something befell a move.
    SuccessionWentOn {
        /// Which move.
        succession: SuccessionId,
        /// What.
        event: LeavingEvent,
    },
    /// What became of a move stood in the journal, or the other municipality has shown it, and not in
    /// this chain, which was restored.
    SuccessionRestored {
        /// Which move.
        succession: SuccessionId,
        /// To whom it was.
        to: OrganisationNumber,
        /// What became of it.
        #[serde(flatten)]
        became: Became,
    },
    /// The family moves, and does not let the case go along. Where to is not said (law 5).
    MoveRefused {
        /// Who of the family said no; nobody if the family was not asked.
        said_by: BTreeSet<PersonId>,
        /// How they said it; none if the family was not asked.
        channel: Option<Channel>,
        /// On which day.
        on: CivilDay,
    },
    /// A package for the hand was made of the case, for a municipality without a node.
    PackageMade {
        /// Its id.
        package: PackageId,
        /// For whom.
        to: OrganisationNumber,
        /// Under which consent.
        consent: ConsentId,
        /// The hash of its document.
        document: StatementHash,
    },
    /// The case does not move by that package any more.
    PackageTakenBack {
        /// Which.
        package: PackageId,
    },
    /// The other municipality has said in writing that it takes the case over: from here on it is its.
    PackageAccepted {
        /// By which package.
        package: PackageId,
        /// Where its letter is filed.
        archive: String,
        /// The day on which it took the case over.
        on: CivilDay,
    },
    /// That the case had moved by hand stood in the journal and not in this chain, which was restored.
    PackageRestored {
        /// By which package.
        package: PackageId,
        /// To whom.
        to: OrganisationNumber,
    },
    /// The case came from another municipality; second and only once, right after its opening. Said by
    /// the node.
    CarriedOver {
        /// From which.
        from: OrganisationNumber,
        /// By which way.
        way: Way,
        /// How many entries came with it.
        entries: u32,
        /// The hash over their ids ([`hash_of`](crate::succession::origin::hash_of)).
        origins: StatementHash,
        /// How many entries could not be read.
        unreadable: u32,
    },
    /// The stafettlogg is closed.
    Closed,
    /// The node was restored from a backup; the chain goes on in another incarnation (law 16).
    Restored {
        /// The node's incarnation from here on.
        incarnation: u64,
        /// Consents that open nothing until they are reconfirmed.
        doubtful: BTreeSet<ConsentId>,
        /// Whether who the family is, and what each guardian reads, is not known: no guardian reads
        /// until a leader has approved a registration of it.
        family_in_doubt: bool,
    },
    /// An exception stood in the journal and not in this chain, which was restored. Who said it
    /// stood in the part that is lost.
    ExceptionRestored {
        /// Under which consent.
        consent: ConsentId,
        /// The entry that stays closed.
        entry: EntryId,
        /// From when, if the terms that close it begin later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<UnixMillis>,
    },
    /// An exception stood in the journal, under a consent that is not in this chain, which was
    /// restored: to which service is lost, so the entry is closed to all.
    EntryClosedToAll {
        /// The entry that stays closed.
        entry: EntryId,
        /// From when, if the terms that close it begin later.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<UnixMillis>,
    },
    /// That a newer version takes a consent's place from a moment on stood in the journal and not in
    /// this chain, which was restored.
    ReplacementRestored {
        /// Which consent gives way.
        consent: ConsentId,
        /// From when.
        from: UnixMillis,
    },
    /// A withdrawal stood in the journal and not in this chain, which was restored. Who withdrew
    /// stood in the part that is lost.
    WithdrawalRestored {
        /// Which consent.
        consent: ConsentId,
    },
    /// The givers stand by a consent that was in doubt.
    ConsentReconfirmed {
        /// Which consent.
        consent: ConsentId,
        /// Who said so to whoever registers it.
        givers: BTreeSet<PersonId>,
    },
}

/// A statement about a case, as the owner's node signs it. Each names the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerStatement {
    /// The case.
    pub case: CaseId,
    /// Its place in the chain, from 0.
    pub number: u64,
    /// The hash of the statement before; none for the first.
    pub previous: Option<StatementHash>,
    /// When it was said.
    pub at: UnixMillis,
    /// Who said it to the node; none if the node itself did.
    pub by: Option<AccountId>,
    /// What was said.
    #[serde(flatten)]
    pub said: Said,
}

impl Statement for LedgerStatement {
    const TYPE: &'static str = "stafett-ledger";
}

impl Chained for LedgerStatement {
    fn place(&self) -> Place {
        Place { case: self.case, number: self.number, previous: self.previous }
    }
}
