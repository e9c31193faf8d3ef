//! A case moves to another municipality, and one comes from there: what people decide here, and what the other
//! side says, as the link hands it over.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use stafett_protocol::consent::{Consent, ConsentKind, Evidence, Yes};
use stafett_protocol::entry::EntryKind;
use stafett_protocol::entry::schema::CARD_DEFAULT_FIELDS;
use stafett_protocol::id::{CaseId, ConsentId, SuccessionId};
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::municipality::{OrganisationNumber, Service, ServiceCode};
use stafett_protocol::person::Reader;
use stafett_protocol::signed::SigningKey;
use stafett_protocol::succession::hearing::{ArrivingHeard, LeavingHeard};
use stafett_protocol::succession::leaving::{EndCause, LateWord};
use stafett_protocol::succession::package::{Line, Packed};
use stafett_protocol::succession::record::LeavingRecord;
use stafett_protocol::succession::sealed::{PackageKey, PackagePlace, PackageSecret, Sealed};
use stafett_protocol::succession::statement::{
    Answer, Answered, Course, Late, Offer, PackageStored, Stage, Transferred,
};
use stafett_protocol::succession::{Arriving, Leaving};
use stafett_protocol::time::{DAY, UnixMillis};

use super::arrival::package;
use super::support::{NOW, Node, Who, new_note};
use crate::engine::seal::SealReason;
use crate::engine::{EngineError, OfferMove};
use crate::keys::{CertificateSubject, NodeKeys};

pub(super) const CONSENT: ConsentId = ConsentId::from_bytes([0x51; 16]);
pub(super) const MOVE: SuccessionId = SuccessionId::from_bytes([0x52; 16]);
pub(super) const TEXT: &str = "Liker å lese om dinosaurer";

pub(super) fn own() -> OrganisationNumber {
    "997391853".parse().expect("a number")
}

pub(super) fn them() -> OrganisationNumber {
    "840029212".parse().expect("a number")
}

fn code(code: &str) -> ServiceCode {
    code.parse().expect("a code")
}

/// The partner's key for statements.
pub(super) fn their_key() -> SigningKey {
    let subject = CertificateSubject {
        organisation: them(),
        municipality: "Steinkjer kommune".to_owned(),
        from: UnixMillis(NOW),
        until: UnixMillis(NOW + DAY),
    };
    let keys = NodeKeys::generate(&subject).expect("keys");
    SigningKey::from_pkcs8(keys.signing_key_pkcs8()).expect("a key")
}

pub(super) fn reader(who: Who) -> Reader {
    Reader {
        account: who.account(),
        role: who.role(),
        organisation: own(),
        service: who.service().map(code),
        person: None,
    }
}

fn is_conflict(outcome: &Result<(), EngineError>) -> bool {
    matches!(outcome, Err(EngineError::Conflict { .. }))
}

/// A case of this node's that moves, and the partner's key.
pub(super) struct Moving {
    pub(super) node: Node,
    pub(super) case: CaseId,
    pub(super) path: String,
    key: SigningKey,
}

impl Moving {
    /// The mother has said yes to a move to the partner's PPT.
    pub(super) async fn agreed() -> Self {
        let node = Node::start().await;
        let path = node.open_case().await;
        node.expect(201, Who::Holder, "post", &format!("{path}/entries"), &new_note(TEXT)).await;
        let seen = node.expect(200, Who::Holder, "get", &path, &Value::Null).await;
        let mother =
            seen["parties"].as_array().expect("a list").iter().find(|one| one["name"] == "Inga Testesen");
        let giver = serde_json::from_value(mother.expect("the mother")["person"].clone()).expect("an id");
        let case = path.rsplit('/').next().and_then(|id| id.parse().ok()).expect("a case");
        let to = Service { host: them(), code: code("ppt") };
        let consent = Consent {
            kind: ConsentKind::Transfer,
            areas: ["language".parse().expect("a code")].into(),
            kinds: EntryKind::ALL.into_iter().filter(|kind| *kind != EntryKind::CaseCard).collect(),
            card_fields: CARD_DEFAULT_FIELDS.iter().copied().collect(),
            purpose: "Barnet skal flytte.".to_owned(),
            ..Consent::sharing(CONSENT, to, UnixMillis(NOW), UnixMillis(NOW + 60 * DAY))
        };
        let yes = Yes::new(UnixMillis(NOW), Evidence::Oral);
        let said = vec![Said::ConsentAsked { consent }, Said::ConsentGiven { consent: CONSENT, giver, yes }];
        node.engine.says(case, Who::Holder.account(), said).await;
        Self { node, case, path, key: their_key() }
    }

