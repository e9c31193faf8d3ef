//! Who the family is: at the opening of a case, and when a document says that it is another.
//!
//! Names stay in the private document, ids and capacities go to the ledger. What is registered by
//! hand counts once a leader has approved it, who is another person than the one who registered
//! it. From 16, or the age that the municipality's rule names, the youth decides what a guardian
//! goes on reading.

use stafett_protocol::access::person::CaseTask;
use stafett_protocol::case::{
    CaseEdit, CaseEditError, GuardianDetails, ParentalResponsibility, PrivateCase, PrivateCaseDocument,
    Relation, Subject, SubjectChange,
};
use stafett_protocol::consent::Channel;
use stafett_protocol::consent::rule::{Capacity, Party};
use stafett_protocol::decision::Decision;
use stafett_protocol::entry::Actor;
use stafett_protocol::entry::value::{check_line, normalized};
use stafett_protocol::id::{CaseId, PersonId, RegistrationId};
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::ledger::{LedgerView, Registration};
use stafett_protocol::limits::{CASE_GUARDIANS_MAX, DOCUMENT_REFERENCE_BYTES_MAX, REGISTRATIONS_WAITING_MAX};
use stafett_protocol::person::{Reader, Role};

use super::answer::{FamilyView, PartyItem, Registered, RegistrationItem};
use super::consents::invalid;
use super::entries::Press;
use super::protection::Answered;
use super::request::{LimitGuardian, NewGuardian, OpenCase, RegisterFamily};
use super::{Engine, EngineError};
use crate::clock::random;
use crate::store::LocalWrite;

impl Engine {
    /// Shows the family, and what waits for a leader.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] or [`EngineError::NotAllowed`] unless the person holds the baton
    /// or leads the unit that answers for the case.
    pub async fn family(&self, reader: &Reader, case: CaseId) -> Result<FamilyView, EngineError> {
        let Answered { ledger, .. } = self.answered_case(reader, case).await?;
        self.note(reader, Some(case), "family".to_owned()).await?;
        let private = self.private_case(case).await?;
        let item = |(registration, waiting): (&RegistrationId, &Registration)| RegistrationItem {
            registration: *registration,
            parties: party_items(&waiting.parties, private.as_ref()),
            birth_date: self.birth_date_of(waiting),
            document: waiting.document.clone(),
            by: waiting.by,
            at: waiting.at,
            is_overtaken: ledger.is_overtaken(waiting),
        };
        let limits = ledger.parties().iter().filter_map(|party| {
            let closed = ledger.closed_to_guardian(party.person).filter(|closed| !closed.is_empty())?;
            Some((party.person, closed.clone()))
        });
        Ok(FamilyView {
            parties: party_items(ledger.parties(), private.as_ref()),
            closed_to: limits.collect(),
            is_youth: self.is_youth(&ledger),
            registrations: ledger.registrations().iter().map(item).collect(),
        })
    }

    /// Registers by hand who the family is. Nothing changes until a leader has approved it; names
    /// of new persons go to the private document in the same transaction. By a form's button it is
    /// registered once while it waits.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] or [`EngineError::NotAllowed`] unless the person keeps the ledger,
    /// [`EngineError::Invalid`] if the family does not fit, [`EngineError::Conflict`] if too many
    /// registrations wait.
    pub(crate) async fn register_family(
        &self,
        reader: &Reader,
        case: CaseId,
        request: RegisterFamily,
        press: Option<Press>,
    ) -> Result<Registered, EngineError> {
        self.must_not_be_sealed()?;
        check_document(&request.document)?;
        let birthdays = request.birth_date.as_deref().map(|born| self.birthdays_of(born)).transpose()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.kept_case(reader, case).await?;
        let id = press.map_or_else(random, |press| press.id_bytes(reader, Some(case), 0));
        let registration = RegistrationId::from_random(id);
        if ledger.registrations().contains_key(&registration) {
            return Ok(Registered { registration });
        }
        if ledger.registrations().len() >= REGISTRATIONS_WAITING_MAX {
            return Err(EngineError::Conflict { reason: "too many registrations wait for a leader" });
        }
        let mut private = self.private_case(case).await?.ok_or(UNREADABLE)?;
        let (parties, added) = registered(&ledger, private.view(), &request)?;
        let edits = added.into_iter().map(CaseEdit::PutGuardian).collect();
        let local = self.edited(case, &mut private, edits)?;
        let document = request.document;
        let mut decision = Decision::about((*ledger).clone(), Some(reader.account), self.now());
        let said = Said::PartiesRegistered { registration, parties, birthdays, document };
        decision.say(said, &self.inner.signing)?;
        self.conclude(decision, Vec::new(), local).await?;
        Ok(Registered { registration })
    }

