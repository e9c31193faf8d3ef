//! What a node makes of a provider that keeps to the standard, and of one that leaves out when a
//! person logged in, which no real one can be made to.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use axum::http::{HeaderValue, StatusCode, header};
use axum::routing::{get, post};
use axum::{Json, Router};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use stafett_protocol::time::{MINUTE, SECOND};
use tokio::net::TcpListener;

use super::{grows_stale, is_in};
use crate::login::Providers;
use crate::web::limits::{ATTEMPTS_MAX, Times};
use crate::web::tests::support::{Answer, Browser, Node, Who, request};
use crate::web::{Api, router};

/// A provider on loopback, whose id tokens say what it is told.
struct StandIn {
    issuer: String,
    claims: Arc<Mutex<Value>>,
}

impl StandIn {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let pem = rcgen::KeyPair::generate().expect("a key").serialize_pem();
        let private = EncodingKey::from_ec_pem(pem.as_bytes()).expect("a key");
        let public = Jwk::from_encoding_key(&private, Algorithm::ES256).expect("a key");
        let described = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
        });
        let keys = json!({ "keys": [public] });
        let claims = Arc::new(Mutex::new(Value::Null));
        let said = Arc::clone(&claims);
        let token = move || async move {
            let claims = said.lock().expect("not poisoned").clone();
            let token = jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &private);
            Json(json!({ "id_token": token.expect("a token") }))
        };
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(move || async move { Json(described) }))
            .route("/keys", get(move || async move { Json(keys) }))
            .route("/token", post(token));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { issuer, claims }
    }

    /// A node whose staff log in here; the holder leads the unit too.
    async fn node(&self) -> Node {
        let mut node = Node::start_with(&format!(
            "node.development = true\n[federation]\nlisten = \"127.0.0.1:0\"\n\
             [login]\npublic_url = \"http://localhost:8443\"\n[login.oidc.staff]\nname = \"Konto\"\n\
             issuer = \"{}\"\nclient_id = \"stafett\"\nclient_method = \"client_secret_basic\"\n\
             client_file = \"login.secret\"",
            self.issuer
        ))
        .await;
        let secret = node.folder.path().join("login.secret");
        std::fs::write(&secret, "a shared secret").expect("written");
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).expect("closed");
        holder_has(&node, "\"employee\", \"unit-leader\"");
        let config = node.engine.config();
        let login = Arc::new(Providers::new(&config.login).expect("a provider"));
        node.router = router(Api { login, ..Api::new(node.engine.clone(), &config.web) }, Times::default());
        node
    }

    /// Sends the holder here and back.
    async fn log_in(&self, browser: &mut Browser<'_>, start: &str, ago: Option<u64>) -> Answer {
        let asked = begin(browser, start).await;
        self.send_back(browser, &asked, ago).await
    }

    /// Sends the holder back. `ago` is how long ago the token says that the holder logged in; none
    /// if it does not say.
    async fn send_back(
        &self,
        browser: &mut Browser<'_>,
        asked: &BTreeMap<String, String>,
        ago: Option<u64>,
    ) -> Answer {
        let now = browser.node.clock.load(Ordering::Relaxed);
        let mut claims = json!({
            "iss": self.issuer, "aud": "stafett", "sub": "holder", "nonce": asked["nonce"],
            "iat": now / SECOND, "exp": now / SECOND + 60,
        });
        if let Some(ago) = ago {
            claims["auth_time"] = ((now - ago) / SECOND).into();
        }
        *self.claims.lock().expect("not poisoned") = claims;
        browser.get(&format!("/login/staff/return?code=code&state={}", asked["state"])).await
    }
}

/// Begins a login. Returns what the provider is asked, in the address that the browser is sent to.
async fn begin(browser: &mut Browser<'_>, start: &str) -> BTreeMap<String, String> {
    let sent = browser.get(&format!("/login/staff/start?{start}")).await;
    let query = leads_to(&sent).split_once('?').expect("a query").1;
    let asked: BTreeMap<_, _> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let again = start.contains("again=true");
    assert_eq!(asked.get("max_age").map(String::as_str), again.then_some("0"));
    asked
}

/// Writes the file of people anew, where the provider's account is the holder's.
fn holder_has(node: &Node, roles: &str) {
    let line = Who::Holder.line().replace("\"employee\"", roles);
    let line = format!("{line}staff_login = \"holder\"\n");
    let all = Who::ALL.map(|who| if who == Who::Holder { line.clone() } else { who.line() });
    node.people_are(&all.concat());
}

fn leads_to(answer: &Answer) -> &str {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    answer.headers[header::LOCATION].to_str().expect("an address")
}

