//! A child's case with its family, and accounts for those of the family who are let in.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use stafett_config::People;
use stafett_protocol::id::{AccountId, TokenId};
use stafett_protocol::person::Role;
use stafett_protocol::time::{DAY, UnixMillis};

use super::support::{NOW, Node, Who};
use crate::clock::random;
use crate::store::TokenRecord;

/// A case that the holder has opened.
pub(super) struct Opened {
    /// Its path.
    pub(super) case: String,
    parties: Vec<Value>,
}

impl Opened {
    /// The person with a relation to the child, or the child, whose capacity is `subject`.
    pub(super) fn person(&self, word: &str) -> String {
        let fits = |party: &&Value| party["relation"] == word || party["capacity"] == word;
        let party = self.parties.iter().find(fits).expect("somebody of the family");
        party["person"].as_str().expect("an id").to_owned()
    }
}

/// A guardian as a case is opened with.
pub(super) fn guardian(name: &str, relation: &str, responsible: bool) -> Value {
    json!({ "name": name, "relation": relation, "parental_responsibility": responsible })
}

impl Node {
    /// Opens a case of a child as the holder.
    pub(super) async fn open_family(&self, subject: Value, guardians: &[Value]) -> Opened {
        let body = json!({ "subject_kind": "child", "level": 1, "subject": subject, "guardians": guardians });
        let opened = self.expect(201, Who::Holder, "post", "/api/v1/cases", &body).await;
        let case = format!("/api/v1/cases/{}", opened["case"].as_str().expect("an id"));
        let view = self.expect(200, Who::Holder, "get", &case, &Value::Null).await;
        Opened { case, parties: view["parties"].as_array().expect("parties").clone() }
    }

    /// Gives persons of a family accounts and tokens.
    pub(super) async fn admit(&self, members: &[(&str, Role, &str)]) {
        let file = self.folder.path().join("people.toml");
        let mut people = std::fs::read_to_string(&file).expect("the people");
        for (token, role, person) in members {
            let account = AccountId::from_random(random());
            let word = serde_json::to_value(role).expect("a word");
            people.push_str(&format!(
                "[[person]]\nid = \"{account}\"\nname = \"{token}\"\nroles = [{word}]\nperson = \"{person}\"\n"
            ));
            let record = TokenRecord {
                id: TokenId::from_random(random()),
                hash: Sha256::digest(token.as_bytes()).into(),
                account,
                role: *role,
                created_at: UnixMillis(NOW - DAY),
                expires_at: UnixMillis(NOW + 30 * DAY),
                revoked_at: None,
            };
            self.engine.store().put_token(record).await.expect("a free id");
        }
        std::fs::write(&file, people).expect("written");
        self.engine.people_changed(People::load(self.engine.config()).expect("people"));
    }
}
