//! Who can read an entry, for somebody of the family: by the own word, and nothing of another's.

use std::collections::BTreeMap;

use stafett_protocol::id::{CaseId, EntryId};

use crate::engine::answer::ReaderItem;
use crate::web::pages::case::card::{ReaderWords, Readers};
use crate::web::pages::consents::Say;
use crate::web::texts::Text;

/// Puts what somebody may know of an entry's readers into words.
pub(crate) struct KnownReaders<'a> {
    pub(super) say: &'a Say<'a>,
    case: CaseId,
    known: BTreeMap<EntryId, Vec<ReaderItem>>,
}

impl<'a> KnownReaders<'a> {
    pub(in crate::web::pages) fn new(
        say: &'a Say<'a>,
        case: CaseId,
        known: BTreeMap<EntryId, Vec<ReaderItem>>,
    ) -> Self {
        Self { say, case, known }
    }

    /// The readers of one entry: in one line, and each with since when and by which consent. Whether
    /// it came there is not said of an entry: what never comes would tell what another giver closed.
    pub(super) fn of(&self, entry: EntryId) -> Readers {
        let readers = self.known.get(&entry).map(Vec::as_slice).unwrap_or_default();
        Readers {
            summary: summary(self.say, readers),
            each: readers.iter().map(|one| self.one(one)).collect(),
        }
    }

    fn one(&self, reader: &ReaderItem) -> ReaderWords {
        let since = reader.since.map(|since| {
            let told = self.say.t("family-reader-since").with("service", self.say.service(&reader.service));
            told.with("moment", self.say.minute(since))
        });
        ReaderWords {
            words: since.map(|since| since.to_string()).unwrap_or_default(),
            consent: reader.consent.map(|consent| format!("/cases/{}/consents/{consent}", self.case)),
        }
    }
}

/// The readers in one line; the stafettholder reads every entry.
pub(in crate::web::pages) fn summary(say: &Say<'_>, readers: &[ReaderItem]) -> Text {
    let holder = say.t("family-reads-holder-short").to_string();
    let services = readers.iter().map(|reader| say.service(&reader.service));
    let names: Vec<_> = [holder].into_iter().chain(services).collect();
    say.t("family-can-read").with("readers", say.listed(&names))
}
