//! Forms of pages: what was posted, and what is wrong with it.
//!
//! Every act of a page is a plain form that is posted and answered with a redirect (303), so that
//! it works without a script and reloading repeats nothing. A form that does not hold is shown
//! again, with what was written in it and what is wrong beside each field.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};

use stafett_protocol::entry::value::{check_line, check_text, normalized};

use crate::engine::entries::{FormId, Press, WrittenIn};
use crate::web::Api;
use crate::web::error::ApiError;
use crate::web::guard;
use crate::web::limits::{BODY_BYTES_MAX, FORM_FIELDS_MAX};

/// The field that brings a form's own id back.
const ID: &str = "form-id";

/// The fields of a form with their values, and what is wrong with them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Form {
    fields: Vec<(String, String)>,
    wrong: Vec<Wrong>,
}

/// What is wrong with one field.
#[derive(Debug, Clone)]
pub(crate) struct Wrong {
    /// The field's name, which is its id on the page too.
    pub(crate) field: String,
    /// What to do about it.
    pub(crate) message: String,
}

impl Form {
    /// A form as it is first shown; [`Form::put`] fills in what is known.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a value to a field.
    #[must_use]
    pub(crate) fn put(mut self, field: &str, value: impl Into<String>) -> Self {
        self.fields.push((field.to_owned(), value.into()));
        self
    }

    /// Returns the first value of a field without spaces around it; empty if there is none.
    pub(crate) fn value(&self, field: &str) -> &str {
        let mut of_field = self.fields.iter().filter(|(name, _)| name == field);
        of_field.next().map(|(_, value)| value.trim()).unwrap_or_default()
    }

    /// Returns all values of a field, such as of boxes that can be ticked, empty ones left out.
    pub(crate) fn values<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a str> {
        let of_field = self.fields.iter().filter(move |(name, _)| name == field);
        of_field.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// Returns whether a field has a value, for boxes and choices.
    pub(crate) fn has(&self, field: &str, value: &str) -> bool {
        self.values(field).any(|one| one == value)
    }

    /// Returns whether a field has any value, or one that is wrong.
    pub(crate) fn is_touched(&self, field: &str) -> bool {
        self.values(field).next().is_some() || self.error(field).is_some()
    }

    /// Sets a field to one value in place of what it had.
    #[must_use]
    pub(crate) fn with(mut self, field: &str, value: impl Into<String>) -> Self {
        self.fields.retain(|(name, _)| name != field);
        self.put(field, value)
    }

    /// Gives the form an id of its own unless it has one, so that it publishes once what it
    /// publishes, however often its button is pressed. `forms::id` puts it into a page.
    #[must_use]
    pub(crate) fn with_id(self) -> Self {
        if FormId::read(self.value(ID)).is_some() { self } else { self.with(ID, FormId::draw().to_string()) }
    }

    /// Returns where what this form publishes was written.
    pub(crate) fn written_in(&self) -> WrittenIn {
        WrittenIn { draft: None, form: FormId::read(self.value(ID)) }
    }

    /// Returns what tells one press of this form's button from another; none for a form without an id.
    pub(crate) fn press(&self) -> Option<Press> {
        FormId::read(self.value(ID)).map(|form| Press::of(form, self.pairs()))
    }

    /// Goes through all fields with their values, as they were sent; also to carry a form through
    /// another page.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Says what is wrong with a field; a field may be wrong once.
    pub(crate) fn refuse(&mut self, field: &str, message: impl ToString) {
        if self.error(field).is_none() {
            self.wrong.push(Wrong { field: field.to_owned(), message: message.to_string() });
        }
    }

    /// Returns a field's value, or says that it is missing.
    pub(crate) fn require(&mut self, field: &str, message: impl ToString) -> String {
        let value = self.value(field).to_owned();
        if value.is_empty() {
            self.refuse(field, message);
        }
        value
    }

    /// Refuses a line that cannot be kept: too long, or with characters that no line has.
    pub(crate) fn check_line(&mut self, field: &str, message: impl ToString) {
        let line = normalized(self.value(field));
        if !line.is_empty() && check_line(&line).is_err() {
            self.refuse(field, message);
        }
    }

    /// Refuses a text that cannot be kept: too long, or with control characters.
    pub(crate) fn check_text(&mut self, field: &str, message: impl ToString) {
        if check_text(&normalized(self.value(field))).is_err() {
            self.refuse(field, message);
        }
    }

    /// Returns the one of some fields that most is written in; it is the one to shorten when all of
    /// them together are too long.
    pub(crate) fn longest<'a>(&self, fields: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
        fields.into_iter().max_by_key(|field| self.value(field).len())
    }