    /// The stafettholder has offered it.
    pub(super) async fn offered(&self) {
        self.offer(Who::Holder).await.expect("may be offered");
    }

    /// The move that is under way, whoever gave it its id.
    pub(super) async fn open_succession(&self) -> SuccessionId {
        let moves = self.node.engine.store().moves_of(self.case).await.expect("reads");
        moves.first().expect("a move").course.succession
    }

    async fn offer(&self, who: Who) -> Result<(), EngineError> {
        let wished = "2027-08-01".parse().expect("a day");
        let note = "Ring meg gjerne.".to_owned();
        let request = OfferMove { consent: CONSENT, stage: Stage::PrimarySchool, wished, note };
        self.node.engine.offer_move(&reader(who), self.case, MOVE, request).await
    }

    pub(super) async fn record(&self) -> LeavingRecord {
        self.record_of(MOVE).await
    }

    async fn record_of(&self, succession: SuccessionId) -> LeavingRecord {
        self.node.engine.store().move_out(succession).await.expect("reads").expect("a move")
    }

    async fn packed(&self) -> Packed {
        self.record().await.leaving.package().expect("a package")
    }

    /// The partner says yes, or no.
    pub(super) async fn answers(&self, is_yes: bool) {
        self.answers_to(MOVE, is_yes).await;
    }

    pub(super) async fn answers_to(&self, succession: SuccessionId, is_yes: bool) {
        let record = self.record_of(succession).await;
        let offer = record.leaving.offering().expect("an offer").offer;
        let holder = Line::of("Pål Vik").expect("a line");
        let answered = if is_yes {
            Answered::Accepted { holder, service: code("ppt") }
        } else {
            Answered::Declined { reason: None }
        };
        let answer = self.key.sign(Answer { course: record.course, offer, answered }).expect("signs");
        self.node.engine.hear_leaving(them(), LeavingHeard::Answer(answer)).await;
    }

    /// The partner has the package that stands.
    pub(super) async fn stores(&self) {
        self.stores_of(MOVE).await;
    }

    pub(super) async fn stores_of(&self, succession: SuccessionId) {
        let LeavingRecord { course, leaving, .. } = self.record_of(succession).await;
        let packed = leaving.package().expect("a package");
        let stored = self.key.sign(PackageStored { course, packed }).expect("signs");
        self.node.engine.hear_leaving(them(), LeavingHeard::Stored(stored)).await;
    }

    /// What stands in the package, as the new owner reads it.
    async fn document(&self) -> String {
        let Packed { revision, package } = self.packed().await;
        let mut parts = Vec::new();
        while let Some(part) = self.part(revision, parts.len()).await {
            parts.push(part);
        }
        let bytes = self.record().await.bytes;
        let sealed = Sealed::from_parts(parts.iter().map(Vec::as_slice), bytes, package).expect("is whole");
        let place = PackagePlace { succession: MOVE, revision, from: own(), to: them() };
        let document = sealed.open(&self.node.engine.key_of(MOVE, revision), &place).expect("opens");
        String::from_utf8(document).expect("text")
    }

    async fn part(&self, revision: u32, part: usize) -> Option<Vec<u8>> {
        let part = u32::try_from(part).expect("few");
        self.node.engine.store().package_part(MOVE, revision, part).await.expect("reads")
    }

    async fn transfer(&self) -> Result<(), EngineError> {
        self.node.engine.transfer_move(&reader(Who::Holder), self.case).await
    }
}

