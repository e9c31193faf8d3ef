//! For whom somebody of the family opens an entry: by the own word, and nothing of another's.

use std::collections::BTreeMap;

use stafett_protocol::id::{CaseId, EntryId};

use crate::engine::known_readers::{KnownReader, KnownReaders as Known};
use crate::web::pages::case::card::{ReaderWords, Readers};
use crate::web::pages::consents::Say;
use crate::web::texts::Text;

/// Puts what somebody may know of an entry's readers into words.
pub(crate) struct KnownReaders<'a> {
    pub(super) say: &'a Say<'a>,
    case: CaseId,
    known: BTreeMap<EntryId, Known>,
}

impl<'a> KnownReaders<'a> {
    pub(in crate::web::pages) fn new(
        say: &'a Say<'a>,
        case: CaseId,
        known: BTreeMap<EntryId, Known>,
    ) -> Self {
        Self { say, case, known }
    }

    /// The readers of one entry: in one line, and each with the day of the own yes and the consent.
    /// Whether it came there is not said of an entry: what never comes would tell what another giver
    /// closed. Nor is since when it could be read: that would tell when the others said yes.
    pub(super) fn of(&self, entry: EntryId) -> Readers {
        let none = Known::default();
        let known = self.known.get(&entry).unwrap_or(&none);
        Readers {
            summary: summary(self.say, known),
            each: known.readers.iter().map(|one| self.one(one)).collect(),
        }
    }

    fn one(&self, reader: &KnownReader) -> ReaderWords {
        let told = self.say.t("family-reader-yes").with("service", self.say.service(&reader.service));
        ReaderWords {
            words: told.with("day", self.say.day(reader.said_yes_at)).to_string(),
            consent: Some(format!("/cases/{}/consents/{}", self.case, reader.consent)),
        }
    }
}

/// The readers in one line: the stafettholder, who reads every entry, and for whom this person's word
/// opens it. Not that they read it: another giver, or a leader, may have closed it.
pub(in crate::web::pages) fn summary(say: &Say<'_>, known: &Known) -> Text {
    let services: Vec<_> = known.readers.iter().map(|reader| say.service(&reader.service)).collect();
    if services.is_empty() && known.has_idle_yes {
        return say.t("family-can-read-idle");
    }
    if services.is_empty() {
        return say.t("family-can-read-nobody");
    }
    say.t("family-can-read").with("services", say.listed(&services))
}
