//! One person's program: asks a node's HTTP API with the person's token, and knows nothing else.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, ensure};
use reqwest::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// A person at a node.
#[derive(Clone)]
pub struct Person {
    http: reqwest::Client,
    base: String,
    token: String,
}

/// An answer as it came, for comparing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Without the date, which tells the second and nothing else.
    pub headers: BTreeMap<String, Vec<u8>>,
    /// The body.
    pub body: Vec<u8>,
}

impl Person {
    /// Makes a person's program.
    ///
    /// # Errors
    /// If there is no HTTP client.
    pub fn new(web: &str, token: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().timeout(ANSWER_TIMEOUT).no_proxy().build()?;
        Ok(Self { http, base: web.to_owned(), token: token.to_owned() })
    }

    /// Asks and returns the answer as it came, whatever it says.
    ///
    /// # Errors
    /// If no answer came: the node may have done what was asked, or not.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> anyhow::Result<Answer> {
        let address = format!("{}/api/v1{path}", self.base);
        let request = self.http.request(method.clone(), address).bearer_auth(&self.token);
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        answer(request, &format!("{method} {path}")).await
    }

    /// The same person at a node that was started again, on another port.
    pub fn at(&self, web: &str) -> Self {
        Self { base: web.to_owned(), ..self.clone() }
    }

    /// Asks for a page as a browser does, from the node's root.
    ///
    /// # Errors
    /// If no answer came.
    pub async fn page(&self, path: &str) -> anyhow::Result<Answer> {
        let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(&self.token);
        answer(request.header("accept", "text/html,*/*;q=0.8"), path).await
    }

    /// Asks for something that must be done: an answer of 2xx, read.
    ///
    /// # Errors
    /// If the node refuses, with what it says.
    pub async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<T> {
        let answer = self.ask(method.clone(), path, body).await?;
        let said = String::from_utf8_lossy(&answer.body);
        ensure!((200..300).contains(&answer.status), "{method} {path}: {} {said}", answer.status);
        let body: &[u8] = if answer.body.is_empty() { b"null" } else { &answer.body };
        serde_json::from_slice(body).with_context(|| format!("the answer to {method} {path}: {said}"))
    }

    /// Reads something.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        self.send(Method::GET, path, None).await
    }

    /// Posts something.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn post<T: DeserializeOwned>(&self, path: &str, body: &Value) -> anyhow::Result<T> {
        self.send(Method::POST, path, Some(body)).await
    }
}

async fn answer(request: reqwest::RequestBuilder, of: &str) -> anyhow::Result<Answer> {
    let response = request.send().await.with_context(|| of.to_owned())?;
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .filter(|(name, _)| *name != "date")
        .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
        .collect();
    let body = response.bytes().await.with_context(|| of.to_owned())?.to_vec();
    Ok(Answer { status, headers, body })
}
