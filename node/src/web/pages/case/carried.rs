//! What came with a case from another municipality, for its stafettholder: whom to ask, what the one before
//! wrote, and what does not follow.

use crate::engine::answer::{CarriedView, CarriedYes};
use crate::web::Api;
use crate::web::pages::coming::late_words;
use crate::web::texts::Text;
use crate::web::visitor::Visitor;
use crate::words::{listed, time};

/// The part of the page.
pub(crate) struct CarriedCard {
    pub(crate) title: Text,
    pub(crate) came: Text,
    pub(crate) level: Text,
    pub(crate) unreadable: Option<Text>,
    pub(crate) areas: Option<Text>,
    pub(crate) contact: Text,
    pub(crate) note: Vec<String>,
    pub(crate) purpose: String,
    pub(crate) given: Vec<Text>,
    pub(crate) late: Vec<Text>,
}

impl CarriedCard {
    pub(crate) fn of(api: &Api, visitor: &Visitor, came: &CarriedView) -> Self {
        let language = visitor.asked.language();
        let zone = &api.engine.config().node.time_zone;
        let area = |area: &crate::engine::answer::CarriedArea| {
            area.name.clone().unwrap_or_else(|| area.code.to_string())
        };
        let areas: Vec<_> = came.areas_elsewhere.iter().map(area).collect();
        let contact = match &came.contact_phone {
            Some(phone) => visitor.t("case-carried-contact-phone").with("phone", phone.clone()),
            None => visitor.t("case-carried-contact"),
        };
        let given = |yes: &CarriedYes| {
            let name = yes.name.clone().unwrap_or_else(|| visitor.t("cases-unnamed").to_string());
            let text = visitor.t("case-carried-yes").with("name", name);
            text.with("day", time::day_of_text(&yes.on))
        };
        let from = || came.from_name.clone();
        Self {
            title: visitor.t("case-carried-title").with("from", from()),
            came: visitor
                .t("case-carried-came")
                .with("day", time::day_of(came.at, zone))
                .with("count", usize::try_from(came.entries).unwrap_or(usize::MAX)),
            level: visitor.t("case-carried-level").with("level", came.level_name.clone()),
            unreadable: (came.unreadable > 0).then(|| {
                let count = usize::try_from(came.unreadable).unwrap_or(usize::MAX);
                visitor.t("case-carried-unreadable").with("count", count).with("from", from())
            }),
            areas: (!areas.is_empty())
                .then(|| visitor.t("case-carried-areas").with("areas", listed(language, &areas))),
            contact: contact
                .with("name", came.contact_name.clone())
                .with("service", came.contact_service.clone()),
            note: came.note.lines().map(str::to_owned).collect(),
            purpose: came.consent.purpose.clone(),
            given: came.consent.given.iter().map(given).collect(),
            late: came.late.iter().map(|word| late_words(visitor, *word, &came.from_name)).collect(),
        }
    }
}
