//! A node with invented people, and a client that sends what it is told to send.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use serde_json::Value;
use sha2::{Digest, Sha256};
use stafett_config::{Environment, Partners, People};
use stafett_protocol::id::{AccountId, TokenId};
use stafett_protocol::person::Role;
use stafett_protocol::signed::{PublicKey, SigningKey};
use stafett_protocol::time::{DAY, UnixMillis};
use stafett_protocol::transaction::{Transaction, Write};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::engine::sessions::Proven;
use crate::engine::{Engine, EngineOptions};
use crate::keys::{CertificateSubject, NodeKeys};
use crate::seal::{KeyBytes, WrappingKey};
use crate::store::{Store, StorePaths, StoreSettings, TokenRecord};
use crate::web::caller::Peer;
use crate::web::limits::Times;
use crate::web::{Api, router};

pub(super) const NOW: u64 = 1_800_000_000_000;
pub(super) const PARTNER: &str = "840029212";
/// Until when the node's certificate is valid, to the end of a second: longer than the agreement
/// with its partner.
pub(super) const CERTIFICATE_UNTIL: UnixMillis = UnixMillis(NOW + 3 * 365 * DAY + 999);

const NODE_FILE: &str = r#"
[node]
municipality = "5053"
organisation = "997391853"
name = "Inderøy kommune"

[web]
listen = "127.0.0.1:0"

[[areas]]
code = "language"
names.nb = "Språk"

[[areas]]
code = "attendance"
names.nb = "Fravær"

[[services]]
code = "school"
names.nb = "Skole"
kind = "school"

[[services]]
code = "health-station"
names.nb = "Helsestasjon"
kind = "health-station"

[[services]]
code = "kindergarten"
names.nb = "Solbakken barnehage"
kind = "kindergarten"
controller = "310000019"

[[consent.purposes]]
code = "assessment"
names.nb = "Utredning"
[[consent.givers]]
from = 2026-01-01
guardian_areas = ["language", "attendance"]
"#;

const PARTNER_FILE: &str = r#"
organisation = "840029212"
name = "Steinkjer kommune"
municipality = "5006"
legal_form = "host-municipality"
controller = "840029212"

[keys]
tls_current = "1111111111111111111111111111111111111111111111111111111111111111"
signing_current = "2222222222222222222222222222222222222222222222222222222222222222"

[agreement]
reference = "2026/1042-3"
processor_agreement = "2026/1042-4"
from = 2026-08-01
until = 2028-07-31
areas = ["language"]
our_services = ["school"]
moving_areas = ["language"]
moving_from = true

[[services]]
code = "ppt"
names.nb = "PPT"
takes_over = true

[[services]]
code = "nursery"
names.nb = "Fjellbarnehagen"
controller = "310000019"
"#;

/// Each person has one token, which is the person's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// Works in the school; opens the cases of these tests.
    Holder,
    /// Works in the school too.
    Colleague,
    /// Works in another service.
    HealthNurse,
    Operator,
    ProtectionOfficer,
    Coordinator,
    ServiceLeader,
    Guardian,
    /// Leads the school.
    UnitLeader,
    /// Leads another service.
    OtherLeader,
    /// Another guardian.
    Father,
    /// The subject.
    Youth,
}

impl Who {
    pub(super) const ALL: [Self; 12] = [
        Self::Holder,
        Self::Colleague,
        Self::HealthNurse,
        Self::Operator,
        Self::ProtectionOfficer,
        Self::Coordinator,
        Self::ServiceLeader,
        Self::Guardian,
        Self::UnitLeader,
        Self::OtherLeader,
        Self::Father,
        Self::Youth,
    ];

    pub(super) fn account(self) -> AccountId {
        AccountId::from_random([self as u8 + 1; 16])
    }

    pub(super) fn token(self) -> String {
        format!("token-of-{self:?}")
    }

    pub(super) fn role(self) -> Role {
        match self {
            Self::Holder | Self::Colleague | Self::HealthNurse => Role::Employee,
            Self::Operator => Role::ItOperator,
            Self::ProtectionOfficer => Role::DataProtectionOfficer,
            Self::Coordinator => Role::BtiCoordinator,
            Self::ServiceLeader => Role::ServiceLeader,
            Self::Guardian | Self::Father => Role::Guardian,
            Self::UnitLeader | Self::OtherLeader => Role::UnitLeader,
            Self::Youth => Role::Subject,
        }
    }