    /// Approves a registration: from here on it is the family. Consents of those who need not be
    /// asked stay; where somebody else must say yes the sharing pauses before this returns.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] for everybody but the leader who answers for the case;
    /// [`EngineError::NotFound`] if nothing of this id waits; [`EngineError::Conflict`] for
    /// whoever registered it, and if the family has changed since.
    pub async fn approve_family(
        &self,
        reader: &Reader,
        case: CaseId,
        registration: RegistrationId,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.led_case(reader, case).await?;
        let waiting = ledger.registrations().get(&registration).ok_or(EngineError::NotFound)?;
        let mut decision = Decision::about((*ledger).clone(), Some(reader.account), self.now());
        decision.say(Said::PartiesApproved { registration }, &self.inner.signing)?;
        let mut private = self.private_case(case).await?.ok_or(UNREADABLE)?;
        let edits = self.approved_edits(private.view(), waiting);
        let local = self.edited(case, &mut private, edits)?;
        self.conclude(decision, Vec::new(), local).await?;
        Ok(())
    }

    /// Rejects a registration. Names that only it had brought are erased.
    ///
    /// # Errors
    /// As [`approve_family`](Self::approve_family), but whoever leads may reject the own one too.
    pub async fn reject_family(
        &self,
        reader: &Reader,
        case: CaseId,
        registration: RegistrationId,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.led_case(reader, case).await?;
        let rejected = ledger.registrations().get(&registration).ok_or(EngineError::NotFound)?;
        let mut decision = Decision::about((*ledger).clone(), Some(reader.account), self.now());
        decision.say(Said::PartiesRejected { registration }, &self.inner.signing)?;
        let mut private = self.private_case(case).await?.ok_or(UNREADABLE)?;
        let is_kept = |person: PersonId| {
            let mut others = decision.ledger().registrations().values();
            ledger.has_known(person) || others.any(|other| names(&other.parties, person))
        };
        let gone = rejected.parties.iter().map(|party| party.person).filter(|person| !is_kept(*person));
        let edits = gone.map(CaseEdit::RemoveGuardian).collect();
        let local = self.edited(case, &mut private, edits)?;
        self.conclude(decision, Vec::new(), local).await?;
        Ok(())
    }

    /// Sets which areas a guardian no longer reads: the youth's own word, or the stafettholder's
    /// record of it.
    ///
    /// # Errors
    /// [`EngineError::NotAllowed`] or [`EngineError::NotFound`] for everybody else,
    /// [`EngineError::NotFound`] if the person is no guardian of the case,
    /// [`EngineError::Conflict`] below the age of the municipality's rule.
    pub async fn limit_guardian(
        &self,
        reader: &Reader,
        case: CaseId,
        guardian: PersonId,
        request: LimitGuardian,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let ledger = self.ledger(case).await?;
        let is_own_word = match self.task_in(reader, &ledger).await {
            _ if self.keeps(reader, &ledger) => false,
            Err(error) => return Err(error),
            Ok(CaseTask::Stafettholder) => false,
            Ok(CaseTask::Family) if reader.role == Role::Subject => true,
            Ok(CaseTask::Family | CaseTask::Assigned) => return Err(EngineError::NotAllowed),
        };
        let channel = match (is_own_word, request.channel) {
            (true, None | Some(Channel::Digital)) => Channel::Digital,
            (false, Some(channel @ (Channel::Oral | Channel::Written))) => channel,
            _ => return Err(invalid("channel", "expected oral or written, or nothing of the youth's own")),
        };
        let is_guardian = |party: &Party| party.person == guardian && party.capacity != Capacity::Subject;
        if !ledger.parties().iter().any(is_guardian) {
            return Err(EngineError::NotFound);
        }
        self.check_areas(&request.closed)
            .map_err(|_| invalid("closed", "expected areas of the municipality's list"))?;
        let now = self.now();
        if !ledger.family(now).is_youth(ledger.rules().at(None, now), now) {
            return Err(EngineError::Conflict { reason: "the subject is not of the age to decide this" });
        }
        let mut decision = Decision::about((*ledger).clone(), Some(reader.account), now);
        let said = Said::GuardianAccessSet { guardian, closed: request.closed, channel };
        decision.say(said, &self.inner.signing)?;
        self.conclude(decision, Vec::new(), Vec::new()).await?;
        Ok(())
    }

