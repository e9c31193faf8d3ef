//! What the pages look like: Designsystemet and htmx as `build.rs` fetched them, or the plain look
//! where it could not, and a style sheet of our own for where things stand.
//!
//! Every file is served under its own hash, so a browser may keep it for good: another text has
//! another address.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::web::error::ApiError;

/// Names and contents of what was fetched; none where the build could not fetch it.
const TAKEN: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/taken.rs"));
const OWN: (&str, &[u8]) = ("stafett.css", include_bytes!("assets/stafett.css"));
const PLAIN: (&str, &[u8]) = ("plain.css", include_bytes!("assets/plain.css"));

/// How long a browser may keep what stands under its own hash: a year, the most that counts.
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// One file of the look.
pub(crate) struct Asset {
    name: &'static str,
    bytes: &'static [u8],
    /// Where it is served.
    pub(crate) path: String,
}

impl Asset {
    fn new((name, bytes): (&'static str, &'static [u8])) -> Self {
        let hash: String = Sha256::digest(bytes).iter().take(10).map(|byte| format!("{byte:02x}")).collect();
        Self { name, bytes, path: format!("/assets/{hash}/{name}") }
    }

    fn is(&self, end: &str) -> bool {
        self.name.rsplit('.').next() == Some(end)
    }

    fn kind(&self) -> HeaderValue {
        HeaderValue::from_static(if self.is("css") {
            "text/css; charset=utf-8"
        } else {
            "text/javascript; charset=utf-8"
        })
    }
}

/// All files, in the order in which a page names them: later style sheets win.
static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let plain = TAKEN.is_empty().then_some(PLAIN);
    TAKEN.iter().copied().chain(plain).chain([OWN]).map(Asset::new).collect()
});

/// The style sheets of every page.
pub(crate) fn sheets() -> impl Iterator<Item = &'static Asset> {
    ASSETS.iter().filter(|asset| asset.is("css"))
}

/// The scripts of every page; a page works without.
pub(crate) fn scripts() -> impl Iterator<Item = &'static Asset> {
    ASSETS.iter().filter(|asset| asset.is("js"))
}

/// Answers with a file of the look.
pub(crate) async fn asset(Path((hash, name)): Path<(String, String)>) -> Result<Response, ApiError> {
    let path = format!("/assets/{hash}/{name}");
    let found = ASSETS.iter().find(|asset| asset.path == path).ok_or(ApiError::NotFound)?;
    let headers = [(header::CONTENT_TYPE, found.kind()), (header::CACHE_CONTROL, FOR_GOOD)];
    Ok((headers, found.bytes).into_response())
}