    pub(super) fn service(self) -> Option<&'static str> {
        match self {
            Self::Holder | Self::Colleague | Self::ServiceLeader | Self::UnitLeader => Some("school"),
            Self::HealthNurse | Self::OtherLeader => Some("health-station"),
            _ => None,
        }
    }

    pub(super) fn line(self) -> String {
        let service = self.service().map(|code| format!("service = \"{code}\"\n")).unwrap_or_default();
        let role = serde_json::to_value(self.role()).expect("a word");
        format!("[[person]]\nid = \"{}\"\nname = \"{self:?}\"\n{service}roles = [{role}]\n", self.account())
    }
}

/// A moment that comes while somebody is being answered.
#[derive(Debug)]
pub(super) struct Leap {
    /// How often the clock is still read before it.
    reads_left: AtomicU64,
    /// What it shows from then on.
    to: AtomicU64,
}

/// A node with its API.
pub(super) struct Node {
    pub(super) engine: Engine,
    pub(super) clock: Arc<AtomicU64>,
    leap: Arc<Leap>,
    pub(super) router: Router,
    config: stafett_config::NodeConfig,
    peers: AtomicU32,
    pub(super) folder: TempDir,
}

/// An answer, whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/json");
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// Returns the body as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("UTF-8")
    }

    /// Returns the code of a refusal.
    pub(super) fn error(&self) -> String {
        self.json()["error"].as_str().expect("a code").to_owned()
    }
}

impl Node {
    /// Notes for every grant of a case that its partner may have it, as the link would.
    pub(super) async fn hand_grants(&self, case: &str) {
        let case = case.rsplit('/').next().and_then(|id| id.parse().ok()).expect("a case");
        let store = self.engine.store();
        let issued = store.grants_issued_in(case).await.expect("reads");
        assert!(!issued.is_empty(), "no grant");
        let handed = issued.iter().map(|issued| Write::GrantHanded(issued.grant.statement().grant));
        store.commit(Transaction::of(handed.collect())).await.expect("committed");
    }

    pub(super) async fn start() -> Self {
        Self::start_with("").await
    }

    /// Starts a node whose settings end with `more`; a line for `[node]` begins with `node.`.
    pub(super) async fn start_with(more: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = write_settings(folder.path(), more);
        let clock = Arc::new(AtomicU64::new(NOW));
        let leap = Arc::new(Leap { reads_left: AtomicU64::new(u64::MAX), to: AtomicU64::new(NOW) });
        let engine = start_engine(folder.path(), &config, &clock, &leap).await;
        for who in Who::ALL {
            put_token(&engine, &who.token(), who, NOW + 30 * DAY).await;
        }
        let router = router(Api::new(engine.clone(), &config.web), Times::default());
        Self { engine, clock, leap, config, router, peers: AtomicU32::new(0), folder }
    }

    /// Sets the clock; once it was read so often it shows another moment.
    pub(super) fn leaps(&self, from: u64, reads: u64, to: u64) {
        self.clock.store(from, Ordering::Relaxed);
        self.leap.to.store(to, Ordering::Relaxed);
        self.leap.reads_left.store(reads, Ordering::Relaxed);
    }

    /// Says who is which person of a case.
    pub(super) fn are(&self, persons: &[(Who, &str)]) {
        let line = |who: Who| {
            let person = persons.iter().find(|(one, _)| *one == who);
            who.line() + &person.map(|(_, id)| format!("person = \"{id}\"\n")).unwrap_or_default()
        };
        self.people_are(&Who::ALL.map(line).concat());
    }

    /// Replaces the file of people.
    pub(super) fn people_are(&self, text: &str) {
        std::fs::write(&self.config.web.people, text).expect("written");
        self.engine.people_changed(People::load(&self.config).expect("people"));
    }

