//! One case, one partner and the questions that tests ask about them.

use crate::access::*;
use crate::agreement::Moves;
use crate::consent::rule::{Birthdays, Capacity, Party, SubjectKind};
use crate::consent::{Channel, Consent, Evidence, WithdrawnPart, Yes};
use crate::id::{AccountId, PersonId, RegistrationId};
use crate::ledger::statement::{LedgerStatement, Level, Said};
use crate::protection::ProtectionSaid;
use crate::signed::StatementHash;
use crate::signed::tests::key_from_seed;

pub(crate) const MOTHER: PersonId = PersonId::from_bytes([1; 16]);
pub(crate) const FATHER: PersonId = PersonId::from_bytes([2; 16]);
pub(crate) const CHILD: PersonId = PersonId::from_bytes([3; 16]);
pub(crate) const LEADER: AccountId = AccountId::from_bytes([14; 16]);
pub(crate) const HOLDER: AccountId = AccountId::from_bytes([4; 16]);
pub(crate) const CASE: CaseId = CaseId::from_bytes([5; 16]);
pub(crate) const ENTRY: EntryId = EntryId::from_bytes([6; 16]);
pub(crate) const GENERATION: GenerationId = GenerationId::from_bytes([7; 16]);
pub(crate) const PPT: ConsentId = ConsentId::from_bytes([8; 16]);
pub(crate) const CLINIC: ConsentId = ConsentId::from_bytes([9; 16]);
pub(crate) const PPT_GRANT: GrantId = GrantId::from_bytes([10; 16]);
pub(crate) const CLINIC_GRANT: GrantId = GrantId::from_bytes([11; 16]);
pub(crate) const NOW: UnixMillis = UnixMillis(1_000);

pub(crate) fn own() -> OrganisationNumber {
    "310000019".parse().expect("valid")
}

pub(crate) fn partner() -> OrganisationNumber {
    "840029212".parse().expect("valid")
}

pub(crate) fn service(host: OrganisationNumber, code: &str) -> Service {
    Service { host, code: code.parse().expect("valid") }
}

pub(crate) fn areas(codes: &[&str]) -> BTreeSet<AreaCode> {
    codes.iter().map(|code| code.parse().expect("valid")).collect()
}

pub(crate) fn agreement() -> Agreement {
    Agreement {
        partner: partner(),
        services: ["ppt", "clinic"].iter().map(|code| code.parse().expect("valid")).collect(),
        our_services: ["school"].iter().map(|code| code.parse().expect("valid")).collect(),
        areas: areas(&["language", "wellbeing"]),
        from: UnixMillis(100),
        until: UnixMillis(10_000),
        moves: Moves {
            services: ["school", "clinic"].iter().map(|code| code.parse().expect("valid")).collect(),
            areas: areas(&["language", "home"]),
            from_there: false,
        },
    }
}

/// A ledger that grows by what is said; nothing but what the real one lets through.
pub(crate) struct Case {
    pub(crate) ledger: LedgerView,
}

impl Case {
    pub(crate) fn of(subject_kind: SubjectKind, parties: Vec<Party>) -> Self {
        let said = Said::Opened {
            subject_kind,
            level: Level::try_from(1).expect("valid"),
            holder: HOLDER,
            service: "school".parse().expect("valid"),
            unit: None,
            parties,
            birthdays: Birthdays::default(),
        };
        let first = LedgerStatement {
            case: CASE,
            number: 0,
            previous: None,
            at: UnixMillis(0),
            by: Some(HOLDER),
            said,
        };
        let first = key_from_seed(1).sign(first).expect("signs");
        Self { ledger: LedgerView::open(&first).expect("opens") }
    }

    pub(crate) fn child() -> Self {
        let guardian = Capacity::GuardianWithParentalResponsibility;
        Self::of(
            SubjectKind::Child,
            vec![
                Party { person: CHILD, capacity: Capacity::Subject },
                Party { person: MOTHER, capacity: guardian },
                Party { person: FATHER, capacity: guardian },
            ],
        )
    }

    pub(crate) fn say(&mut self, said: Said, at: u64) {
        self.say_by(HOLDER, said, at);
    }

    pub(crate) fn say_by(&mut self, by: AccountId, said: Said, at: u64) {
        let next = self.ledger.next(said, Some(by), UnixMillis(at));
        self.ledger.append(&key_from_seed(1).sign(next).expect("signs")).expect("can be said");
    }