#[tokio::test]
async fn case_is_offered_packed_when_somebody_accepts_and_carried_out_by_its_stafettholder_alone() {
    let moving = Moving::agreed().await;
    assert!(moving.offer(Who::Colleague).await.is_err(), "only whoever holds the baton");
    moving.offer(Who::Holder).await.expect("may be offered");
    moving.offer(Who::Holder).await.expect("once more is the same one");
    assert!(matches!(moving.record().await.leaving, Leaving::Offered { .. }));
    assert!(moving.part(1, 0).await.is_none(), "no package before somebody has accepted");

    moving.answers(true).await;
    assert!(matches!(moving.record().await.leaving, Leaving::Packed { .. }));
    let document = moving.document().await;
    assert!(document.contains(TEXT) && document.contains("Ring meg gjerne."), "{document}");
    assert!(!document.contains(&moving.case.to_string()), "no id of the old case's");
    assert!(is_conflict(&moving.transfer().await), "the other side does not have it");

    moving.stores().await;
    assert!(moving.node.engine.transfer_move(&reader(Who::Colleague), moving.case).await.is_err());
    moving.transfer().await.expect("is carried out");

    assert!(matches!(moving.record().await.leaving, Leaving::Transferred { is_confirmed: false, .. }));
    let entries = format!("{}/entries", moving.path);
    moving.node.expect(409, Who::Holder, "post", &entries, &new_note("for sent")).await;
    assert!(is_conflict(&moving.node.engine.recall_move(&reader(Who::Holder), moving.case).await));
    let other = SuccessionId::from_bytes([0x53; 16]);
    let wished = "2027-08-01".parse().expect("a day");
    let request = OfferMove { consent: CONSENT, stage: Stage::PrimarySchool, wished, note: String::new() };
    let again = moving.node.engine.offer_move(&reader(Who::Holder), moving.case, other, request).await;
    assert!(is_conflict(&again), "it is not this municipality's any more");
}

#[tokio::test]
async fn package_that_is_no_longer_what_may_go_is_made_anew_before_the_case_goes() {
    let moving = Moving::agreed().await;
    moving.offer(Who::Holder).await.expect("may be offered");
    moving.answers(true).await;
    moving.stores().await;
    let entries = format!("{}/entries", moving.path);
    moving.node.expect(201, Who::Holder, "post", &entries, &new_note("Går på svømming")).await;
    assert!(is_conflict(&moving.transfer().await));

    moving.node.engine.pack_move_anew(&reader(Who::Holder), moving.case).await.expect("is made");
    assert_eq!(moving.packed().await.revision, 2);
    assert!(is_conflict(&moving.transfer().await), "the other side does not have this one");
    moving.stores().await;
    assert!(moving.document().await.contains("Går på svømming"));

    moving.node.engine.write_move_note(&reader(Who::Holder), moving.case, "Nytt nummer").await.expect("kept");
    assert_eq!(moving.packed().await.revision, 3, "the note goes along in a package of its own");
    moving.stores().await;
    assert!(moving.document().await.contains("Nytt nummer"));
    moving.transfer().await.expect("is carried out");
}

#[tokio::test]
async fn entry_that_was_edited_since_does_not_go_as_it_was() {
    let moving = Moving::agreed().await;
    moving.offered().await;
    moving.answers(true).await;
    moving.stores().await;
    let seen = moving.node.expect(200, Who::Holder, "get", &moving.path, &Value::Null).await;
    let entry = seen["entries"][0]["entry"].as_str().expect("an id").to_owned();
    let edit = serde_json::json!({ "fields": { "description": "Liker å lese" } });
    moving.node.expect(200, Who::Holder, "patch", &format!("{}/entries/{entry}", moving.path), &edit).await;

    assert!(is_conflict(&moving.transfer().await), "the same generation, another wording");
    moving.node.engine.pack_move_anew(&reader(Who::Holder), moving.case).await.expect("is made");
    moving.stores().await;
    assert!(!moving.document().await.contains("dinosaurer"), "and nobody there reads what was taken out");
    moving.transfer().await.expect("is carried out");
}

#[tokio::test]
async fn level_that_was_changed_since_goes_as_it_is_now() {
    let moving = Moving::agreed().await;
    moving.offered().await;
    moving.answers(true).await;
    moving.stores().await;
    let level = serde_json::json!({ "level": 2 });
    moving.node.expect(204, Who::Holder, "put", &format!("{}/level", moving.path), &level).await;
    let seen =
        moving.node.expect(200, Who::Holder, "get", &format!("{}/move", moving.path), &Value::Null).await;
    assert_eq!((&seen["open"]["is_outdated"], &seen["open"]["changed"]), (&true.into(), &0.into()));

    assert!(is_conflict(&moving.transfer().await), "no entry has changed, and the case has");

    moving.node.engine.pack_move_anew(&reader(Who::Holder), moving.case).await.expect("is made");
    moving.stores().await;
    moving.transfer().await.expect("is carried out");
}

