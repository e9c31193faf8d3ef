//! Packages for the hand that came here: an operator takes the file in, the coordinator asks somebody, and
//! whoever is asked opens it with the code word and takes the case over. Before that nobody here knows
//! whom it is about.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stafett_protocol::id::{AccountId, CaseId, HandArrivalId};
use stafett_protocol::municipality::ServiceCode;
use stafett_protocol::person::{Reader, Role};
use stafett_protocol::signed::Verified;
use stafett_protocol::succession::by_hand::PackageByHand;
use stafett_protocol::succession::origin::Way;
use stafett_protocol::time::{DAY, UnixMillis};

use crate::clock::random;
use crate::engine::answer::{ColleagueItem, HandArrivalItem, HandArrivalStep, OpenedByHand};
use crate::engine::arrival::Arrival;
use crate::engine::consents::invalid;
use crate::engine::{Engine, EngineError};
use crate::package::{CodeWord, Contents, ContentsError, Incoming, JweError, jwe};
use crate::store::{HandArrival, HandArrivalCourse, LocalWrite};

/// So long somebody may open a file; then its envelope is deleted.
const OPEN_FOR_MS: u64 = 90 * DAY;
/// So many wrong code words, and the coordinator must ask again.
const WRONG_WORDS_MAX: u8 = 10;

/// What came of a file that an operator took in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenIn {
    /// Which file.
    pub arrival: HandArrivalId,
    /// Whether it had been taken in before.
    pub was_here: bool,
    /// Whether somebody may still open it.
    pub is_waiting: bool,
}

/// The coordinator knows of every file; others of those that they are asked about or have opened.
fn may_know(reader: &Reader, arrival: &HandArrival) -> bool {
    let is_asked = reader.role == Role::Employee && arrival.asked == Some(reader.account);
    reader.role == Role::BtiCoordinator || is_asked
}

fn id_of(envelope: &str) -> HandArrivalId {
    let hash: [u8; 32] = Sha256::digest(envelope.as_bytes()).into();
    let mut first = [0; 16];
    first.iter_mut().zip(hash).for_each(|(to, byte)| *to = byte);
    HandArrivalId::from_bytes(first)
}

impl Engine {
    /// Takes in a file with a package for the hand; the same file again is the same.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] if it holds no package, [`EngineError::Sealed`] on a sealed node,
    /// [`EngineError::Store`] if it cannot be written.
    pub(crate) async fn take_in(&self, incoming: Incoming) -> Result<TakenIn, EngineError> {
        self.must_not_be_sealed()?;
        let Incoming { envelope, signed_by } = incoming;
        jwe::check(&envelope).map_err(|_| EngineError::Conflict { reason: "no package for the hand" })?;
        let id = id_of(&envelope);
        let _turn = self.inner.commands.lock().await;
        let known = self.inner.store.hand_arrival(id).await?;
        match known {
            Some(known @ HandArrival { course: HandArrivalCourse::Waiting, .. }) => {
                // The operator was told the key only now.
                if signed_by.is_some() {
                    self.keep_hand_arrival(HandArrival { signed_by, ..known }).await?;
                }
                return Ok(TakenIn { arrival: id, was_here: true, is_waiting: true });
            }
            Some(HandArrival { course: HandArrivalCourse::Opened { .. }, .. }) => {
                return Ok(TakenIn { arrival: id, was_here: true, is_waiting: false });
            }
            // What was declined, or waited too long, comes once more.
            Some(_) | None => {}
        }
        let arrival = Box::new(HandArrival {
            id,
            came_at: self.now(),
            signed_by,
            asked: None,
            wrong_words: 0,
            course: HandArrivalCourse::Waiting,
        });
        let kept = LocalWrite::HandArrival { arrival, envelope: Some(envelope) };
        self.inner.store.write_local(vec![kept]).await?;
        tracing::info!(arrival = %id, "a package for the hand was taken in");
        Ok(TakenIn { arrival: id, was_here: false, is_waiting: true })
    }