#[tokio::test]
async fn login_that_does_not_say_when_opens_a_session_and_nothing_that_asks_for_a_fresh_one() {
    let provider = StandIn::start().await;
    let node = provider.node().await;
    let print = node.open_case().await.replace("/api/v1", "") + "/print";
    let mut browser = node.browser();

    assert_eq!(leads_to(&provider.log_in(&mut browser, "to=%2Flogin", None).await), "/login");
    assert!(is_in(&mut browser).await, "the session counts");
    let again = format!("/login/again?to={}", print.replace('/', "%2F"));
    assert_eq!(leads_to(&browser.get(&print).await), again);

    let start = format!("again=true&to={}", print.replace('/', "%2F"));
    let untold = provider.log_in(&mut browser, &start, None).await;
    assert_eq!(untold.status, StatusCode::FORBIDDEN);
    let page = untold.text();
    assert!(page.contains("Konto sier ikke når du gjorde det"), "{page}");
    assert!(page.contains("Spør den som drifter programmet i kommunen."), "{page}");
    assert!(!page.contains("/login/again") && !page.contains("Prøv igjen"), "it would end here again");
    assert!(is_in(&mut browser).await, "the session before goes on");
    assert_eq!(leads_to(&browser.get(&print).await), again, "and is not fresh");

    assert_eq!(leads_to(&provider.log_in(&mut browser, &start, Some(SECOND)).await), print);
    assert_eq!(browser.get(&print).await.status, StatusCode::OK);
}

#[tokio::test]
async fn first_login_is_as_fresh_as_the_provider_says() {
    let provider = StandIn::start().await;
    let node = provider.node().await;
    let print = node.open_case().await.replace("/api/v1", "") + "/print";

    let mut early = node.browser();
    provider.log_in(&mut early, "to=%2Flogin", Some(16 * MINUTE)).await;
    let mut late = node.browser();
    provider.log_in(&mut late, "to=%2Flogin", Some(14 * MINUTE)).await;

    assert!(leads_to(&early.get(&print).await).starts_with("/login/again?"));
    assert_eq!(late.get(&print).await.status, StatusCode::OK);
}

#[tokio::test]
async fn fresh_login_keeps_the_role_of_the_session_that_asked_for_it() {
    let provider = StandIn::start().await;
    let node = provider.node().await;
    let mut browser = node.browser();
    provider.log_in(&mut browser, "to=%2Flogin", Some(SECOND)).await;
    assert!(browser.get("/login").await.text().contains("<p>Holder, ansatt</p>"));
    browser.post("/role", &[("role", "unit-leader")]).await;
    grows_stale(&node, &mut browser).await;

    provider.log_in(&mut browser, "again=true&to=%2Flogin", Some(SECOND)).await;
    let page = browser.get("/login").await.text();
    assert!(page.contains("<p>Holder, enhetsleder</p>"), "{page}");

    let asked = begin(&mut browser, "again=true&to=%2Flogin").await;
    holder_has(&node, "\"employee\"");
    provider.send_back(&mut browser, &asked, Some(SECOND)).await;
    let page = browser.get("/login").await.text();
    assert!(page.contains("<p>Holder, ansatt</p>"), "a role that was taken meanwhile: {page}");
}

#[tokio::test]
async fn return_that_no_login_was_begun_for_counts_only_in_a_browser_with_the_nodes_cookie() {
    let provider = StandIn::start().await;
    let node = provider.node().await;
    let peer: SocketAddr = ([192, 0, 2, 1], 40_000).into();
    let come_back = |cookie: Option<String>| {
        let mut sent = request(None, "get", "/login/staff/return?code=x&state=x", &Value::Null);
        if let Some(cookie) = cookie {
            sent.headers_mut().insert(header::COOKIE, HeaderValue::try_from(cookie).expect("a value"));
        }
        node.send_from(peer, sent)
    };

    for _ in 0..3 * ATTEMPTS_MAX {
        assert_eq!(come_back(None).await.status, StatusCode::FORBIDDEN, "as a picture asks for it");
    }
    let sent = node.send_from(peer, request(None, "get", "/login/staff/start", &Value::Null)).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "others behind that address log in");

    let set = sent.headers[header::SET_COOKIE].to_str().expect("text");
    let cookie = set.split(';').next().expect("a pair").to_owned();
    for _ in 0..ATTEMPTS_MAX {
        assert_eq!(come_back(Some(cookie.clone())).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(come_back(Some(cookie)).await.status, StatusCode::TOO_MANY_REQUESTS);
}