#[tokio::test]
async fn case_that_is_closed_takes_its_move_back() {
    let moving = Moving::agreed().await;
    moving.offered().await;
    moving.answers(true).await;
    assert!(moving.part(1, 0).await.is_some());

    moving.node.expect(204, Who::Holder, "post", &format!("{}/closing", moving.path), &Value::Null).await;

    assert_eq!(moving.record().await.leaving.end_cause(), Some(EndCause::Recalled));
    assert!(moving.part(1, 0).await.is_none(), "and nothing of it waits");
}

#[tokio::test]
async fn move_that_is_recalled_or_declined_leaves_the_case_here_without_a_package() {
    for is_recalled in [true, false] {
        let moving = Moving::agreed().await;
        moving.offer(Who::Holder).await.expect("may be offered");
        if is_recalled {
            moving.answers(true).await;
            moving.node.engine.recall_move(&reader(Who::Holder), moving.case).await.expect("is open");
            assert_eq!(moving.record().await.leaving.end_cause(), Some(EndCause::Recalled));
        } else {
            moving.answers(false).await;
            assert_eq!(moving.record().await.leaving, Leaving::Declined);
        }
        assert!(moving.part(1, 0).await.is_none());
        assert!(is_conflict(&moving.transfer().await));
        let entries = format!("{}/entries", moving.path);
        moving.node.expect(201, Who::Holder, "post", &entries, &new_note("som før")).await;
    }
}

/// A case of the partner's that may come here.
pub(super) struct Coming {
    pub(super) node: Node,
    key: SigningKey,
    sealed: Sealed,
}

impl Coming {
    fn course() -> Course {
        Course { succession: MOVE, from: them(), to: own() }
    }

    pub(super) async fn offered() -> Self {
        let (node, key) = (Node::start().await, their_key());
        let document = serde_json::to_vec(&package()).expect("JSON");
        let place = PackagePlace { succession: MOVE, revision: 1, from: them(), to: own() };
        let sealed = Sealed::seal(&document, &Self::package_key(3), &place, [4; 12]).expect("seals");
        let coming = Self { node, key, sealed };
        let offer = Offer {
            course: Self::course(),
            services: BTreeSet::from([code("school")]),
            stage: Stage::PrimarySchool,
            wished: "2027-08-01".parse().expect("a day"),
            lapses_at: UnixMillis(NOW + 7 * DAY),
        };
        let offer = coming.key.sign(offer).expect("signs");
        coming.hears(ArrivingHeard::Offer(offer)).await;
        coming
    }

    fn package_key(seed: u8) -> PackageKey {
        PackageKey::derive(&PackageSecret::new([seed; 32]), MOVE, 1).expect("a key")
    }

    fn packed(&self) -> Packed {
        Packed { revision: 1, package: self.sealed.hash() }
    }

    async fn hears(&self, heard: ArrivingHeard) {
        self.node.engine.hear_arriving(them(), heard).await;
    }

    async fn at(&self) -> Arriving {
        self.node.engine.store().move_in(MOVE).await.expect("reads").expect("a move").arriving
    }

    async fn accepted(&self) {
        let engine = &self.node.engine;
        engine.ask_to_take(&reader(Who::Coordinator), MOVE, Who::Holder.account()).await.expect("is asked");
        engine.accept_move(&reader(Who::Holder), MOVE).await.expect("says yes");
    }

    pub(super) async fn fetched(&self) {
        let bytes = u32::try_from(self.sealed.as_bytes().len()).expect("small");
        let packed = self.packed();
        self.hears(ArrivingHeard::Ready { succession: MOVE, packed, bytes }).await;
        let bytes = self.sealed.as_bytes().to_vec();
        self.hears(ArrivingHeard::Part { succession: MOVE, revision: 1, index: 0, bytes }).await;
    }

