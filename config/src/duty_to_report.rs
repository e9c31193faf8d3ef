//! `[duty_to_report]`: the text on the duty to report and the duty to avert (meldeplikt,
//! avvergingsplikt) that every page carries, and the local telephone numbers in it.
//!
//! The text is data with a date and its sources, because laws change and municipalities word
//! things differently. The program brings one in each language; a file of the municipality takes
//! its place whole. Nothing here can be switched off: a page without the text does not exist.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use toml::de::DeValue;

use crate::document::{Document, Section, Visibility};
use crate::error::ConfigError;
use crate::names::Language;
use crate::value::{FromValue, Name, Prose};

const NB: &str = include_str!("../duty-to-report/nb.toml");
const NN: &str = include_str!("../duty-to-report/nn.toml");

/// What every page says of the duty to report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyToReportConfig {
    /// The child welfare service's telephone in working hours, if it was given.
    pub child_welfare_phone: Option<String>,
    /// The telephone of the child welfare service on call (barnevernsvakta), if it was given.
    pub on_call_phone: Option<String>,
    /// The text in bokmål.
    pub nb: DutyText,
    /// The text in nynorsk.
    pub nn: DutyText,
}

/// The text in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyText {
    /// The day from which the rules that it tells of are in force.
    pub valid_from: Date,
    /// What it was written from, with sections; at least one.
    pub sources: Vec<String>,
    /// Its title.
    pub title: String,
    /// What comes before everything else.
    pub lead: String,
    /// Its parts, in order; at least one.
    pub parts: Vec<DutyPart>,
    /// What stands above the contacts.
    pub contacts_heading: String,
    /// What the national portal for reports is called.
    pub report_label: String,
    /// The portal's address, by HTTPS.
    pub report_url: String,
    /// What the local child welfare service is called.
    pub child_welfare: String,
    /// What the child welfare service on call is called.
    pub on_call: String,
    /// Numbers that are the same in the whole country; at least one.
    pub phones: Vec<DutyPhone>,
}

/// One part of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyPart {
    /// Its heading.
    pub heading: String,
    /// Paragraphs; at least one.
    pub text: Vec<String>,
    /// Points, lettered from a.
    pub points: Vec<String>,
    /// Paragraphs after the points.
    pub after: Vec<String>,
}

/// A telephone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DutyPhone {
    /// Whose.
    pub label: String,
    /// The number as people read it.
    pub number: String,
}

pub(crate) const KEYS: &[&str] = &["child_welfare_phone", "on_call_phone", "text_nb", "text_nn"];
const TEXT_KEYS: &[&str] = &[
    "valid_from",
    "sources",
    "title",
    "lead",
    "parts",
    "contacts_heading",
    "report",
    "child_welfare",
    "on_call",
    "phones",
];
const PART_KEYS: &[&str] = &["heading", "text", "points", "after"];
const REPORT_KEYS: &[&str] = &["label", "url"];
const PHONE_KEYS: &[&str] = &["label", "number"];

/// As many as there are letters to count them with.
const POINTS_MAX: usize = 26;
const DIGITS: std::ops::RangeInclusive<usize> = 3..=15;

/// A telephone number: digits in groups, with or without the country's code.
struct Phone(String);

impl FromValue for Phone {
    const EXPECTED: &'static str =
        "a telephone number of 3 to 15 digits, with spaces and a leading + at most";

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let text = value.as_str()?;
        let rest = text.strip_prefix('+').unwrap_or(text);
        let digits = rest.bytes().filter(u8::is_ascii_digit).count();
        let fits = rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b' ')
            && DIGITS.contains(&digits)
            && text.trim() == text
            && !text.contains("  ");
        fits.then(|| Self(text.to_owned()))
    }
}

/// An address that a browser may be led to.
struct HttpsAddress(String);

impl FromValue for HttpsAddress {
    const EXPECTED: &'static str = "an address that begins with https://, of at most 500 characters";

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let text = value.as_str()?;
        let host = text.strip_prefix("https://")?;
        let begins = host.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'<>\\^`{|}".contains(&byte));
        (begins && plain && text.len() <= 500).then(|| Self(text.to_owned()))
    }
}

impl DutyToReportConfig {
    pub(crate) fn read(section: &Section<'_>, folder: &Path) -> Result<Self, ConfigError> {
        section.only(KEYS)?;
        let phone =
            |key| -> Result<_, ConfigError> { Ok(section.get::<Phone>(key)?.map(|phone| phone.value.0)) };
        Ok(Self {
            child_welfare_phone: phone("child_welfare_phone")?,
            on_call_phone: phone("on_call_phone")?,
            nb: text(section, "text_nb", folder, ("duty-to-report/nb.toml", NB))?,
            nn: text(section, "text_nn", folder, ("duty-to-report/nn.toml", NN))?,
        })
    }

