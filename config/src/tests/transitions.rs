//! `[[transitions]]`: the checklist of a transition.

use stafett_protocol::limits::TRANSITION_ITEMS_MAX;
use stafett_protocol::transition::MetBy;

use super::support::{Folder, NODE, node_refusal, replaced};
use crate::templates::standard_transitions;
use crate::transition::TransitionItem;

const ITEM: &str = r#"[[transitions]]
code = "joint-meeting"
names.nb = "Felles møte"
days_before = 60
met_by = "offer"
from = "school"
"#;

fn with(items: &str) -> String {
    format!("{NODE}\n{items}")
}

fn read(items: &str) -> Vec<TransitionItem> {
    let folder = Folder::new().write("stafett.toml", &with(items));
    folder.load().expect("right settings").transitions
}

fn refusal(from: &str, to: &str) -> String {
    let message = node_refusal(&with(&replaced(ITEM, from, to)));
    message.split_once(": ").expect("a place").1.to_owned()
}

#[test]
fn standard_checklist_holds_until_a_municipality_has_its_own() {
    assert_eq!(read(""), standard_transitions());

    let own = read(ITEM);

    assert_eq!(own.len(), 1);
    assert_eq!(
        (own[0].code.as_str(), own[0].days_before, own[0].met_by),
        ("joint-meeting", 60, MetBy::Offer)
    );
    let [school, other] = ["school", "kindergarten"].map(|code| code.parse().expect("a code"));
    assert!(own[0].is_for(&school, &other) && !own[0].is_for(&other, &school));
}

#[test]
fn item_may_be_due_after_the_start() {
    let after = read(&replaced(ITEM, "days_before = 60", "days_after = 14"));
    let on_the_day = read(&replaced(ITEM, "days_before = 60\n", ""));

    assert_eq!((after[0].days_before, on_the_day[0].days_before), (-14, 0));
}

#[test]
fn item_that_cannot_be_meant_is_refused_with_its_place() {
    assert_eq!(
        refusal("days_before = 60", "days_before = 60\ndays_after = 14"),
        "transitions.days_after: expected 0 days after, as it has days before, found 14"
    );
    assert_eq!(
        refusal("days_before = 60", "days_before = 731"),
        "transitions.days_before: expected 0 to 730 days, found 731"
    );
    assert_eq!(
        refusal("met_by = \"offer\"", "met_by = \"teacher\""),
        "transitions.met_by: expected hand, consent, reception, offer or baton, found \"teacher\""
    );
    assert_eq!(
        refusal("from = \"school\"", "to = \"nursery\""),
        "transitions.to: expected a service of the node's own settings, found \"nursery\""
    );
    let twice = node_refusal(&with(&format!("{ITEM}{ITEM}")));
    assert!(twice.ends_with("transitions.code: expected each code once, found a second \"joint-meeting\""));
}

#[test]
fn checklist_has_its_bound() {
    let items = |count: usize| {
        let item = |number: usize| replaced(ITEM, "joint-meeting", &format!("item-{number}"));
        (0..count).map(item).collect::<String>()
    };

    assert_eq!(read(&items(TRANSITION_ITEMS_MAX)).len(), TRANSITION_ITEMS_MAX);
    let refused = node_refusal(&with(&items(TRANSITION_ITEMS_MAX + 1)));
    assert!(refused.ends_with("transitions: expected at most 32 items, found 33"), "{refused}");
}
