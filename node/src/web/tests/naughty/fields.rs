//! The fields that something can be written in.

use stafett_protocol::entry::schema::{FieldType, fields};

use super::strings::{Chunk, Rule};
use super::{Fields, of};

/// The kinds that a form is there for.
pub(super) const KINDS: [&str; 10] = [
    "goal",
    "measure",
    "note",
    "concern",
    "child-voice",
    "bright-spot",
    "guardian-input",
    "evaluation",
    "agreement",
    "decision",
];

/// What a page after an act begins with.
pub(super) const NOTICE: &str = "div class data-color role";

/// What stands on a page beside a field that is refused.
pub(super) const WRONG: [&str; 6] =
    ["div class role tabindex", "h2 class data-size", "ul", "li", "a class href", "p class data-field id"];

impl Chunk {
    /// What no page could mistake.
    pub(super) fn harmless() -> Self {
        Self::alone("harmløst")
    }
}

/// A form that publishes a kind with a text in each of its free fields, and what must be shown.
pub(super) fn filled(kind: &str, text: &str) -> (Fields<'static>, Vec<String>) {
    let mut form = of(&[("do", "publish"), ("entry-area", "language"), ("entry-about", "subject")]);
    form.push(("entry-kind", kind.to_owned()));
    let line: String = text.chars().filter(|c| Rule::Line.takes(&c.to_string())).collect();
    let mut parts = Vec::new();
    for field in fields(kind.parse().expect("a kind")) {
        let name = field.key.as_str();
        let value = match field.of {
            FieldType::Text => format!("{name}: {text}"),
            FieldType::Line | FieldType::Lines => format!("{name}: {line}"),
            FieldType::Date => "2027-01-20".to_owned(),
            FieldType::Time => "13:30".to_owned(),
            FieldType::Number { .. } => "1".to_owned(),
            FieldType::Choice(codes) => codes[0].to_owned(),
            FieldType::Flag | FieldType::Records(_) => continue,
        };
        if matches!(field.of, FieldType::Text | FieldType::Line | FieldType::Lines) {
            parts.push(unicode_normalization::UnicodeNormalization::nfc(value.as_str()).collect());
        }
        form.push((name, value));
    }
    (form, parts)
}

/// A field that does not take everything.
pub(super) struct Refusing {
    pub(super) path: String,
    pub(super) name: &'static str,
    pub(super) rule: Rule,
    pub(super) bytes_max: usize,
    /// What else the form needs.
    pub(super) others: Fields<'static>,
    pub(super) is_mothers: bool,
    /// Whether each line of the field is one of its own.
    is_lines: bool,
}

impl Refusing {
    /// What the rule is asked about.
    pub(super) fn rule_text(&self, text: &str) -> String {
        if self.is_lines { text.replace('\n', "") } else { text.to_owned() }
    }
}

/// Every field that does not take everything, with the form around it.
pub(super) fn refusing(case: &str, home: &str) -> Vec<Refusing> {
    let field = |path: &str, name, rule, bytes_max, others: &[(&'static str, &str)]| Refusing {
        path: path.to_owned(),
        name,
        rule,
        bytes_max,
        others: of(others),
        is_mothers: path.starts_with("/family/"),
        is_lines: name == "present",
    };
    let text = 64 * 1024;
    let line = 1_024;
    let write = format!("{case}/write");
    let note =
        [("do", "publish"), ("entry-kind", "note"), ("entry-area", "language"), ("entry-about", "subject")];
    let draft = [("do", "draft"), ("entry-kind", "note"), ("entry-about", "subject")];
    let measure = [
        ("do", "review"),
        ("entry-kind", "measure"),
        ("title", "x"),
        ("status", "started"),
        ("deadline", "2027-02-01"),
        ("entry-area", "language"),
        ("entry-about", "subject"),
    ];
    let meeting = format!("{case}/meeting");
    let begun = [("date", "2027-01-20"), ("areas", "language")];
    let new = [("kind", "child"), ("level", "1")];
    let named = [("kind", "child"), ("level", "1"), ("name", "Ane"), ("guardian-1-relation", "other")];
    let household = format!("{case}/family");
    let question = [
        ("recipient", "997391853.health-station"),
        ("areas", "language"),
        ("kinds", "note"),
        ("child_heard", "not-asked"),
        ("act", "ask"),
        ("purpose", "x"),
    ];
    let words = format!("{home}/write");
    let family = [("areas", "language"), ("about", "child"), ("act", "publish")];
    let reason = ("reason", "Ingen har sett barnet siden i går");
    let to = super::super::support::Who::Colleague.account().to_string();
    vec![
        field(&write, "description", Rule::Text, text, &note),
        field(&write, "title", Rule::Text, text, &note),
        field(&write, "description", Rule::Text, text, &draft),
        field(&write, "responsible", Rule::Line, line, &measure),
        field(&meeting, "place", Rule::Line, line, &begun),
        field(&meeting, "present", Rule::Line, line, &begun),
        field("/cases/new", "name", Rule::Line, line, &new),
        field("/cases/new", "unit", Rule::Line, line, &named[..3]),
        field("/cases/new", "language", Rule::Line, line, &named[..3]),
        field("/cases/new", "address", Rule::Line, line, &named[..3]),
        field("/cases/new", "guardian-1-name", Rule::Line, line, &named),
        field(
            &household,
            "name",
            Rule::Line,
            line,
            &[("act", "register"), ("document", "x"), ("relation", "other")],
        ),
        field(&household, "document", Rule::Line, 200, &[("act", "register")]),
        field(&format!("{case}/consents/new"), "reservations", Rule::Text, 2_000, &question),
        field(&format!("{case}/consents/new"), "purpose", Rule::Text, 2_000, &question[..5]),
        field(&words, "text", Rule::Text, text, &family),
        field(&format!("{case}/baton/offer"), "note", Rule::Text, 16 * 1024, &[("to", &to)]),
        field("/search", "query", Rule::All, 800, &[]),
        field("/emergency", "name", Rule::Line, line, &[("birth-date", "2015-03-14"), reason]),
        field("/emergency", "reason", Rule::Text, 500, &[("birth-date", "2015-03-14"), ("name", "Ane")]),
    ]
}
