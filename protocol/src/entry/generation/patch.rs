//! Writes the difference of two states of the old generation's texts and lists into the new one,
//! index by index.

use automerge::{Patch, PatchAction, Prop, ScalarValue, Value};

use crate::entry::Heads;
use crate::entry::document::{EditError, EntryDocument, Writer, record_at};
use crate::entry::field::FieldKey;
use crate::entry::generation::Span;
use crate::entry::schema::{FieldType, field};

/// Writes what happened to texts and lists between `span.carried` and `span.until`. Scalars are
/// left out: of them the values are compared, because a difference shows one value only.
pub(super) fn write(
    old: &EntryDocument,
    span: &Span<'_>,
    writer: &mut Writer<'_, '_>,
) -> Result<(), EditError> {
    let until = automerge_heads(span.until);
    for patch in old.tree().diff(&automerge_heads(span.carried), &until) {
        if let Some(key) = object_field(&patch, writer) {
            write_patch(old, &until, key, &patch.action, writer)?;
        }
    }
    Ok(())
}

fn automerge_heads(heads: &Heads) -> Vec<automerge::ChangeHash> {
    heads.iter().map(|hash| automerge::ChangeHash(hash.0)).collect()
}

/// Returns the field whose text or list a patch is about. Patches of records are passed over: a
/// record is read whole when it is inserted.
fn object_field(patch: &Patch, writer: &Writer<'_, '_>) -> Option<FieldKey> {
    match patch.path.as_slice() {
        [(_, Prop::Map(name))] => {
            let key = name.parse().ok()?;
            field(writer.kind(), key).filter(|field| !field.of.is_scalar()).map(|field| field.key)
        }
        _ => None,
    }
}

fn write_patch(
    old: &EntryDocument,
    until: &[automerge::ChangeHash],
    key: FieldKey,
    action: &PatchAction,
    writer: &mut Writer<'_, '_>,
) -> Result<(), EditError> {
    match action {
        PatchAction::SpliceText { index, value, .. } => {
            writer.splice_text(key, *index, 0, &value.make_string())
        }
        PatchAction::DeleteSeq { index, length } => {
            if field(writer.kind(), key).is_some_and(|field| field.of == FieldType::Text) {
                writer.splice_text(key, *index, *length, "")
            } else {
                writer.delete_elements(key, *index, *length)
            }
        }
        PatchAction::Insert { index, values } => {
            for (index, (value, id, _)) in (*index..).zip(values.iter()) {
                match value {
                    Value::Scalar(scalar) => match scalar.as_ref() {
                        ScalarValue::Str(line) => {
                            writer.insert_lines(key, index, &[line.to_string()])?;
                        }
                        _ => return Err(EditError::Document),
                    },
                    Value::Object(_) => {
                        writer.insert_records(key, index, &[record_at(old.tree(), id, until)])?;
                    }
                }
            }
            Ok(())
        }
        _ => Err(EditError::Document),
    }
}
