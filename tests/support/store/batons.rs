//! Batons of other municipalities' cases that are offered to own services, or held there.

use std::collections::BTreeMap;

use stafett_protocol::baton::there::BatonThere;
use stafett_protocol::id::BatonOfferId;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::transaction::Write;

use super::Store;

impl Store {
    pub(super) fn apply_baton(&mut self, write: Write) {
        match write {
            Write::BatonThere(record) => {
                let known = self.batons.get(&record.about.offer);
                if known.is_none_or(|known| known.is_before(&record)) {
                    self.batons.insert(record.about.offer, *record);
                }
            }
            Write::BatonThereOver(offer) => {
                self.batons.remove(&offer);
            }
            other => panic!("{other:?} is not kept"),
        }
    }

    pub(super) fn batons_of(&self, owner: OrganisationNumber) -> BTreeMap<BatonOfferId, BatonThere> {
        let theirs = self.batons.iter().filter(|(_, record)| record.about.owner == owner);
        theirs.map(|(offer, record)| (*offer, record.clone())).collect()
    }
}