    /// The family changes: registered by the holder, approved by the leader.
    pub(crate) fn change_family(&mut self, parties: Vec<Party>, birthdays: Option<Birthdays>, at: u64) {
        let registration = RegistrationId::from_bytes([at.to_le_bytes()[0]; 16]);
        let document = "2026/117-3".to_owned();
        self.say(Said::PartiesRegistered { registration, parties, birthdays, document }, at);
        self.say_by(LEADER, Said::PartiesApproved { registration }, at);
    }

    pub(crate) fn withdraw(&mut self, consent: ConsentId, giver: PersonId, at: u64) {
        let part = WithdrawnPart::Whole;
        self.say(Said::ConsentWithdrawn { consent, giver, channel: Channel::Oral, part }, at);
    }

    pub(crate) fn protect(&mut self, protection: AddressProtection, at: u64) {
        self.protect_by(ProtectionSaid::Set { protection, safe_for: BTreeSet::new() }, at);
    }

    pub(crate) fn protect_by(&mut self, said: ProtectionSaid, at: u64) {
        let next = self.ledger.protection().next(CASE, said, Some(LEADER), UnixMillis(at));
        self.ledger.protect(&key_from_seed(1).sign(next).expect("signs")).expect("can be said");
    }

    pub(crate) fn ask(&mut self, consent: Consent) {
        self.say(Said::ConsentAsked { consent }, 10);
    }

    pub(crate) fn give(&mut self, consent: ConsentId, giver: PersonId, about_self: bool) {
        let yes = Yes { about_self, ..Yes::new(UnixMillis(20), Evidence::Oral) };
        self.say(Said::ConsentGiven { consent, giver, yes }, 20);
    }

    pub(crate) fn grant(&mut self, grant: GrantId, consent: ConsentId) {
        let hash = StatementHash([0; 32]);
        let (partner, areas) = (partner(), self.ledger.consents()[&consent].areas().clone());
        self.say(Said::GrantIssued { grant, consent, partner, areas, hash }, 30);
    }

    /// Asks, both say yes, and the grant is issued.
    pub(crate) fn shared(mut self, consent: Consent, grant: GrantId) -> Self {
        let id = consent.id;
        self.shared_more(consent);
        self.grant(grant, id);
        self
    }

    /// Asks, and both say yes.
    pub(crate) fn shared_more(&mut self, consent: Consent) {
        let id = consent.id;
        self.ask(consent);
        self.give(id, MOTHER, false);
        self.give(id, FATHER, false);
    }
}

pub(crate) fn consent(id: ConsentId, recipient: Service) -> Consent {
    Consent {
        areas: areas(&["language", "wellbeing"]),
        kinds: BTreeSet::from([EntryKind::Note, EntryKind::Measure]),
        ..Consent::sharing(id, recipient, UnixMillis(0), UnixMillis(5_000))
    }
}

pub(crate) fn to_ppt() -> Consent {
    consent(PPT, service(partner(), "ppt"))
}

pub(crate) fn to_clinic() -> Consent {
    consent(CLINIC, service(partner(), "clinic"))
}

pub(crate) fn note() -> EntryFacts {
    EntryFacts {
        entry: ENTRY,
        case: CASE,
        kind: EntryKind::Note,
        areas: areas(&["language"]),
        about: BTreeSet::from([About::Subject]),
        written_by: Some(service(own(), "school")),
        only_for: None,
        hidden_from_guardians: false,
        generation: GENERATION,
        changes: 1,
    }
}

pub(crate) struct Asked {
    pub(crate) case: Case,
    pub(crate) agreement: Option<Agreement>,
    pub(crate) standing: Standing,
    pub(crate) entry: EntryFacts,
    pub(crate) held: Held,
    pub(crate) now: UnixMillis,
}

impl Asked {
    pub(crate) fn about(case: Case) -> Self {
        let held = Held::default();
        Self {
            case,
            agreement: Some(agreement()),
            standing: Standing::Trusted,
            entry: note(),
            held,
            now: NOW,
        }
    }

    pub(crate) fn question(&self) -> Question<'_> {
        Question {
            ledger: &self.case.ledger,
            agreement: self.agreement.as_ref(),
            standing: self.standing,
            entry: &self.entry,
            held: self.held,
            now: self.now,
        }
    }

    /// The services that the entry may go to.
    pub(crate) fn goes_to(&self) -> Result<Vec<String>, Denial> {
        let permit = permit(&self.question())?;
        assert_eq!(permit.partner(), partner());
        Ok(permit.grounds().iter().map(|ground| ground.service.code.to_string()).collect())
    }
}

pub(crate) fn shared() -> Asked {
    Asked::about(Case::child().shared(to_ppt(), PPT_GRANT))
}

pub(crate) fn ppt() -> Result<Vec<String>, Denial> {
    Ok(vec!["ppt".to_owned()])
}
