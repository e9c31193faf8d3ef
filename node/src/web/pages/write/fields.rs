//! The fields of a kind as a form shows them, and what a form says as fields.

use stafett_protocol::entry::content::Fields;
use stafett_protocol::entry::schema::{Field, FieldType, fields};
use stafett_protocol::entry::value::check_value;
use stafett_protocol::entry::{EntryKind, FieldKey, FieldValue};

use crate::engine::request::NewEntry;
use crate::web::form::Form;
use crate::web::visitor::Visitor;
use crate::words::entry as entry_words;

/// One field as a form shows it.
pub(super) struct Control {
    pub(super) name: &'static str,
    pub(super) label: String,
    pub(super) help: String,
    pub(super) shape: Shape,
}

/// How a field is filled in.
pub(super) enum Shape {
    /// Several lines; how many.
    Area(u8),
    /// One line.
    Line,
    /// A day.
    Day,
    /// One of several.
    Choice(Vec<(String, String)>),
    /// Yes or not.
    Tick(Vec<(String, String)>),
}

/// The fields of a kind, without those that the form asks for in another way.
pub(super) fn controls(visitor: &Visitor, kind: EntryKind) -> Vec<Control> {
    let asked = fields(kind).iter().filter(|field| is_asked_for(field));
    asked.map(|field| control(visitor, kind, field)).collect()
}

/// That a child's words are not for guardians is asked for with what it means.
fn is_asked_for(field: &Field) -> bool {
    field.key != FieldKey::WithheldFromGuardians && !matches!(field.of, FieldType::Records(_))
}

fn control(visitor: &Visitor, kind: EntryKind, field: &Field) -> Control {
    let language = visitor.asked.language();
    let label = entry_words::field(field.key).in_language(language);
    let said = |code: &&str| {
        let words = entry_words::code(kind, field.key, code);
        ((*code).to_owned(), words.map_or(*code, |words| words.in_language(language)).to_owned())
    };
    let shape = match field.of {
        FieldType::Text if field.key == FieldKey::Title => Shape::Line,
        FieldType::Text => Shape::Area(5),
        FieldType::Lines | FieldType::Records(_) => Shape::Area(3),
        FieldType::Line | FieldType::Time | FieldType::Number { .. } => Shape::Line,
        FieldType::Date => Shape::Day,
        FieldType::Flag => Shape::Tick(vec![("yes".to_owned(), visitor.t("write-yes").to_string())]),
        FieldType::Choice(codes) => {
            let nothing = (String::new(), visitor.t("write-nothing").to_string());
            Shape::Choice(std::iter::once(nothing).chain(codes.iter().map(said)).collect())
        }
    };
    let help = match (field.of, field.required) {
        (FieldType::Lines, _) => visitor.t("write-one-a-line").to_string(),
        (_, true) => visitor.t("write-required").to_string(),
        (_, false) => String::new(),
    };
    Control { name: field.key.as_str(), label: label.to_owned(), help, shape }
}

/// Reads the fields that have something in them.
pub(super) fn read_fields(visitor: &Visitor, form: &mut Form, kind: EntryKind) -> Fields {
    let mut read = Fields::new();
    for field in fields(kind).iter().filter(|field| is_asked_for(field)) {
        let name = field.key.as_str();
        let text = form.value(name).to_owned();
        let value = match field.of {
            FieldType::Flag => form.has(name, "yes").then_some(FieldValue::Flag(true)),
            FieldType::Number { .. } if !text.is_empty() => {
                let number = text.parse().ok().map(FieldValue::Number);
                if number.is_none() {
                    form.refuse(name, visitor.t("write-field-wrong"));
                }
                number
            }
            FieldType::Lines => {
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                let lines: Vec<_> = lines.map(str::to_owned).collect();
                (!lines.is_empty()).then_some(FieldValue::Lines(lines))
            }
            _ => (!text.is_empty()).then_some(FieldValue::Text(text)),
        };
        read.extend(value.map(|value| (field.key, value)));
    }
    read
}

/// Fills a form with what fields say.
pub(super) fn write_fields(mut form: Form, fields: &Fields) -> Form {
    for (key, value) in fields {
        form = form.put(key.as_str(), as_text(value));
    }
    form
}

/// A value as a form holds it.
pub(super) fn as_text(value: &FieldValue) -> String {
    match value {
        FieldValue::Flag(true) => "yes".to_owned(),
        FieldValue::Flag(false) | FieldValue::Records(_) => String::new(),
        FieldValue::Number(number) => number.to_string(),
        FieldValue::Text(text) => text.clone(),
        FieldValue::Lines(lines) => lines.join("\n"),
    }
}

/// Says beside each field what keeps the entry from being made.
pub(super) fn refuse_content(visitor: &Visitor, form: &mut Form, entry: &NewEntry) {
    for field in fields(entry.kind).iter().filter(|field| field.required) {
        if !entry.fields.contains_key(&field.key) {
            form.refuse(field.key.as_str(), visitor.t("write-field-missing"));
        }
    }
    refuse_values(visitor, form, entry);
}

/// Says beside each field what does not fit it; an unfinished draft may lack fields.
pub(super) fn refuse_values(visitor: &Visitor, form: &mut Form, entry: &NewEntry) {
    for field in fields(entry.kind) {
        let value = entry.fields.get(&field.key).cloned().map(FieldValue::normalized);
        if value.is_some_and(|value| check_value(field, &value).is_err()) {
            form.refuse(field.key.as_str(), visitor.t("write-field-wrong"));
        }
    }
}