    /// Returns the private document of an own case; none if there is none, or it is damaged.
    pub(super) async fn private_case(
        &self,
        case: CaseId,
    ) -> Result<Option<PrivateCaseDocument>, EngineError> {
        let bytes = match self.inner.store.private_case(case).await.map_err(EngineError::from) {
            Err(error) if error.is_damage() => {
                self.note_family(case, false);
                return Ok(None);
            }
            read => read?,
        };
        let Some(bytes) = bytes else { return Ok(None) };
        let document = PrivateCaseDocument::open(Actor(random()), &bytes).ok();
        self.note_family(case, document.is_some());
        Ok(document)
    }

    fn edited(
        &self,
        case: CaseId,
        private: &mut PrivateCaseDocument,
        edits: Vec<CaseEdit>,
    ) -> Result<Vec<LocalWrite>, EngineError> {
        let mut has_changed = false;
        for edit in edits {
            has_changed |= private.edit(&edit, Actor(random())).map_err(does_not_fit)?;
        }
        let write = || LocalWrite::PrivateCase { case, document: private.save(), at: self.now() };
        Ok(if has_changed { vec![write()] } else { Vec::new() })
    }

    /// What an approved registration changes of what is described.
    fn approved_edits(&self, private: &PrivateCase, approved: &Registration) -> Vec<CaseEdit> {
        let mut guardians: Vec<_> = private
            .guardians
            .iter()
            .filter(|guardian| names(&approved.parties, guardian.person))
            .cloned()
            .collect();
        describe(&mut guardians, &approved.parties);
        let born = self.birth_date_of(approved).map(|born| SubjectChange::BirthDate(Some(born)));
        let born = born.map(|change| CaseEdit::Subject(vec![change]));
        guardians.into_iter().map(CaseEdit::PutGuardian).chain(born).collect()
    }

    fn birth_date_of(&self, registration: &Registration) -> Option<String> {
        let birthdays = registration.birthdays.as_ref()?;
        self.day_of_birth(birthdays).map(|born| born.to_string())
    }
}

const UNREADABLE: EngineError = EngineError::Conflict { reason: "the private case document cannot be read" };

fn does_not_fit(error: CaseEditError) -> EngineError {
    EngineError::Invalid { field: "persons", reason: error.to_string() }
}

fn check_document(document: &str) -> Result<(), EngineError> {
    let is_line = !document.trim().is_empty() && check_line(&normalized(document)).is_ok();
    if is_line && document.len() <= DOCUMENT_REFERENCE_BYTES_MAX {
        Ok(())
    } else {
        Err(invalid("document", "expected one line of 1 to 200 bytes"))
    }
}

fn names(parties: &[Party], person: PersonId) -> bool {
    parties.iter().any(|party| party.person == person)
}

/// Returns the family of a new case: what goes to the private document, and what to the ledger.
pub(super) fn opened(request: &OpenCase) -> Result<(PrivateCase, Vec<Party>), EngineError> {
    let subject = PersonId::from_random(random());
    let mut parties = vec![Party { person: subject, capacity: Capacity::Subject }];
    let mut private = PrivateCase::about(Subject {
        birth_date: request.subject.birth_date.clone(),
        national_identity_number: request.subject.national_identity_number.clone(),
        unit: request.subject.unit.clone(),
        language: request.subject.language.clone(),
        address: request.subject.address.clone(),
        ..Subject::named(subject, request.subject.name.clone())
    });
    for new in &request.guardians {
        let (party, details) = new_person(new, "guardians")?;
        parties.push(party);
        private.guardians.push(details);
    }
    describe(&mut private.guardians, &parties);
    Ok((private, parties))
}