    /// Returns what is wrong with a field.
    pub(crate) fn error(&self, field: &str) -> Option<&str> {
        self.wrong.iter().find(|wrong| wrong.field == field).map(|wrong| wrong.message.as_str())
    }

    /// Returns what is wrong, in the order in which it was found.
    pub(crate) fn errors(&self) -> &[Wrong] {
        &self.wrong
    }

    /// Returns whether nothing is wrong.
    pub(crate) fn holds(&self) -> bool {
        self.wrong.is_empty()
    }
}

/// A posted form, which a page of this node sent.
pub(crate) struct Posted(pub(crate) Form);

impl FromRequest<Api> for Posted {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &Api) -> Result<Self, ApiError> {
        if !guard::is_proven_own(request.uri(), request.headers()) {
            return Err(ApiError::ForeignOrigin);
        }
        if !is_plain_form(request.headers()) {
            return Err(ApiError::UnsupportedMediaType);
        }
        let bytes = Bytes::from_request(request, api)
            .await
            .map_err(|_| ApiError::BodyTooLarge { bytes_max: BODY_BYTES_MAX })?;
        parse(&bytes).map(Self)
    }
}

/// A browser sends text areas with CRLF; one line end is kept as one.
fn parse(bytes: &[u8]) -> Result<Form, ApiError> {
    let pairs = form_urlencoded::parse(bytes).take(FORM_FIELDS_MAX.saturating_add(1));
    let fields: Vec<_> =
        pairs.map(|(name, value)| (name.into_owned(), value.replace("\r\n", "\n"))).collect();
    if fields.len() > FORM_FIELDS_MAX {
        return Err(ApiError::Invalid { field: None, reason: "expected fewer fields".into() });
    }
    Ok(Form { fields, wrong: Vec::new() })
}

fn is_plain_form(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// Returns an address of this node to go back to, if that is what it is: a path, not a host.
pub(crate) fn own_path(to: &str) -> Option<&str> {
    let is_path = to.starts_with('/') && !to.starts_with("//") && to.len() <= 512;
    let is_plain = to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    (is_path && is_plain).then_some(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_keeps_every_value_of_a_field_and_drops_the_browsers_line_ends() {
        let form = parse(b"area=language&area=attendance&text=%C3%B8%0D%0Ab&area=&x=+y+").expect("a form");

        assert_eq!(form.values("area").collect::<Vec<_>>(), ["language", "attendance"]);
        assert_eq!(form.value("text"), "ø\nb");
        assert_eq!(form.value("x"), "y");
        assert!(form.has("area", "attendance") && !form.has("area", "other"));
        assert_eq!(form.value("missing"), "");
    }

    #[test]
    fn form_with_too_many_fields_is_refused() {
        let fields = |count: usize| vec!["a=b"; count].join("&");

        assert!(parse(fields(FORM_FIELDS_MAX).as_bytes()).is_ok());
        assert!(parse(fields(FORM_FIELDS_MAX + 1).as_bytes()).is_err());
    }

    #[test]
    fn field_is_wrong_once_and_the_first_reason_stands() {
        let mut form = Form::new().put("title", " ");

        assert_eq!(form.require("title", "first"), "");
        form.refuse("title", "second");

        assert_eq!(form.error("title"), Some("first"));
        assert_eq!(form.errors().len(), 1);
        assert!(!form.holds());
    }

    #[test]
    fn only_paths_of_this_node_are_gone_back_to() {
        for path in ["/", "/cases/3f0c3a9e?area=language"] {
            assert_eq!(own_path(path), Some(path));
        }
        for elsewhere in
            ["", "cases", "//other.example", "/\\other.example", "https://other.example", "/a b", "/\u{f8}"]
        {
            assert_eq!(own_path(elsewhere), None, "{elsewhere}");
        }
        assert_eq!(own_path(&format!("/{}", "a".repeat(512))), None);
    }
}
