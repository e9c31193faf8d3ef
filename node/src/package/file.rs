//! The file that goes to a municipality without a node: one web page that holds the envelope and opens it in
//! the reader's browser with the code word. It sends nothing and loads nothing.

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use stafett_config::NodeConfig;
use stafett_protocol::signed::PublicKey;

use crate::store::StoredPackage;

const SCRIPT: &str = include_str!("open.js");
const STYLE: &str = include_str!("file.css");
/// The style of what is inside, which a policy of the page must let pass too.
pub(crate) const PAPER_STYLE: &str = include_str!("paper.css");
/// What stands before and after the envelope in the page.
const OPENS: &str = "<script type=\"application/jose\" id=\"package\">";
const CLOSES: &str = "</script>";

#[derive(Template)]
#[template(path = "package_file.html")]
struct FilePage<'a> {
    from: &'a str,
    organisation: String,
    made_on: String,
    key: String,
    envelope: &'a str,
    script: &'a str,
    style: &'a str,
    script_hash: String,
    style_hash: String,
    paper_hash: String,
}

/// The name of the file: the day, and nobody's name.
pub fn name_of(stored: &StoredPackage) -> String {
    format!("stafett-pakke-{}.html", stored.file.made_on)
}

/// Writes the page around an envelope.
///
/// # Errors
/// [`askama::Error`] if it cannot be rendered, which memory alone could cause.
pub fn page_of(config: &NodeConfig, stored: &StoredPackage) -> Result<String, askama::Error> {
    let digits = PublicKey(stored.file.signed_by).to_string();
    let groups: Vec<_> = digits.as_bytes().chunks(8).map(String::from_utf8_lossy).collect();
    FilePage {
        from: &config.node.name,
        organisation: config.node.organisation.to_string(),
        made_on: crate::words::time::day_of_text(&stored.file.made_on.to_string()),
        key: groups.join(" "),
        envelope: &stored.file.envelope,
        script: SCRIPT,
        style: STYLE,
        script_hash: hash_of(SCRIPT),
        style_hash: hash_of(STYLE),
        paper_hash: hash_of(PAPER_STYLE),
    }
    .render()
}

/// Finds the envelope in a file as it came: in the page, or by itself.
pub fn envelope_in(text: &str) -> Option<&str> {
    let inside = text.split_once(OPENS).and_then(|(_, rest)| rest.split_once(CLOSES));
    let envelope = inside.map_or(text, |(envelope, _)| envelope).trim();
    let is_compact = envelope.split('.').count() == 5
        && envelope.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    is_compact.then_some(envelope)
}

/// As a policy of content security names a text that may stand in the page.
fn hash_of(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())))
}