    /// Lists the files that came by hand, the newest first: all of them for the coordinator, for others those
    /// that they are asked about or have opened.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for whoever neither coordinates nor works here, [`EngineError::Store`] if the
    /// store cannot be read.
    pub async fn hand_arrivals(&self, reader: &Reader) -> Result<Vec<HandArrivalItem>, EngineError> {
        if !matches!(reader.role, Role::BtiCoordinator | Role::Employee) {
            return Err(EngineError::NotFound);
        }
        self.must_not_be_sealed()?;
        let mut arrivals = self.inner.store.hand_arrivals().await?;
        arrivals.retain(|arrival| may_know(reader, arrival));
        arrivals.sort_by_key(|arrival| std::cmp::Reverse((arrival.came_at, arrival.id)));
        self.note(reader, None, "moves".to_owned()).await?;
        Ok(arrivals.iter().map(|arrival| self.hand_arrival_item(reader, arrival)).collect())
    }

    /// Shows one of [`hand_arrivals`](Self::hand_arrivals).
    ///
    /// # Errors
    /// [`EngineError::NotFound`] if there is none that the reader may know of.
    pub async fn hand_arrival(
        &self,
        reader: &Reader,
        id: HandArrivalId,
    ) -> Result<HandArrivalItem, EngineError> {
        let arrival = self.known_arrival(reader, id).await?;
        self.note(reader, None, "moves".to_owned()).await?;
        Ok(self.hand_arrival_item(reader, &arrival))
    }

    /// The files that wait for the reader to open them.
    ///
    /// # Errors
    /// [`EngineError::Store`] if the store cannot be read.
    pub(crate) async fn asked_to_open(&self, reader: &Reader) -> Result<Vec<HandArrivalItem>, EngineError> {
        if reader.role != Role::Employee || self.must_not_be_sealed().is_err() {
            return Ok(Vec::new());
        }
        let mut arrivals = self.inner.store.hand_arrivals().await?;
        arrivals.retain(|arrival| arrival.is_waiting() && arrival.asked == Some(reader.account));
        Ok(arrivals.iter().map(|arrival| self.hand_arrival_item(reader, arrival)).collect())
    }

    fn hand_arrival_item(&self, reader: &Reader, arrival: &HandArrival) -> HandArrivalItem {
        let coordinates = reader.role == Role::BtiCoordinator;
        let is_yours = !coordinates && arrival.asked == Some(reader.account);
        let lapses_at = lapses_at(arrival);
        let step = match &arrival.course {
            HandArrivalCourse::Waiting if self.now() >= lapses_at => HandArrivalStep::Lapsed,
            HandArrivalCourse::Waiting if arrival.wrong_words >= WRONG_WORDS_MAX => HandArrivalStep::Locked,
            HandArrivalCourse::Waiting => HandArrivalStep::Waiting,
            HandArrivalCourse::Declined => HandArrivalStep::Declined,
            HandArrivalCourse::Lapsed => HandArrivalStep::Lapsed,
            HandArrivalCourse::Opened { .. } => HandArrivalStep::Here,
        };
        let opened = match &arrival.course {
            HandArrivalCourse::Opened { from_name, case, .. } => Some((from_name.clone(), *case)),
            _ => None,
        };
        let may_ask = coordinates && matches!(step, HandArrivalStep::Waiting | HandArrivalStep::Locked);
        HandArrivalItem {
            arrival: arrival.id,
            came_at: arrival.came_at,
            step,
            lapses_at,
            asked: arrival.asked.map(|account| self.colleague(account)),
            is_yours,
            may_take: if may_ask { self.everybody_who_may_take() } else { Vec::new() },
            from_name: opened.as_ref().map(|(name, _)| name.clone()),
            case: opened.map(|(_, case)| case).filter(|_| is_yours),
        }
    }

    /// Employees, by name: the envelope does not say which service the family has named.
    fn everybody_who_may_take(&self) -> Vec<ColleagueItem> {
        let people = self.people();
        let works = people.with_role(Role::Employee).filter(|person| person.service.is_some());
        let mut found: Vec<_> = works.map(|person| self.colleague(person.id)).collect();
        found.sort_by(|one, other| (&one.name, one.account).cmp(&(&other.name, other.account)));
        found
    }

