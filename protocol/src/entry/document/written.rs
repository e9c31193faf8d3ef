//! What certain operations wrote and that still stands: a person's own words, taken out of a
//! document that others wrote as well.

use automerge::{ActorId, Automerge, ObjId, ReadDoc};

use crate::entry::content::Fields;
use crate::entry::document::{EntryDocument, tree};
use crate::entry::field::FieldKey;
use crate::entry::schema::{FieldType, fields};
use crate::entry::value::{FieldValue, normalized};

/// Picks operations, by actor and number.
pub(crate) type Pick<'p> = &'p dyn Fn(&ActorId, u64) -> bool;

impl EntryDocument {
    /// Returns what the picked operations wrote and nobody has replaced: of a text the characters
    /// that they inserted, each piece on a line of its own; of a list the elements; of any other
    /// field the value. What others wrote around it is left out.
    pub(crate) fn written_by(&self, pick: Pick<'_>) -> Fields {
        let of_field = |key, of| match of {
            FieldType::Text => text(&self.tree, key, pick).map(FieldValue::Text),
            FieldType::Lines => tree::lines_of(&self.tree, key, |id| picked(id, pick)).map(FieldValue::Lines),
            FieldType::Records(_) => {
                tree::records_of(&self.tree, key, |id| picked(id, pick)).map(FieldValue::Records)
            }
            _ => tree::scalar_of(&self.tree, key, |id| picked(id, pick)),
        };
        let written = fields(self.kind).iter().map(|field| (field.key, of_field(field.key, field.of)));
        written.filter_map(|(key, value)| Some((key, value.filter(|value| !value.is_empty())?))).collect()
    }
}

fn picked(id: &ObjId, pick: Pick<'_>) -> bool {
    match id {
        ObjId::Id(counter, actor, _) => pick(actor, *counter),
        ObjId::Root => false,
    }
}

fn text(document: &Automerge, key: FieldKey, pick: Pick<'_>) -> Option<String> {
    let object = tree::object(document, key)?;
    let mut pieces = Vec::new();
    let mut piece = String::new();
    for index in 0..document.length(&object) {
        let Ok(Some((value, id))) = document.get(&object, index) else { continue };
        if picked(&id, pick) {
            piece.push_str(value.as_str().unwrap_or_default());
        } else if !piece.is_empty() {
            pieces.push(std::mem::take(&mut piece));
        }
    }
    pieces.push(piece);
    let pieces: Vec<String> =
        pieces.iter().map(|piece| piece.trim().to_owned()).filter(|piece| !piece.is_empty()).collect();
    Some(normalized(&pieces.join("\n")))
}