/// Returns everybody as a registration has it, and the details of those who are new.
fn registered(
    ledger: &LedgerView,
    private: &PrivateCase,
    request: &RegisterFamily,
) -> Result<(Vec<Party>, Vec<GuardianDetails>), EngineError> {
    let is_subject = |party: &&Party| party.capacity == Capacity::Subject;
    let mut parties: Vec<Party> = ledger.parties().iter().filter(is_subject).copied().collect();
    for known in &request.parties {
        let is_known = private.guardian(known.person).is_some();
        if !is_known || known.capacity == Capacity::Subject || names(&parties, known.person) {
            return Err(invalid("parties", "expected persons of the case, each once, without its subject"));
        }
        parties.push(Party { person: known.person, capacity: known.capacity });
    }
    let mut added = Vec::new();
    for new in &request.persons {
        let (party, details) = new_person(new, "persons")?;
        parties.push(party);
        added.push(details);
    }
    if parties.len() > CASE_GUARDIANS_MAX.saturating_add(1) {
        return Err(invalid("persons", "expected fewer persons"));
    }
    describe(&mut added, &parties);
    Ok((parties, added))
}

/// Draws an id for a person whom no case knows yet.
fn new_person(new: &NewGuardian, field: &'static str) -> Result<(Party, GuardianDetails), EngineError> {
    let person = PersonId::from_random(random());
    let relation = Relation::from_code(&new.relation).ok_or_else(|| {
        invalid(field, "expected a relation such as mother, father, co-mother or appointed-guardian")
    })?;
    let capacity = match (relation, new.parental_responsibility) {
        (Relation::AppointedGuardian, _) => Capacity::AppointedGuardian,
        (Relation::FosterParent, false) => Capacity::FosterParent,
        (Relation::ChildWelfare, false) => Capacity::ChildWelfareService,
        (Relation::FosterParent | Relation::ChildWelfare, true) => {
            return Err(invalid(field, "expected no parental responsibility of this relation"));
        }
        (_, true) => Capacity::GuardianWithParentalResponsibility,
        (_, false) => Capacity::ParentWithoutParentalResponsibility,
    };
    let details = GuardianDetails {
        person,
        name: new.name.clone(),
        relation,
        parental_responsibility: None,
        national_identity_number: None,
        address: None,
        phone: None,
        email: None,
        language: None,
        interpreter: None,
    };
    Ok((Party { person, capacity }, details))
}

/// Writes down what each one's capacity says of parental responsibility: it describes, and the
/// capacity in the ledger counts.
pub(super) fn describe(guardians: &mut [GuardianDetails], parties: &[Party]) {
    let shares = |party: &&Party| party.capacity == Capacity::GuardianWithParentalResponsibility;
    let together = parties.iter().filter(shares).count() > 1;
    for guardian in guardians {
        let party = parties.iter().find(|party| party.person == guardian.person);
        guardian.parental_responsibility = party.map(|party| match party.capacity {
            Capacity::GuardianWithParentalResponsibility if together => ParentalResponsibility::Joint,
            Capacity::GuardianWithParentalResponsibility => ParentalResponsibility::Sole,
            Capacity::AppointedGuardian => ParentalResponsibility::AppointedGuardian,
            Capacity::FosterParent => ParentalResponsibility::FosterHome,
            Capacity::ChildWelfareService => ParentalResponsibility::ChildWelfare,
            Capacity::ParentWithoutParentalResponsibility | Capacity::Subject => ParentalResponsibility::None,
        });
    }
}

/// Returns the family with names, so that nobody's word is registered as another's.
pub(super) fn party_items(parties: &[Party], private: Option<&PrivateCaseDocument>) -> Vec<PartyItem> {
    let case = private.map(PrivateCaseDocument::view);
    let item = |party: &Party| {
        let guardian = case.and_then(|case| case.guardian(party.person));
        let subject = case.map(|case| &case.subject).filter(|subject| subject.person == party.person);
        PartyItem {
            person: party.person,
            capacity: party.capacity,
            name: guardian
                .map(|guardian| guardian.name.clone())
                .or_else(|| subject.map(|subject| subject.name.clone())),
            relation: guardian.map(|guardian| guardian.relation.as_str().to_owned()),
        }
    };
    parties.iter().map(item).collect()
}
