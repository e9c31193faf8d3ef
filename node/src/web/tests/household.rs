//! A family with accounts of its own, and what is shared about it.

use axum::http::header;
use serde_json::{Value, json};
use stafett_protocol::disclosure::{DisclosureGround, DisclosureRow};
use stafett_protocol::entry::Heads;
use stafett_protocol::erasure::{Done, Receipt};
use stafett_protocol::id::{CaseId, DisclosureId, EntryId};
use stafett_protocol::municipality::Service;
use stafett_protocol::person::Role;
use stafett_protocol::signed::SigningKey;
use stafett_protocol::time::{DAY, UnixMillis};
use stafett_protocol::transaction::{Transaction, Write};

use super::opened::guardian;
use super::support::{Answer, NOW, Node, PARTNER, Who, request};
use crate::clock::random;
use crate::store::AccessRow;

/// The accounts of a family, each with its token.
pub(super) const MOTHER: &str = "token-of-the-mother";
pub(super) const FATHER: &str = "token-of-the-father";
pub(super) const CHILD: &str = "token-of-the-child";

/// A case of a child with two guardians who have accounts.
pub(super) struct Family {
    pub(super) case: String,
    pub(super) id: CaseId,
    pub(super) mother: String,
    pub(super) father: String,
}

impl Family {
    pub(super) async fn of(node: &Node) -> Self {
        let subject = json!({ "name": "Ane Testesen", "birth_date": "2015-03-14", "unit": "Trollklassen",
            "address": "Hemmeliggata 1" });
        let guardians = [guardian("Inga Testesen", "mother", true), guardian("Per Testesen", "father", true)];
        let opened = node.open_family(subject, &guardians).await;
        let [child, mother, father] = ["subject", "mother", "father"].map(|word| opened.person(word));
        node.admit(&[
            (MOTHER, Role::Guardian, &mother),
            (FATHER, Role::Guardian, &father),
            (CHILD, Role::Subject, &child),
        ])
        .await;
        let case = opened.case;
        Self { id: case.rsplit('/').next().expect("an id").parse().expect("an id"), case, mother, father }
    }

    /// The path of the page that prints the case.
    pub(super) fn print(&self) -> String {
        format!("/cases/{}/print", self.id)
    }

    /// Writes an entry as the holder.
    pub(super) async fn write(&self, node: &Node, entry: &Value) -> EntryId {
        let path = format!("{}/entries", self.case);
        let published = node.expect(201, Who::Holder, "post", &path, entry).await;
        published["entry"].as_str().expect("an id").parse().expect("an id")
    }

    /// Both guardians say yes to a service; returns the path of the consent.
    pub(super) async fn consent(&self, node: &Node, host: &str, code: &str) -> String {
        let ask = json!({
            "recipient": { "host": host, "code": code },
            "areas": ["language"],
            "kinds": ["note", "goal"],
            "card_fields": [],
            "purpose": "x",
        });
        let asked = node.expect(201, Who::Holder, "post", &format!("{}/consents", self.case), &ask).await;
        let path = format!("{}/consents/{}", self.case, asked["id"].as_str().expect("an id"));
        for giver in [&self.mother, &self.father] {
            let yes = json!({ "giver": giver, "evidence": { "kind": "oral" } });
            node.expect(200, Who::Holder, "post", &format!("{path}/yes"), &yes).await;
        }
        path
    }

    /// Hands entries to the partner under the grant of the only consent, as the link would.
    pub(super) async fn hand_over(&self, node: &Node, entries: &[EntryId]) {
        let store = node.engine.store();
        let issued = store.grants_issued_in(self.id).await.expect("reads");
        let [issued] = issued.as_slice() else { panic!("{} grants", issued.len()) };
        node.hand_grants(&self.case).await;
        let grant = issued.grant.statement().clone();
        let service = Service { host: grant.partner, code: grant.service.clone() };
        for entry in entries {
            let record = store.entry(*entry).await.expect("reads").expect("the entry");
            let ground =
                DisclosureGround { grant: grant.grant, consent: grant.consent, service: service.clone() };
            let row = DisclosureRow {
                id: DisclosureId::from_random(random()),
                partner: grant.partner,
                case: self.id,
                entry: *entry,
                generation: record.facts.generation,
                heads: record.heads.clone() as Heads,
                grounds: vec![ground],
                at: node.engine.now(),
            };
            store.commit(Transaction::of(vec![Write::Disclosure(row)])).await.expect("committed");
        }
    }

    /// Files the partner's receipts for every order of the case.
    pub(super) async fn receive(&self, node: &Node, done: impl Fn(EntryId) -> Done) {
        let store = node.engine.store();
        for order in store.orders(self.id).await.expect("reads") {
            let items = order.entries.iter().map(|entry| (*entry, done(*entry))).collect();
            let receipt = partner_key().sign(Receipt::of(&order, items)).expect("signs");
            let filed = Write::ReceiptFiled(receipt);
            store.commit(Transaction::of(vec![filed])).await.expect("committed");
        }
    }

    /// What the access log calls each look at the case.
    pub(super) async fn looks(&self, node: &Node) -> Vec<AccessRow> {
        node.engine.store().access_log(self.id).await.expect("reads")
    }
}

/// A key that receipts are signed with; the store keeps them as they are.
fn partner_key() -> SigningKey {
    let subject = crate::keys::CertificateSubject {
        organisation: PARTNER.parse().expect("an organisation number"),
        municipality: "Steinkjer kommune".to_owned(),
        from: UnixMillis(NOW),
        until: UnixMillis(NOW + DAY),
    };
    let keys = crate::keys::NodeKeys::generate(&subject).expect("keys");
    SigningKey::from_pkcs8(keys.signing_key_pkcs8()).expect("a key")
}

impl Node {
    /// Asks with a token.
    pub(super) async fn ask_with(&self, token: &str, path: &str) -> Answer {
        self.send(request(Some(token), "get", path, &Value::Null)).await
    }

    /// Asks for a page as a browser would, with a token or without.
    pub(super) async fn page(&self, token: Option<&str>, method: &str, path: &str) -> Answer {
        let mut request = request(token, method, path, &Value::Null);
        let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        request.headers_mut().insert(header::ACCEPT, accept.parse().expect("a value"));
        self.send(request).await
    }

    /// From here on no row can be added to the access log.
    pub(super) fn break_access_log(&self) {
        let store =
            rusqlite::Connection::open(self.folder.path().join("data/store.sqlite")).expect("the store");
        let trigger =
            "CREATE TRIGGER no_rows BEFORE INSERT ON access_log BEGIN SELECT RAISE(ABORT, 'broken'); END";
        store.execute_batch(trigger).expect("a trigger");
    }
}