    pub(super) async fn transferred(&self, seed: u8) {
        let record = self.node.engine.store().move_in(MOVE).await.expect("reads").expect("a move");
        let (Arriving::InDoubt { answer, .. } | Arriving::Owner { answer, .. }) = record.arriving else {
            panic!("{:?}", record.arriving)
        };
        let said = Transferred { course: Self::course(), answer, packed: self.packed() };
        let said = self.key.sign(said).expect("signs");
        self.hears(ArrivingHeard::Transferred(said, Self::package_key(seed))).await;
    }

    async fn cases(&self) -> usize {
        self.node.engine.store().cases_owned().await.expect("reads").len()
    }
}

#[tokio::test]
async fn offer_is_the_coordinators_until_she_asks_somebody_of_a_service_that_it_names() {
    let coming = Coming::offered().await;
    let engine = &coming.node.engine;
    let listed = async |who: Who| engine.coming_moves(&reader(who)).await.map_or(0, |moves| moves.len());
    assert_eq!(listed(Who::Coordinator).await, 1);
    for who in [Who::Holder, Who::UnitLeader, Who::Operator, Who::Guardian, Who::ServiceLeader] {
        assert_eq!(listed(who).await, 0, "{who:?}");
        let asked = engine.ask_to_take(&reader(who), MOVE, Who::Holder.account()).await;
        assert!(matches!(asked, Err(EngineError::NotFound)), "{who:?}");
        assert!(matches!(engine.accept_move(&reader(who), MOVE).await, Err(EngineError::NotFound)));
        let declined = engine.decline_move(&reader(who), MOVE, None).await;
        assert!(matches!(declined, Err(EngineError::NotFound)), "{who:?}");
    }
    for who in [Who::HealthNurse, Who::UnitLeader, Who::Guardian] {
        let asked = engine.ask_to_take(&reader(Who::Coordinator), MOVE, who.account()).await;
        assert!(matches!(asked, Err(EngineError::Invalid { field: "account", .. })), "{who:?}");
    }

    engine.ask_to_take(&reader(Who::Coordinator), MOVE, Who::Holder.account()).await.expect("is asked");
    assert_eq!((listed(Who::Holder).await, listed(Who::Colleague).await), (1, 0));
    assert!(matches!(engine.accept_move(&reader(Who::Colleague), MOVE).await, Err(EngineError::NotFound)));
    engine.cannot_take_move(&reader(Who::Holder), MOVE).await.expect("it is hers to say");
    assert_eq!(listed(Who::Holder).await, 0);
    assert!(matches!(coming.at().await, Arriving::Offered { .. }), "the coordinator asks another");
    engine.decline_move(&reader(Who::Coordinator), MOVE, None).await.expect("waits for an answer");
    assert!(matches!(coming.at().await, Arriving::Declined { .. }));
    assert!(is_conflict(&engine.decline_move(&reader(Who::Coordinator), MOVE, None).await));
}

#[tokio::test]
async fn case_is_opened_once_when_it_is_transferred_and_by_the_right_key_alone() {
    let coming = Coming::offered().await;
    coming.accepted().await;
    coming.fetched().await;
    assert!(matches!(coming.at().await, Arriving::InDoubt { .. }));
    assert_eq!(coming.cases().await, 0, "nobody here can open it");

    coming.transferred(9).await;
    assert!(matches!(coming.at().await, Arriving::InDoubt { .. }), "with another key it does not open");
    assert_eq!(coming.cases().await, 0);
    coming.transferred(3).await;
    coming.transferred(3).await;

    assert!(coming.at().await.is_owner());
    assert_eq!(coming.cases().await, 1, "said twice, opened once");
    let store = coming.node.engine.store();
    let record = store.move_in(MOVE).await.expect("reads").expect("a move");
    let path = format!("/api/v1/cases/{}", record.case.expect("was opened"));
    let seen = coming.node.expect(200, Who::Holder, "get", &path, &Value::Null).await;
    assert_eq!(seen["subject_name"], "Ane Testesen");
    assert_eq!(seen["entries"].as_array().expect("a list").len(), 4);
    assert_eq!(store.parts_here(MOVE).await.expect("reads"), [[0_u8; 0]; 0], "the sealed parts are gone");
    coming.node.expect(404, Who::Colleague, "get", &path, &Value::Null).await;
}