    /// Asks an employee whether she opens the package and takes the case over.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody but the coordinator, [`EngineError::Invalid`] unless the other
    /// is an employee of a service, [`EngineError::Conflict`] if nobody may open it any more.
    pub async fn ask_to_open(
        &self,
        reader: &Reader,
        id: HandArrivalId,
        to: AccountId,
    ) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let arrival = self.coordinated_arrival(reader, id).await?;
        self.service_of(to).ok_or_else(|| invalid("account", "expected an employee of a service"))?;
        self.keep_hand_arrival(HandArrival { asked: Some(to), wrong_words: 0, ..arrival }).await
    }

    /// Says that nobody here takes the case: the envelope is deleted. The other municipality learns of it by
    /// letter alone.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody but the coordinator, [`EngineError::Conflict`] if nobody may
    /// open it any more.
    pub async fn decline_by_hand(&self, reader: &Reader, id: HandArrivalId) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let arrival = self.coordinated_arrival(reader, id).await?;
        self.keep_hand_arrival(HandArrival { course: HandArrivalCourse::Declined, ..arrival }).await
    }

    /// Says no to the coordinator.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody but whoever is asked, [`EngineError::Conflict`] if nobody may
    /// open it any more.
    pub async fn cannot_open(&self, reader: &Reader, id: HandArrivalId) -> Result<(), EngineError> {
        self.must_not_be_sealed()?;
        let _turn = self.inner.commands.lock().await;
        let arrival = self.asked_arrival(reader, id).await?;
        self.keep_hand_arrival(HandArrival { asked: None, wrong_words: 0, ..arrival }).await
    }

    /// Opens a package with its code word, and the case with it: the reader is stafettholder here from now on.
    /// Pressed again, it is the same case.
    ///
    /// # Errors
    /// [`EngineError::NotFound`] for everybody but whoever is asked, [`EngineError::Invalid`] with a wrong code
    /// word, [`EngineError::Conflict`] if there were too many, if nobody here knows the key that signed it, if
    /// it is for another municipality or was opened before, and if it cannot be read.
    pub async fn open_by_hand(
        &self,
        reader: &Reader,
        id: HandArrivalId,
        code_word: &str,
    ) -> Result<OpenedByHand, EngineError> {
        self.must_not_be_sealed()?;
        let known = self.known_arrival(reader, id).await?;
        if let (HandArrivalCourse::Opened { case, .. }, true) =
            (&known.course, known.asked == Some(reader.account))
        {
            return Ok(OpenedByHand { case: *case });
        }
        Self::openable(self.asked_arrival(reader, id).await?)?;
        let code: CodeWord = code_word.parse().map_err(|_| wrong_word())?;
        let envelope = self.inner.store.hand_envelope(id).await?.ok_or_else(over)?;
        // The code word is hashed for half a second: beside the runtime, and outside of the turn.
        let opened = tokio::task::spawn_blocking(move || Contents::open(&envelope, &code)).await;
        let _turn = self.inner.commands.lock().await;
        let arrival = Self::openable(self.asked_arrival(reader, id).await?)?;
        let contents = match opened.map_err(|_| cannot_be_read())? {
            Ok(contents) => contents,
            Err(ContentsError::Envelope(JweError::Open)) => {
                let wrong_words = arrival.wrong_words.saturating_add(1);
                self.keep_hand_arrival(HandArrival { wrong_words, ..arrival }).await?;
                return Err(wrong_word());
            }
            Err(_) => return Err(cannot_be_read()),
        };
        let said = self.signed_contents(&arrival, &contents)?;
        self.open_taken_in(reader, arrival, &contents, &said).await
    }

    /// What somebody signed whose key this node knows, for this municipality.
    fn signed_contents(
        &self,
        arrival: &HandArrival,
        contents: &Contents,
    ) -> Result<Verified<PackageByHand>, EngineError> {
        let from = contents.said_from().map_err(|_| cannot_be_read())?;
        let pinned = self.link(from).map(|link| link.terms.partner_keys.clone()).unwrap_or_default();
        // What the partner's file pins counts above what somebody was told.
        let keys = if pinned.is_empty() { arrival.key().into_iter().collect() } else { pinned };
        contents.verify(&keys, self.inner.own).map_err(|error| match error {
            ContentsError::Signature(_) => {
                EngineError::Conflict { reason: "nobody here knows who signed the package" }
            }
            ContentsError::Receiver => {
                EngineError::Conflict { reason: "the package is for another municipality" }
            }
            _ => cannot_be_read(),
        })
    }

    async fn open_taken_in(
        &self,
        reader: &Reader,
        arrival: HandArrival,
        contents: &Contents,
        said: &Verified<PackageByHand>,
    ) -> Result<OpenedByHand, EngineError> {
        let PackageByHand { package, from, .. } = *said.statement();
        let before = self.inner.store.hand_arrivals().await?;
        let is_it = |one: &HandArrival| matches!(one.course, HandArrivalCourse::Opened { package: known, .. } if known == package);
        if before.iter().any(is_it) {
            return Err(EngineError::Conflict { reason: "the package was opened before" });
        }
        let opened = self.read_package(contents.document.as_bytes(), from).map_err(|error| {
            tracing::error!(arrival = %arrival.id, %error, "a package for the hand cannot be read");
            cannot_be_read()
        })?;
        let service = self.service_of(reader.account).ok_or(EngineError::NotFound)?;
        let case = CaseId::from_random(random());
        let from_name = String::from(opened.from_name.clone());
        let course = HandArrivalCourse::Opened { from, from_name, package, case };
        let kept =
            LocalWrite::HandArrival { arrival: Box::new(HandArrival { course, ..arrival }), envelope: None };
        let way = Way::Hand(package);
        let arrival = Arrival { case, from, way, acceptor: reader.account, service, opened };
        // The case is not here yet, so the log names none.
        self.note(reader, None, "package opened".to_owned()).await?;
        self.open_arrived(arrival, Vec::new(), vec![kept]).await.map_err(|error| match error {
            EngineError::Invalid { .. } => cannot_be_read(),
            other => other,
        })?;
        Ok(OpenedByHand { case })
    }

    /// Deletes the envelopes that nobody has opened in time.
    pub(in crate::engine) async fn end_hand_arrivals(&self) -> Result<(), EngineError> {
        let _turn = self.inner.commands.lock().await;
        let now = self.now();
        let arrivals = self.inner.store.hand_arrivals().await?.into_iter();
        for arrival in arrivals.filter(|one| one.is_waiting() && now >= lapses_at(one)) {
            self.keep_hand_arrival(HandArrival { course: HandArrivalCourse::Lapsed, ..arrival }).await?;
        }
        Ok(())
    }

    async fn known_arrival(&self, reader: &Reader, id: HandArrivalId) -> Result<HandArrival, EngineError> {
        let arrival = self.inner.store.hand_arrival(id).await?;
        arrival.filter(|arrival| may_know(reader, arrival)).ok_or(EngineError::NotFound)
    }

    async fn coordinated_arrival(
        &self,
        reader: &Reader,
        id: HandArrivalId,
    ) -> Result<HandArrival, EngineError> {
        if reader.role != Role::BtiCoordinator {
            return Err(EngineError::NotFound);
        }
        self.waits(self.known_arrival(reader, id).await?)
    }

    async fn asked_arrival(&self, reader: &Reader, id: HandArrivalId) -> Result<HandArrival, EngineError> {
        let arrival = self.known_arrival(reader, id).await?;
        if arrival.asked != Some(reader.account) || reader.role != Role::Employee {
            return Err(EngineError::NotFound);
        }
        self.waits(arrival)
    }

    fn waits(&self, arrival: HandArrival) -> Result<HandArrival, EngineError> {
        if arrival.is_waiting() && self.now() < lapses_at(&arrival) { Ok(arrival) } else { Err(over()) }
    }

    fn openable(arrival: HandArrival) -> Result<HandArrival, EngineError> {
        if arrival.wrong_words < WRONG_WORDS_MAX {
            return Ok(arrival);
        }
        Err(EngineError::Conflict { reason: "too many wrong code words" })
    }

    /// The service of somebody who works here.
    fn service_of(&self, account: AccountId) -> Option<ServiceCode> {
        let people = self.people();
        let person = people.get(account).filter(|person| person.roles.contains(&Role::Employee))?;
        person.service.clone()
    }

    async fn keep_hand_arrival(&self, arrival: HandArrival) -> Result<(), EngineError> {
        let arrival = Box::new(arrival);
        Ok(self.inner.store.write_local(vec![LocalWrite::HandArrival { arrival, envelope: None }]).await?)
    }
}

/// The first millisecond on which nobody may open it any more.
fn lapses_at(arrival: &HandArrival) -> UnixMillis {
    UnixMillis(arrival.came_at.0.saturating_add(OPEN_FOR_MS))
}

fn wrong_word() -> EngineError {
    invalid("code_word", "expected the code word of this package")
}

fn over() -> EngineError {
    EngineError::Conflict { reason: "nobody may open the package any more" }
}

fn cannot_be_read() -> EngineError {
    EngineError::Conflict { reason: "the package cannot be read" }
}