    /// Sends a request as it is, from an address that sends no other.
    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let number = self.peers.fetch_add(1, Ordering::Relaxed);
        self.send_from(
            SocketAddr::from((0x0A00_0000_u32.wrapping_add(number).to_be_bytes(), 40_000)),
            request,
        )
        .await
    }

    pub(super) async fn send_from(&self, peer: SocketAddr, mut request: Request<Body>) -> Answer {
        request.extensions_mut().insert(Peer(peer));
        let response = self.router.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body").to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Asks as somebody, with a body unless it is null.
    pub(super) async fn ask(&self, who: Who, method: &str, path: &str, body: &Value) -> Answer {
        self.send(request(Some(&who.token()), method, path, body)).await
    }

    /// Asks, and returns the body of an answer with this status.
    pub(super) async fn expect(
        &self,
        status: u16,
        who: Who,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Value {
        let answer = self.ask(who, method, path, body).await;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status.as_u16(), status, "{method} {path}: {text}");
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    /// A browser without a session.
    pub(super) fn browser(&self) -> Browser<'_> {
        Browser { node: self, cookies: BTreeMap::new() }
    }

    /// A browser in which somebody has logged in.
    pub(super) async fn log_in(&self, who: Who) -> Browser<'_> {
        self.log_in_as(who.account(), who.role()).await
    }

    /// A browser in which the person of an account has logged in.
    pub(super) async fn log_in_as(&self, account: AccountId, role: Role) -> Browser<'_> {
        let people = self.engine.people();
        let roles = people.get(account).expect("a person").roles.clone();
        let by = "test".to_owned();
        let at = Some(UnixMillis(self.clock.load(Ordering::Relaxed)));
        let proven = Proven { account, role, roles, by, at };
        let secret = self.engine.log_in(proven, None).await.expect("a store");
        let cookies = [("stafett-0-session".to_owned(), secret.expect("a person"))];
        Browser { node: self, cookies: BTreeMap::from(cookies) }
    }

    /// Opens a case as the holder; returns its path.
    pub(super) async fn open_case(&self) -> String {
        let opened = self.expect(201, Who::Holder, "post", "/api/v1/cases", &new_case()).await;
        format!("/api/v1/cases/{}", opened["case"].as_str().expect("an id"))
    }
}

/// A browser of one person: keeps cookies, and posts forms as a page of the node would.
pub(super) struct Browser<'a> {
    pub(super) node: &'a Node,
    pub(super) cookies: BTreeMap<String, String>,
}

