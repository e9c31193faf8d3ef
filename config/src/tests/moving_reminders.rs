//! `[[moving_reminders]]`: what services do in their own systems.

use jiff::civil::date;

use super::support::{Folder, NODE, node_refusal, replaced};
use crate::moving_reminder::MovingReminder;
use crate::names::Names;
use crate::templates::standard_moving_reminders;

const REMINDER: &str = r#"[[moving_reminders]]
who.nb = "Skolen"
who.nn = "Skulen"
what.nb = "Den nye skolen får det som er nødvendig."
basis = "opplæringslova"
as_of = 2026-11-01
"#;

fn read(reminders: &str) -> Vec<MovingReminder> {
    let folder = Folder::new().write("stafett.toml", &format!("{NODE}\n{reminders}"));
    folder.load().expect("right settings").moving_reminders
}

fn refusal(from: &str, to: &str) -> String {
    let message = node_refusal(&format!("{NODE}\n{}", replaced(REMINDER, from, to)));
    message.split_once(": ").expect("a place").1.to_owned()
}

#[test]
fn standard_list_holds_until_a_municipality_has_its_own() {
    assert_eq!(read(""), standard_moving_reminders());
    assert!(standard_moving_reminders().len() > 1);

    let own = read(REMINDER);

    let who = Names { nb: "Skolen".to_owned(), nn: Some("Skulen".to_owned()), en: None };
    let what = Names { nb: "Den nye skolen får det som er nødvendig.".to_owned(), nn: None, en: None };
    let basis = Some("opplæringslova".to_owned());
    assert_eq!(own, [MovingReminder { who, what, basis, as_of: date(2026, 11, 1) }]);
}

#[test]
fn every_standard_reminder_could_stand_in_a_file() {
    for reminder in standard_moving_reminders() {
        for text in [&reminder.who, &reminder.what].map(|names| [Some(&names.nb), names.nn.as_ref()]) {
            for text in text {
                let text = text.expect("both languages");
                assert!((1..=200).contains(&text.chars().count()), "{text}");
            }
        }
    }
}

#[test]
fn reminder_without_a_date_or_that_cannot_be_meant_is_refused_with_its_place() {
    assert!(refusal("as_of = 2026-11-01\n", "").starts_with("moving_reminders.as_of: expected"));
    assert!(refusal("basis", "law").contains("expected one of who, what, basis, as_of"));
    let many = node_refusal(&format!("{NODE}\n{}", REMINDER.repeat(33)));
    assert!(many.ends_with("moving_reminders: expected at most 32 reminders, found 33"), "{many}");
}