#[tokio::test]
async fn package_whose_parts_are_not_what_was_promised_is_fetched_anew() {
    let coming = Coming::offered().await;
    coming.accepted().await;
    let bytes = u32::try_from(coming.sealed.as_bytes().len()).expect("small");
    coming.hears(ArrivingHeard::Ready { succession: MOVE, packed: coming.packed(), bytes }).await;

    let wrong = vec![7; coming.sealed.as_bytes().len()];
    coming.hears(ArrivingHeard::Part { succession: MOVE, revision: 1, index: 0, bytes: wrong }).await;

    assert!(matches!(coming.at().await, Arriving::Accepted { coming: Some(coming), .. } if coming.have == 0));
    assert!(coming.node.engine.store().parts_here(MOVE).await.expect("reads").is_empty());
    coming.fetched().await;
    assert!(matches!(coming.at().await, Arriving::InDoubt { .. }));
}

#[tokio::test]
async fn offer_of_another_partner_than_the_moves_is_nobodys_and_changes_nothing() {
    let coming = Coming::offered().await;
    let before = coming.at().await;
    let stranger: OrganisationNumber = "938587418".parse().expect("a number");
    let ended = stafett_protocol::succession::statement::Ended { course: Coming::course() };
    let ended = coming.key.sign(ended).expect("signs");

    coming.node.engine.hear_arriving(stranger, ArrivingHeard::Ended(ended)).await;

    assert_eq!(coming.at().await, before);
}

#[tokio::test]
async fn what_the_old_owner_says_late_is_told_to_whoever_is_stafettholder_by_then() {
    let coming = Coming::offered().await;
    coming.accepted().await;
    coming.fetched().await;
    coming.transferred(3).await;
    let store = coming.node.engine.store();
    let case = store.move_in(MOVE).await.expect("reads").expect("a move").case.expect("was opened");
    let before = coming.node.log_in(Who::Holder).await.get(&format!("/cases/{case}")).await.text();
    assert!(!before.contains("en adresse i familien er beskyttet"), "{before}");
    let said = Late { course: Coming::course(), number: 0, word: LateWord::AddressProtected };
    coming.hears(ArrivingHeard::Late(coming.key.sign(said).expect("signs"))).await;
    let baton = format!("/api/v1/cases/{case}/baton/offers");
    let to = json!({ "to": Who::Colleague.account(), "note": "x" });
    let offered = coming.node.expect(201, Who::Holder, "post", &baton, &to).await;
    let accept = format!("{baton}/{}/acceptance", offered["offer"].as_str().expect("an id"));
    coming.node.expect(204, Who::Colleague, "post", &accept, &Value::Null).await;

    let path = format!("/api/v1/cases/{case}");
    let seen = coming.node.expect(200, Who::Colleague, "get", &path, &Value::Null).await;

    assert_eq!(seen["carried"]["late"], json!(["address-protected"]));
    let page = coming.node.log_in(Who::Colleague).await.get(&format!("/cases/{case}")).await.text();
    assert!(page.contains("Steinkjer kommune sier at en adresse i familien er beskyttet."), "{page}");
}

#[tokio::test]
async fn nothing_of_an_offer_is_shown_on_a_sealed_node() {
    let coming = Coming::offered().await;
    let engine = &coming.node.engine;
    engine.ask_to_take(&reader(Who::Coordinator), MOVE, Who::Holder.account()).await.expect("is asked");
    assert_eq!(engine.coming_moves(&reader(Who::Coordinator)).await.expect("lists").len(), 1);

    engine.seal(SealReason::Clock).await.expect("seals");

    for who in [Who::Coordinator, Who::Holder] {
        let sealed = (
            engine.coming_moves(&reader(who)).await.map(|all| all.len()),
            engine.coming_move(&reader(who), MOVE).await.map(|one| one.step),
        );
        assert!(matches!(sealed, (Err(EngineError::Sealed(_)), Err(EngineError::Sealed(_)))), "{who:?}");
    }
    assert!(engine.asked_to_take(&reader(Who::Holder)).await.expect("lists").is_empty());
}
