//! Nothing that was acknowledged is lost: what was published is there, and so is what somebody wrote
//! when nobody else wrote at the same time.

use std::collections::BTreeSet;

use stafett_protocol::entry::{ChangeHash, FieldKey};
use stafett_protocol::id::EntryId;
use stafett_protocol::municipality::OrganisationNumber;

use super::operation::NodeAt;
use super::run::Run;

/// The last edit of an entry's text.
#[derive(Debug, Clone)]
pub(super) struct LastEdit {
    /// Who wrote it.
    node: NodeAt,
    /// What the text reads since.
    marker: String,
    /// The changes that it made.
    changes: BTreeSet<ChangeHash>,
    /// Whether its author had everything that anybody had written.
    is_alone: bool,
}

impl Run {
    /// Every change of an entry that a node has, in whatever generation.
    pub(super) fn changes_at(&self, node: OrganisationNumber, entry: EntryId) -> BTreeSet<ChangeHash> {
        let kept = self.world.node(node).store.entries.get(&entry);
        let earlier = kept.iter().flat_map(|kept| kept.earlier.iter().flat_map(|one| &one.changes));
        kept.iter().flat_map(|kept| &kept.changes).chain(earlier).map(|one| one.hash()).collect()
    }

    /// Somebody has written a text; `before` is what that node had.
    pub(super) fn note_edit(
        &mut self,
        node: NodeAt,
        entry: EntryId,
        marker: &str,
        before: &BTreeSet<ChangeHash>,
    ) {
        let others = (0..self.settings.nodes).filter(|other| *other != node);
        let mut others = others.map(|other| self.changes_at(self.number(other), entry));
        let is_alone = others.all(|theirs| theirs.is_subset(before));
        let changes = self.changes_at(self.number(node), entry).difference(before).copied().collect();
        let edit = LastEdit { node, marker: marker.to_owned(), changes, is_alone };
        self.last_edits.insert(entry, edit);
    }

    /// Looks at everything but what a restore may have lost.
    pub(super) fn look_for_what_is_lost(&mut self) {
        for (entry, facts) in self.facts.entries.clone() {
            if self.may_have_lost(facts.owner, entry) {
                continue;
            }
            let Some(view) = self.world.view(self.number(facts.owner), entry) else {
                let seen = format!("{entry} is not there at its owner, node {}", facts.owner);
                self.violated("what was published stays at its owner", seen);
                continue;
            };
            let text = view.text(FieldKey::Title).to_owned() + view.text(FieldKey::Description);
            let lost = self.last_edits.get(&entry).filter(|edit| {
                let is_here = edit.node == facts.owner || edit.changes.is_subset(&self.oracle.acknowledged);
                let is_of_liar =
                    self.settings.liar.is_some_and(|liar| self.oracle.ever.contains(&(liar, entry)));
                edit.is_alone && is_here && !is_of_liar && !text.contains(&edit.marker)
            });
            if let Some(edit) = lost {
                let seen = format!("node {} wrote {} in {entry}, which reads {text}", edit.node, edit.marker);
                self.violated("no acknowledged edit is lost", seen);
            }
        }
    }
}
