//! One person's program: asks a node's HTTP API with the person's token, and knows nothing else.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, ensure};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

/// The longest wait for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// The longest wait for something to come over a link.
pub(super) const ARRIVAL_TIMEOUT: Duration = Duration::from_secs(40);
/// The wait between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(40);

/// A person at a node.
#[derive(Clone)]
pub(super) struct Person {
    http: reqwest::Client,
    base: String,
    token: String,
}

/// An answer as it came, for comparing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Without the date, which tells the second and nothing else.
    pub(super) headers: BTreeMap<String, Vec<u8>>,
    pub(super) body: Vec<u8>,
}

/// A question, relative to `/api/v1`.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<Value>,
}

impl Question {
    pub(super) fn get(path: String) -> Self {
        Self { method: Method::GET, path, body: None }
    }

    pub(super) fn with(method: Method, path: String, body: Value) -> Self {
        Self { method, path, body: Some(body) }
    }
}

impl Person {
    pub(super) fn new(web: &str, token: String) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(ANSWER_TIMEOUT).no_proxy().build()?;
        Ok(Self { http, base: format!("{web}/api/v1"), token })
    }

    /// Asks and returns the answer as it came, whatever it says.
    pub(super) async fn ask(&self, question: &Question) -> anyhow::Result<Answer> {
        let Question { method, path, body } = question;
        let request =
            self.http.request(method.clone(), format!("{}{path}", self.base)).bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request.send().await.with_context(|| format!("{method} {path}"))?;
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .filter(|(name, _)| *name != "date")
            .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
            .collect();
        let body = response.bytes().await.with_context(|| format!("{method} {path}"))?.to_vec();
        Ok(Answer { status, headers, body })
    }

    async fn taken(&self, question: &Question) -> anyhow::Result<Vec<u8>> {
        let answer = self.ask(question).await?;
        let Question { method, path, .. } = question;
        let said = String::from_utf8_lossy(&answer.body);
        ensure!((200..300).contains(&answer.status), "{method} {path}: {} {said}", answer.status);
        Ok(answer.body)
    }

    /// Reads something.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: String) -> anyhow::Result<T> {
        let question = Question::get(path);
        let body = self.taken(&question).await?;
        serde_json::from_slice(&body).with_context(|| format!("the answer to GET {}", question.path))
    }

    /// Does something that is answered with what came of it.
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: String,
        body: Value,
    ) -> anyhow::Result<T> {
        let question = Question::with(method, path, body);
        let body = self.taken(&question).await?;
        serde_json::from_slice(&body).with_context(|| format!("the answer to {}", question.path))
    }

    /// Posts something that is answered with what came of it.
    pub(super) async fn post<T: DeserializeOwned>(&self, path: String, body: Value) -> anyhow::Result<T> {
        self.send(Method::POST, path, body).await
    }

    /// Does something that is answered with nothing.
    pub(super) async fn tell(&self, method: Method, path: String, body: Value) -> anyhow::Result<()> {
        self.taken(&Question::with(method, path, body)).await.map(drop)
    }
}

/// Looks again and again until something is there, for a bounded time.
///
/// # Errors
/// What a look fails with, or that nothing came in time.
pub(super) async fn until<T>(
    what: &str,
    mut look: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let deadline = Instant::now().checked_add(ARRIVAL_TIMEOUT).context("a moment that can be named")?;
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        ensure!(Instant::now() < deadline, "{what}: nothing came in {ARRIVAL_TIMEOUT:?}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
