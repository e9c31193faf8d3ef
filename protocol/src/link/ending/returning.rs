//! Undelivered writing: what staff wrote in a received entry and its owner never had goes back to
//! its author, and nothing of what others wrote goes with it (law 12).

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::entry::content::Fields;
use crate::entry::{Actor, CheckedChange, EntryDocument, EntryKind, Heads};
use crate::id::{AccountId, EntryId, ProposalId};
use crate::late::late_changes;
use crate::link::history::changes_beyond;
use crate::municipality::OrganisationNumber;
use crate::time::UnixMillis;
use crate::transaction::{EntryContent, ReturnedEdit};

/// Operations of one change: who made it, its first, and how many.
type Span = (Actor, u64, u64);

/// Takes out of an entry what each of this node's people wrote beyond what was delivered.
///
/// `reader` is an actor that nobody writes as, `random` was drawn for this one ending, and `until`
/// is when what was given back is erased.
pub fn returned(
    content: &EntryContent,
    own: OrganisationNumber,
    delivered: Option<&Heads>,
    reader: Actor,
    random: &[u8; 32],
    until: UnixMillis,
) -> Vec<ReturnedEdit> {
    let record = &content.record;
    let kind = record.facts.kind;
    let mut written: BTreeMap<AccountId, Fields> = BTreeMap::new();
    // What waits in earlier generations to be carried (law 7) is as undelivered as the rest.
    for earlier in &content.earlier {
        let named = late_changes(&earlier.changes, &content.actors, own, &earlier.carried.heads).shared;
        let late = words_by_author(kind, &earlier.changes, Some(&named), &content.authors, reader);
        late.into_iter().for_each(|(author, fields)| written.entry(author).or_default().extend(fields));
    }
    let present = words_by_author(kind, &content.changes, delivered, &content.authors, reader);
    present.into_iter().for_each(|(author, fields)| written.entry(author).or_default().extend(fields));
    let edit = |(author, fields)| ReturnedEdit {
        id: id_of(random, record.facts.entry, author),
        owner: record.owner,
        case: record.facts.case,
        kind,
        areas: record.facts.areas.clone(),
        fields,
        author,
        until,
    };
    written.into_iter().map(edit).collect()
}

/// What each author wrote in one generation beyond what was delivered of it.
fn words_by_author(
    kind: EntryKind,
    changes: &[CheckedChange],
    delivered: Option<&Heads>,
    authors: &BTreeMap<Actor, AccountId>,
    reader: Actor,
) -> BTreeMap<AccountId, Fields> {
    let mut spans: BTreeMap<AccountId, Vec<Span>> = BTreeMap::new();
    for checked in changes_beyond(changes, delivered) {
        let change = checked.change();
        if let Some(author) = authors.get(&change.actor) {
            let count = u64::try_from(change.operation_count()).unwrap_or(u64::MAX);
            spans.entry(*author).or_default().push((change.actor, u64::from(change.start_op), count));
        }
    }
    if spans.is_empty() {
        return BTreeMap::new();
    }
    // What this node stored opens; if it does not, there is nothing that could be given back.
    let Ok(document) = EntryDocument::open(kind, reader, changes) else {
        return BTreeMap::new();
    };
    let of_author = |(author, spans): (AccountId, Vec<Span>)| {
        let fields = document.written_by(&|actor, number| {
            let is_in = |(of, first, count): &Span| {
                of.0 == *actor.to_bytes() && *first <= number && number < first.saturating_add(*count)
            };
            spans.iter().any(is_in)
        });
        (author, fields)
    };
    spans.into_iter().map(of_author).filter(|(_, fields)| !fields.is_empty()).collect()
}

/// An id that nobody else can guess: from what was drawn for the order, the entry and the author.
fn id_of(random: &[u8; 32], entry: EntryId, author: AccountId) -> ProposalId {
    let mut hash = Sha256::new();
    hash.update(b"stafett returned");
    hash.update(random);
    hash.update(entry.as_bytes());
    hash.update(author.as_bytes());
    let digest: [u8; 32] = hash.finalize().into();
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    ProposalId::from_random(bytes)
}
