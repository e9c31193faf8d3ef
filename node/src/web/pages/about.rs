//! Whom an entry is about, as the forms ask for it: what is about an adult needs that adult's
//! consent before anybody else reads it (law 4).

use std::collections::BTreeSet;

use stafett_protocol::consent::rule::Capacity;
use stafett_protocol::entry::About;

use super::cases::first_name;
use crate::engine::answer::CaseView;
use crate::web::form::Form;
use crate::web::texts::Key;
use crate::web::visitor::Visitor;

/// The field of a form.
pub(super) const FIELD: &str = "entry-about";

/// The subject by the first name, as far as it is known.
pub(super) fn subject_name(visitor: &Visitor, view: &CaseView) -> String {
    let name = first_name(view.summary.subject_name.as_deref());
    name.map_or_else(|| visitor.t("cases-unnamed").to_string(), str::to_owned)
}

/// What can be chosen; the family by name for the stafettholder, who alone is told it.
pub(super) fn choices(visitor: &Visitor, view: &CaseView) -> Vec<(String, String)> {
    let said = |value: &str, key: Key| (value.to_owned(), visitor.t(key).to_string());
    let adults = view.parties.iter().filter(|party| party.capacity != Capacity::Subject);
    let adults = adults.map(|party| {
        let name = party.name.clone().unwrap_or_else(|| visitor.t("write-about-adult").to_string());
        (value(&About::Guardian(party.person)), name)
    });
    let subject = (value(&About::Subject), subject_name(visitor, view));
    let others = [said("sibling", Key("write-about-sibling")), said("other", Key("write-about-other"))];
    std::iter::once(subject).chain(adults).chain(others).collect()
}

/// One of them as a form holds it.
pub(super) fn value(about: &About) -> String {
    match about {
        About::Subject => "subject".to_owned(),
        About::Sibling => "sibling".to_owned(),
        About::Other => "other".to_owned(),
        About::Guardian(person) => format!("guardian-{person}"),
    }
}

/// Reads what a form holds; none if it is nothing that [`value`] makes.
pub(super) fn read(value: &str) -> Option<About> {
    match value {
        "subject" => Some(About::Subject),
        "sibling" => Some(About::Sibling),
        "other" => Some(About::Other),
        other => other.strip_prefix("guardian-")?.parse().ok().map(About::Guardian),
    }
}

/// Those of some people who are of the case still; the subject if nobody is.
pub(super) fn known(view: &CaseView, about: &BTreeSet<About>) -> BTreeSet<About> {
    let known: BTreeSet<About> = about.iter().filter(|one| is_known(view, one)).cloned().collect();
    if known.is_empty() { BTreeSet::from([About::Subject]) } else { known }
}

fn is_known(view: &CaseView, about: &About) -> bool {
    match about {
        About::Guardian(person) => {
            view.parties.iter().any(|party| party.person == *person && party.capacity != Capacity::Subject)
        }
        About::Subject | About::Sibling | About::Other => true,
    }
}

/// Ticks those of [`known`] in a form.
pub(super) fn ticked(form: Form, view: &CaseView, about: &BTreeSet<About>) -> Form {
    known(view, about).iter().fold(form, |form, one| form.put(FIELD, value(one)))
}

/// Whom the form says it is about. Nobody is left out in silence, for more would read it then: if
/// one of them is not of the case, it is asked for again.
pub(super) fn chosen(visitor: &Visitor, view: &CaseView, form: &mut Form) -> BTreeSet<About> {
    let read: Option<BTreeSet<About>> =
        form.values(FIELD).map(|value| read(value).filter(|one| is_known(view, one))).collect();
    let chosen = read.unwrap_or_default();
    if chosen.is_empty() {
        form.refuse(FIELD, visitor.t("write-about-missing"));
    }
    chosen
}
