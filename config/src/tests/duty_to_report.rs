//! The text on the duty to report: what the program brings, and what a municipality puts in its place.

use jiff::civil::date;

use super::support::{Folder, NODE, replaced};
use crate::duty_to_report::DutyText;
use crate::names::Language;
use crate::{ConfigError, NodeConfig};

const BUILT_IN: &str = include_str!("../../duty-to-report/nb.toml");

fn with(lines: &str) -> Folder {
    Folder::new().write("stafett.toml", &format!("{NODE}\n[duty_to_report]\n{lines}\n"))
}

/// A node whose own text in bokmål is `text`.
fn own(text: &str) -> Result<NodeConfig, ConfigError> {
    with("text_nb = \"own.toml\"").write_and("own.toml", text, Folder::load)
}

fn own_refusal(text: &str) -> String {
    let message = own(text).expect_err("a refusal").to_string();
    let start = message.find("own.toml").expect("the file's name");
    message[start..].to_owned()
}

fn everything(text: &DutyText) -> String {
    let part = |part: &crate::duty_to_report::DutyPart| {
        [&part.text, &part.points, &part.after].map(|lines| lines.join("\n")).join("\n")
    };
    text.parts.iter().map(part).collect::<Vec<_>>().join("\n")
}

#[test]
fn texts_that_the_program_brings_have_date_sources_and_the_five_criteria() {
    let config = Folder::new().config();

    for language in [Language::Nb, Language::Nn] {
        let text = config.duty_to_report.text(language);
        assert_eq!(text.valid_from, date(2023, 1, 1));
        assert!(text.sources.iter().any(|source| source.contains("§ 13-2")), "{:?}", text.sources);
        assert!(text.sources.iter().any(|source| source.contains("§ 196")), "{:?}", text.sources);
        let points: Vec<usize> = text.parts.iter().map(|part| part.points.len()).collect();
        assert_eq!(points, [5, 0, 0, 0], "a to e");
        assert!(text.report_url.starts_with("https://"));
    }
}

#[test]
fn texts_say_what_they_must_in_both_languages() {
    let config = Folder::new().config();
    let said = [
        (Language::Nb, ["din egen", "venter ikke", "hindrer deg verken i å melde fra eller i å avverge"]),
        (Language::Nn, ["di eiga", "ventar ikkje", "hindrar deg verken i å melde frå eller i å avverje"]),
    ];
    for (language, words) in said {
        let text = everything(config.duty_to_report.text(language));
        for word in words {
            assert!(text.contains(word), "{word}");
        }
        let warned = ["foreldrene ikke varsles først", "foreldra ikkje varslast først"];
        assert!(warned.iter().any(|words| text.contains(words)));
        assert!(["utenfor stafettloggen", "utanfor stafettloggen"].iter().any(|words| text.contains(words)));
    }
}

#[test]
fn national_numbers_stand_after_the_local_ones_that_were_given() {
    let without = Folder::new().config();
    let with = with("child_welfare_phone = \"00 00 00 00\"\non_call_phone = \"+47 00 00 00 01\"").config();
    let numbers = |config: &NodeConfig| -> Vec<String> {
        config.duty_to_report.phones(Language::Nn).into_iter().map(|phone| phone.number).collect()
    };

    assert_eq!(numbers(&without), ["112", "02800", "116 111"]);
    assert_eq!(numbers(&with), ["00 00 00 00", "+47 00 00 00 01", "112", "02800", "116 111"]);
}

#[test]
fn plain_text_holds_every_line_and_number() {
    let config = with("child_welfare_phone = \"00 00 00 00\"").config();

    let plain = config.duty_to_report.plain(Language::Nb);

    let text = &config.duty_to_report.nb;
    for line in everything(text).lines().chain([text.title.as_str(), &text.lead, &text.report_url]) {
        assert!(plain.contains(line), "{line}");
    }
    for number in ["00 00 00 00", "112", "02800", "116 111", "2023-01-01", "§ 13-2"] {
        assert!(plain.contains(number), "{number}");
    }
    assert!(plain.contains("\na) ") && plain.contains("\ne) ") && !plain.contains("\nf) "), "{plain}");
}

#[test]
fn text_of_the_municipality_takes_the_place_of_the_one_that_the_program_brings() {
    let changed = replaced(BUILT_IN, "2023-01-01", "2027-07-01");
    let changed =
        replaced(&changed, "lead = \"Er et barn i fare nå, ring politiet på 112.\"", "lead = \"Ring.\"");

    let config = own(&changed).expect("a right text");

    assert_eq!(config.duty_to_report.nb.valid_from, date(2027, 7, 1));
    assert_eq!(config.duty_to_report.nb.lead, "Ring.");
    assert_eq!(config.duty_to_report.nn, Folder::new().config().duty_to_report.nn);
}

#[test]
fn text_without_date_source_criteria_or_number_is_refused_where_it_lacks() {
    let without = |key: &str| {
        let line = BUILT_IN.lines().find(|line| line.starts_with(key)).expect("the key");
        own_refusal(&BUILT_IN.replacen(line, "", 1))
    };

    assert!(without("valid_from = ").starts_with("own.toml:1:1: valid_from: expected a date"));
    assert!(without("report = ").contains("label: expected"));
    let none = replaced(BUILT_IN, "number = \"112\"", "number = \"elleve to\"");
    assert!(
        own_refusal(&none).contains("phones.number: expected a telephone number"),
        "{}",
        own_refusal(&none)
    );
    assert!(own_refusal("valid_from = 2023-01-01").contains("parts: expected at least one part"));
    assert!(own_refusal(&format!("extra = 1\n{BUILT_IN}")).contains("extra: expected"));
}

#[test]
fn portal_by_anything_but_https_is_refused() {
    for address in
        ["http://www.example", "javascript:alert(1)", "https://", "https://a\\\"b", "//www.example"]
    {
        let text = replaced(BUILT_IN, "https://www.bufdir.no/Barnevern/Melde_fra_til_barnevernet/", address);

        assert!(own_refusal(&text).contains("report.url: expected an address"), "{address}");
    }
}

#[test]
fn file_that_is_not_there_is_named() {
    let refused = with("text_nn = \"gone.toml\"").load().expect_err("no such file");

    assert!(refused.to_string().contains("gone.toml"), "{refused}");
}