impl Browser<'_> {
    /// Fetches a page.
    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.send(request(None, "get", path, &Value::Null)).await
    }

    /// Posts a form from a page of the node.
    pub(super) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut posted = form(path, fields);
        posted.headers_mut().insert("sec-fetch-site", HeaderValue::from_static("same-origin"));
        self.send(posted).await
    }

    /// Posts a form and fetches the page that it leads to.
    pub(super) async fn act(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut answer = self.post(path, fields).await;
        assert_eq!(answer.status.as_u16(), 303, "{path}: {}", answer.text());
        while answer.status.as_u16() == 303 {
            let to = answer.headers[header::LOCATION].to_str().expect("an address").to_owned();
            answer = self.get(&to).await;
        }
        answer
    }

    /// Puts the cookies into a request, and what a browser takes.
    pub(super) fn prepare(&self, request: &mut Request<Body>) {
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !pairs.is_empty() {
            let value = HeaderValue::try_from(pairs.join("; ")).expect("a value");
            request.headers_mut().insert(header::COOKIE, value);
        }
        request.headers_mut().insert(header::ACCEPT, HeaderValue::from_static("text/html,*/*;q=0.8"));
    }

    /// Sends a request with the cookies, and keeps those of the answer.
    pub(super) async fn send(&mut self, mut request: Request<Body>) -> Answer {
        self.prepare(&mut request);
        let answer = self.node.send(request).await;
        assert_titled(&answer);
        for set in answer.headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().expect("text");
            let (name, value) = set.split(';').next().and_then(|pair| pair.split_once('=')).expect("a pair");
            if set.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// A page's title says first that a form was refused, and says so of nothing else.
fn assert_titled(answer: &Answer) {
    let text = String::from_utf8_lossy(&answer.body);
    let Some(title) = text.split("<title>").nth(1) else { return };
    let is_refused = matches!(answer.status.as_u16(), 409 | 422);
    assert_eq!(title.starts_with("Feil: "), is_refused, "{}: {text}", answer.status);
}

/// A form, without what tells where it comes from.
pub(super) fn form(path: &str, fields: &[(&str, &str)]) -> Request<Body> {
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let builder = Request::post(path).header("host", "localhost:8443");
    let kind = "application/x-www-form-urlencoded";
    builder.header(header::CONTENT_TYPE, kind).body(body.into()).expect("a request")
}

/// A request with what every program sends.
pub(super) fn request(token: Option<&str>, method: &str, path: &str, body: &Value) -> Request<Body> {
    let mut builder =
        Request::builder().method(method.to_uppercase().as_str()).uri(path).header("host", "localhost:8443");
    if let Some(token) = token {
        builder = builder.header("authorization", format!("Bearer {token}"));
    }
    if body.is_null() {
        return builder.body(Body::empty()).expect("a request");
    }
    builder.header("content-type", "application/json").body(body.to_string().into()).expect("a request")
}

pub(super) fn new_case() -> Value {
    serde_json::json!({
        "subject_kind": "child",
        "level": 1,
        "subject": { "name": "Ane Testesen", "birth_date": "2015-03-14" },
        "guardians": [{ "name": "Inga Testesen", "relation": "mother", "parental_responsibility": true }],
    })
}

pub(super) fn new_note(text: &str) -> Value {
    serde_json::json!({ "kind": "note", "areas": ["language"], "fields": { "description": text } })
}

pub(super) async fn put_token(engine: &Engine, token: &str, who: Who, expires_at: u64) {
    put_token_of(engine, token, (who.account(), who.role()), expires_at).await;
}

pub(super) async fn put_token_of(
    engine: &Engine,
    token: &str,
    (account, role): (AccountId, Role),
    expires_at: u64,
) {
    let record = TokenRecord {
        id: TokenId::from_random(crate::clock::random()),
        hash: Sha256::digest(token.as_bytes()).into(),
        account,
        role,
        created_at: UnixMillis(NOW - DAY),
        expires_at: UnixMillis(expires_at),
        revoked_at: None,
    };
    engine.store().put_token(record).await.expect("a free id");
}

fn write_settings(folder: &Path, more: &str) -> stafett_config::NodeConfig {
    let (of_node, rest): (Vec<_>, Vec<_>) = more.lines().partition(|line| line.starts_with("node."));
    let of_node: String = of_node.iter().map(|line| format!("{}\n", &line["node.".len()..])).collect();
    let text = NODE_FILE.replacen("[node]\n", &format!("[node]\n{of_node}"), 1);
    std::fs::write(folder.join("stafett.toml"), format!("{text}\n{}\n", rest.join("\n"))).expect("written");
    std::fs::write(folder.join("people.toml"), Who::ALL.map(Who::line).concat()).expect("written");
    std::fs::create_dir(folder.join("partners")).expect("made");
    std::fs::write(folder.join("partners/steinkjer.toml"), PARTNER_FILE).expect("written");
    stafett_config::load(&folder.join("stafett.toml"), &Environment::default()).expect("settings")
}

async fn start_engine(
    folder: &Path,
    config: &stafett_config::NodeConfig,
    clock: &Arc<AtomicU64>,
    leap: &Arc<Leap>,
) -> Engine {
    let organisation = config.node.organisation;
    let subject = CertificateSubject {
        organisation,
        municipality: config.node.name.clone(),
        from: UnixMillis(NOW),
        until: CERTIFICATE_UNTIL,
    };
    let keys = NodeKeys::generate(&subject).expect("keys");
    let store = Store::open(StoreSettings {
        paths: StorePaths { data: folder.join("data"), journal: folder.join("journal") },
        wrapping: WrappingKey::new(&KeyBytes::new(*keys.wrapping_key())),
        organisation,
        signing_keys: vec![PublicKey(*keys.signing_public_key())],
        bytes_max: None,
    })
    .expect("a store");
    let (clock, leap) = (Arc::clone(clock), Arc::clone(leap));
    let read = move || {
        let counted = |left: u64| left.checked_sub(1);
        if leap.reads_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, counted) == Err(0) {
            leap.reads_left.store(u64::MAX, Ordering::Relaxed);
            clock.store(leap.to.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        UnixMillis(clock.load(Ordering::Relaxed))
    };
    Engine::start(EngineOptions {
        partners: Partners::load(config, None).expect("partners"),
        people: People::load(config).expect("people"),
        config: config.clone(),
        store,
        signing: Arc::new(SigningKey::from_pkcs8(keys.signing_key_pkcs8()).expect("a key")),
        package_secret: Arc::new(keys.package_secret().expect("a secret")),
        certificate: keys.certificate_facts().clone(),
        clock: Arc::new(read),
    })
    .await
    .expect("an engine")
}