    /// Returns the text in `language`.
    pub const fn text(&self, language: Language) -> &DutyText {
        match language {
            Language::Nb => &self.nb,
            Language::Nn => &self.nn,
        }
    }

    /// Returns every telephone in the order of a page: the local ones first, if they were given.
    pub fn phones(&self, language: Language) -> Vec<DutyPhone> {
        let text = self.text(language);
        let local = [(&text.child_welfare, &self.child_welfare_phone), (&text.on_call, &self.on_call_phone)];
        let given = local.into_iter().filter_map(|(label, number)| {
            number.as_ref().map(|number| DutyPhone { label: label.clone(), number: number.clone() })
        });
        given.chain(text.phones.iter().cloned()).collect()
    }

    /// Returns everything as plain lines, for programs that show it to people.
    pub fn plain(&self, language: Language) -> String {
        let text = self.text(language);
        let mut plain = format!("{}\n\n{}\n", text.title, text.lead);
        // Writing to a string cannot fail.
        for part in &text.parts {
            let _ = writeln!(plain, "\n{}", part.heading);
            let points =
                part.points.iter().zip('a'..='z').map(|(point, letter)| format!("{letter}) {point}"));
            for line in part.text.iter().cloned().chain(points).chain(part.after.iter().cloned()) {
                let _ = writeln!(plain, "{line}");
            }
        }
        let _ = writeln!(plain, "\n{}", text.contacts_heading);
        let _ = writeln!(plain, "{}: {}", text.report_label, text.report_url);
        for phone in self.phones(language) {
            let _ = writeln!(plain, "{}: {}", phone.label, phone.number);
        }
        let _ = write!(plain, "\n{}: {}", text.valid_from, text.sources.join("; "));
        plain
    }
}

/// Reads the text that the settings name, or the one that the program brings.
fn text(
    section: &Section<'_>,
    key: &str,
    folder: &Path,
    (name, built_in): (&str, &str),
) -> Result<DutyText, ConfigError> {
    let document = match section.get::<PathBuf>(key)? {
        Some(file) => Document::open(&folder.join(file.value), Visibility::Shown)?,
        None => Document::of(Path::new(name), built_in.to_owned(), Visibility::Shown),
    };
    document.read(|root| DutyText::read(&root))
}

impl DutyText {
    fn read(root: &Section<'_>) -> Result<Self, ConfigError> {
        root.only(TEXT_KEYS)?;
        let report = root.section("report")?;
        report.only(REPORT_KEYS)?;
        let parts = root.sections("parts")?.iter().map(DutyPart::read).collect::<Result<Vec<_>, _>>()?;
        if parts.is_empty() {
            return Err(root.missing("parts", "at least one part"));
        }
        let phones = root.sections("phones")?.iter().map(DutyPhone::read).collect::<Result<Vec<_>, _>>()?;
        if phones.is_empty() {
            return Err(root.missing("phones", "at least one telephone"));
        }
        Ok(Self {
            valid_from: root.require("valid_from")?.value,
            sources: some(root, "sources")?,
            title: root.require::<Name>("title")?.value.0,
            lead: root.require::<Prose>("lead")?.value.0,
            parts,
            contacts_heading: root.require::<Name>("contacts_heading")?.value.0,
            report_label: report.require::<Name>("label")?.value.0,
            report_url: report.require::<HttpsAddress>("url")?.value.0,
            child_welfare: root.require::<Name>("child_welfare")?.value.0,
            on_call: root.require::<Name>("on_call")?.value.0,
            phones,
        })
    }
}

impl DutyPart {
    fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        section.only(PART_KEYS)?;
        let points = prose(section, "points")?;
        if points.len() > POINTS_MAX {
            let (expected, found) = (format!("at most {POINTS_MAX} points"), points.len().to_string());
            return Err(section.refuse("points", expected, found));
        }
        Ok(Self {
            heading: section.require::<Name>("heading")?.value.0,
            text: some(section, "text")?,
            points,
            after: prose(section, "after")?,
        })
    }
}

impl DutyPhone {
    fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        section.only(PHONE_KEYS)?;
        Ok(Self {
            label: section.require::<Name>("label")?.value.0,
            number: section.require::<Phone>("number")?.value.0,
        })
    }
}

fn prose(section: &Section<'_>, key: &str) -> Result<Vec<String>, ConfigError> {
    Ok(section.list::<Prose>(key)?.into_iter().map(|prose| prose.value.0).collect())
}

fn some(section: &Section<'_>, key: &str) -> Result<Vec<String>, ConfigError> {
    let given = prose(section, key)?;
    if given.is_empty() { Err(section.missing(key, "at least one paragraph")) } else { Ok(given) }
}
