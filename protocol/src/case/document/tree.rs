//! Reading and writing Automerge's tree of a private case.
//!
//! Under the root stand `version`, the map `subject`, and the maps `guardians`, `participants` and
//! `drafts` with one map for each id. Reading is strict: a key or value that is not expected gives
//! nothing at all, so that a damaged case never shows in part as if it were whole.

use std::collections::BTreeSet;

use automerge::transaction::{Transactable, Transaction};
use automerge::{AutomergeError, ObjId, ObjType, ROOT, ReadDoc, ScalarValue, Value};

use crate::case::draft::Draft;
use crate::case::{GuardianDetails, Participant, PrivateCase, Subject};
use crate::entry::content::Fields;
use crate::entry::schema::{FieldType, fields};
use crate::entry::value::{FieldValue, Record, normalized};
use crate::entry::{About, EntryKind, FieldKey};
use crate::id::DraftId;
use crate::time::UnixMillis;

/// The version of the tree that this build writes, and the only one it reads.
pub(super) const VERSION: u64 = 1;

/// Comparing two texts costs up to the product of what differs in them; above this, what differs
/// is replaced in one piece.
const DIFF_COST_MAX: usize = 1_000_000;

const KEY_VERSION: &str = "version";
const KEY_SUBJECT: &str = "subject";
const KEY_GUARDIANS: &str = "guardians";
const KEY_PARTICIPANTS: &str = "participants";
const KEY_DRAFTS: &str = "drafts";
const KEY_PERSON: &str = "person";
const KEY_ACCOUNT: &str = "account";
const KEY_FIELDS: &str = "fields";
const KEY_AUTHOR: &str = "author";
const KEY_KIND: &str = "kind";
const KEY_AREAS: &str = "areas";
const KEY_ABOUT: &str = "about";
const KEY_UPDATED_AT: &str = "updated_at";

type Written = Result<(), AutomergeError>;

/// Writes a whole case into an empty document.
pub(super) fn write(tree: &mut Transaction<'_>, case: &PrivateCase) -> Written {
    tree.put(ROOT, KEY_VERSION, VERSION)?;
    let subject = tree.put_object(ROOT, KEY_SUBJECT, ObjType::Map)?;
    tree.put(&subject, KEY_PERSON, case.subject.person.to_string())?;
    write_fields(tree, &subject, &case.subject.fields())?;
    let guardians = tree.put_object(ROOT, KEY_GUARDIANS, ObjType::Map)?;
    for guardian in &case.guardians {
        let map = tree.put_object(&guardians, guardian.person.to_string(), ObjType::Map)?;
        write_fields(tree, &map, &guardian.fields())?;
    }
    let participants = tree.put_object(ROOT, KEY_PARTICIPANTS, ObjType::Map)?;
    for participant in &case.participants {
        let map = tree.put_object(&participants, participant.person.to_string(), ObjType::Map)?;
        if let Some(account) = participant.account {
            tree.put(&map, KEY_ACCOUNT, account.to_string())?;
        }
        write_fields(tree, &map, &participant.fields())?;
    }
    tree.put_object(ROOT, KEY_DRAFTS, ObjType::Map)?;
    case.drafts.iter().try_for_each(|draft| add_draft(tree, draft))
}

fn write_fields(tree: &mut Transaction<'_>, parent: &ObjId, given: &Fields) -> Written {
    let map = tree.put_object(parent, KEY_FIELDS, ObjType::Map)?;
    given.iter().try_for_each(|(key, value)| put_field(tree, &map, *key, value))
}

/// Adds a draft, with every text of its kind, also empty ones: two writers never make two texts
/// of one field.
pub(super) fn add_draft(tree: &mut Transaction<'_>, draft: &Draft) -> Written {
    let drafts = child(tree, &ROOT, KEY_DRAFTS).ok_or_else(missing)?;
    let map = tree.put_object(&drafts, draft.id.to_string(), ObjType::Map)?;
    tree.put(&map, KEY_AUTHOR, draft.author.to_string())?;
    tree.put(&map, KEY_KIND, draft.kind.as_str())?;
    tree.put(&map, KEY_UPDATED_AT, draft.updated_at.0)?;
    put_lines(tree, &map, KEY_AREAS, &areas(draft))?;
    put_lines(tree, &map, KEY_ABOUT, &about(draft))?;
    let written = tree.put_object(&map, KEY_FIELDS, ObjType::Map)?;
    for field in fields(draft.kind).iter().filter(|field| field.of == FieldType::Text) {
        let text = tree.put_object(&written, field.key.as_str(), ObjType::Text)?;
        tree.splice_text(&text, 0, 0, draft_text(draft, field.key))?;
    }
    for (key, value) in draft.fields.iter().filter(|(key, _)| !is_text(draft.kind, **key)) {
        put_field(tree, &written, *key, value)?;
    }
    Ok(())
}

/// Makes every text of a draft say what is given, by what differs.
pub(super) fn write_texts(tree: &mut Transaction<'_>, given: &Draft) -> Written {
    for (key, text) in text_objects(tree, given)? {
        set_text(tree, &text, draft_text(given, key))?;
    }
    Ok(())
}

/// Puts every text of a draft into normalization form C: writing that was merged can leave a
/// combining mark after a letter it was not written for.
pub(super) fn normalize_texts(tree: &mut Transaction<'_>, draft: &Draft) -> Written {
    for (_, text) in text_objects(tree, draft)? {
        let whole = normalized(&tree.text(&text)?);
        set_text(tree, &text, &whole)?;
    }
    Ok(())
}

/// Writes everything but texts where what is given differs from what was there before.
pub(super) fn write_others(tree: &mut Transaction<'_>, before: &Draft, given: &Draft) -> Written {
    let map = draft_map(tree, given.id).ok_or_else(missing)?;
    let written = child(tree, &map, KEY_FIELDS).ok_or_else(missing)?;
    let keys: BTreeSet<_> = before.fields.keys().chain(given.fields.keys()).copied().collect();
    for key in keys.into_iter().filter(|key| !is_text(given.kind, *key)) {
        match (before.fields.get(&key), given.fields.get(&key)) {
            (old, Some(new)) if old != Some(new) => put_field(tree, &written, key, new)?,
            (Some(_), None) => tree.delete(&written, key.as_str())?,
            _ => {}
        }
    }
    if before.areas != given.areas {
        put_lines(tree, &map, KEY_AREAS, &areas(given))?;
    }
    if before.about != given.about {
        put_lines(tree, &map, KEY_ABOUT, &about(given))?;
    }
    tree.put(&map, KEY_UPDATED_AT, given.updated_at.0)
}

fn text_objects(tree: &Transaction<'_>, draft: &Draft) -> Result<Vec<(FieldKey, ObjId)>, AutomergeError> {
    let written =
        draft_map(tree, draft.id).and_then(|map| child(tree, &map, KEY_FIELDS)).ok_or_else(missing)?;
    fields(draft.kind)
        .iter()
        .filter(|field| field.of == FieldType::Text)
        .map(|field| Ok((field.key, child(tree, &written, field.key.as_str()).ok_or_else(missing)?)))
        .collect()
}

fn set_text(tree: &mut Transaction<'_>, object: &ObjId, new: &str) -> Written {
    let old = tree.text(object)?;
    if old == new {
        return Ok(());
    }
    let before = old.chars().zip(new.chars()).take_while(|(one, other)| one == other).count();
    let old_rest = old.chars().count().saturating_sub(before);
    let new_rest = new.chars().count().saturating_sub(before);
    let after = old
        .chars()
        .rev()
        .zip(new.chars().rev())
        .take(old_rest.min(new_rest))
        .take_while(|(one, other)| one == other)
        .count();
    let (deleted, inserted) = (old_rest.saturating_sub(after), new_rest.saturating_sub(after));
    if deleted.saturating_mul(inserted) <= DIFF_COST_MAX {
        return tree.update_text(object, new);
    }
    let middle: String = new.chars().skip(before).take(inserted).collect();
    tree.splice_text(object, before, isize::try_from(deleted).map_err(|_| missing())?, &middle)
}

fn put_field(tree: &mut Transaction<'_>, map: &ObjId, key: FieldKey, value: &FieldValue) -> Written {
    match value {
        FieldValue::Flag(flag) => tree.put(map, key.as_str(), *flag),
        FieldValue::Number(number) => tree.put(map, key.as_str(), *number),
        FieldValue::Text(line) => tree.put(map, key.as_str(), line.as_str()),
        FieldValue::Lines(lines) => put_lines(tree, map, key.as_str(), lines),
        FieldValue::Records(records) => {
            let list = tree.put_object(map, key.as_str(), ObjType::List)?;
            for (index, record) in records.iter().enumerate() {
                let element = tree.insert_object(&list, index, ObjType::Map)?;
                for (key, line) in record {
                    tree.put(&element, key.as_str(), line.as_str())?;
                }
            }
            Ok(())
        }
    }
}

fn put_lines(tree: &mut Transaction<'_>, map: &ObjId, key: &str, lines: &[String]) -> Written {
    let list = tree.put_object(map, key, ObjType::List)?;
    (0..).zip(lines).try_for_each(|(index, line)| tree.insert(&list, index, line.as_str()))
}

/// Returns the version of a tree.
pub(super) fn version(tree: &impl ReadDoc) -> Option<u64> {
    match tree.get(ROOT, KEY_VERSION) {
        Ok(Some((Value::Scalar(scalar), _))) => scalar.as_u64(),
        _ => None,
    }
}

/// Returns the case that a tree holds; none if it is not exactly the tree of a case.
pub(super) fn read(tree: &impl ReadDoc) -> Option<PrivateCase> {
    let subject = child(tree, &ROOT, KEY_SUBJECT)?;
    let person = line(tree, &subject, KEY_PERSON)?.parse().ok()?;
    let guardian =
        |id: &str, map: &ObjId| GuardianDetails::from_fields(id.parse().ok()?, read_fields(tree, map)?);
    let participant = |id: &str, map: &ObjId| {
        let account = match tree.get(map, KEY_ACCOUNT).ok()? {
            Some(_) => Some(line(tree, map, KEY_ACCOUNT)?.parse().ok()?),
            None => None,
        };
        Participant::from_fields(id.parse().ok()?, account, read_fields(tree, map)?)
    };
    Some(PrivateCase {
        subject: Subject::from_fields(person, read_fields(tree, &subject)?)?,
        guardians: read_each(tree, KEY_GUARDIANS, guardian)?,
        participants: read_each(tree, KEY_PARTICIPANTS, participant)?,
        drafts: read_each(tree, KEY_DRAFTS, |id, _| draft(tree, id.parse().ok()?))?,
    })
}

/// Automerge goes through keys in ascending order, and the text of an id sorts as the id does.
fn read_each<T>(tree: &impl ReadDoc, key: &str, read: impl Fn(&str, &ObjId) -> Option<T>) -> Option<Vec<T>> {
    let map = child(tree, &ROOT, key)?;
    tree.keys(&map).map(|id| read(&id, &child(tree, &map, &id)?)).collect()
}

/// Returns one draft of a tree.
pub(super) fn draft(tree: &impl ReadDoc, id: DraftId) -> Option<Draft> {
    let map = draft_map(tree, id)?;
    let areas = lines(tree, &child(tree, &map, KEY_AREAS)?)?;
    let about = lines(tree, &child(tree, &map, KEY_ABOUT)?)?;
    let updated_at = match tree.get(&map, KEY_UPDATED_AT) {
        Ok(Some((Value::Scalar(scalar), _))) => UnixMillis(scalar.as_u64()?),
        _ => return None,
    };
    Some(Draft {
        id,
        author: line(tree, &map, KEY_AUTHOR)?.parse().ok()?,
        kind: line(tree, &map, KEY_KIND)?.parse().ok()?,
        fields: read_fields(tree, &map)?,
        areas: areas.into_iter().map(|area| area.parse().ok()).collect::<Option<_>>()?,
        about: about.iter().map(|about| about_from(about)).collect::<Option<_>>()?,
        updated_at,
    })
}

fn read_fields(tree: &impl ReadDoc, parent: &ObjId) -> Option<Fields> {
    let map = child(tree, parent, KEY_FIELDS)?;
    let mut read = Fields::new();
    for key in tree.keys(&map) {
        let value = field_value(tree, &map, &key)?;
        if !value.is_empty() {
            read.insert(key.parse().ok()?, value);
        }
    }
    Some(read)
}

fn field_value(tree: &impl ReadDoc, map: &ObjId, key: &str) -> Option<FieldValue> {
    match tree.get(map, key) {
        Ok(Some((Value::Scalar(scalar), _))) => match scalar.as_ref() {
            ScalarValue::Str(line) => Some(FieldValue::Text(line.to_string())),
            ScalarValue::Boolean(flag) => Some(FieldValue::Flag(*flag)),
            ScalarValue::Uint(number) => Some(FieldValue::Number(*number)),
            _ => None,
        },
        Ok(Some((Value::Object(ObjType::Text), text))) => tree.text(&text).ok().map(FieldValue::Text),
        Ok(Some((Value::Object(ObjType::List), list))) => match tree.get(&list, 0) {
            Ok(Some((Value::Object(_), _))) => records(tree, &list).map(FieldValue::Records),
            _ => lines(tree, &list).map(FieldValue::Lines),
        },
        _ => None,
    }
}

fn records(tree: &impl ReadDoc, list: &ObjId) -> Option<Vec<Record>> {
    let record = |index: usize| match tree.get(list, index) {
        Ok(Some((Value::Object(ObjType::Map), map))) => {
            tree.keys(&map).map(|key| Some((key.parse().ok()?, line(tree, &map, &key)?))).collect()
        }
        _ => None,
    };
    (0..tree.length(list)).map(record).collect()
}

fn lines(tree: &impl ReadDoc, list: &ObjId) -> Option<Vec<String>> {
    (0..tree.length(list)).map(|index| string(tree.get(list, index).ok()??.0)).collect()
}

fn line(tree: &impl ReadDoc, map: &ObjId, key: &str) -> Option<String> {
    string(tree.get(map, key).ok()??.0)
}

fn string(value: Value<'_>) -> Option<String> {
    match value {
        Value::Scalar(scalar) => match scalar.as_ref() {
            ScalarValue::Str(line) => Some(line.to_string()),
            _ => None,
        },
        Value::Object(_) => None,
    }
}

fn draft_map(tree: &impl ReadDoc, draft: DraftId) -> Option<ObjId> {
    child(tree, &child(tree, &ROOT, KEY_DRAFTS)?, &draft.to_string())
}

fn child(tree: &impl ReadDoc, parent: &ObjId, key: &str) -> Option<ObjId> {
    match tree.get(parent, key) {
        Ok(Some((Value::Object(_), object))) => Some(object),
        _ => None,
    }
}

fn is_text(kind: EntryKind, key: FieldKey) -> bool {
    fields(kind).iter().any(|field| field.key == key && field.of == FieldType::Text)
}

fn draft_text(draft: &Draft, key: FieldKey) -> &str {
    match draft.fields.get(&key) {
        Some(FieldValue::Text(text)) => text,
        _ => "",
    }
}

fn areas(draft: &Draft) -> Vec<String> {
    draft.areas.iter().map(ToString::to_string).collect()
}

const ABOUT_GUARDIAN: &str = "guardian:";

fn about(draft: &Draft) -> Vec<String> {
    let code = |about: &About| match about {
        About::Subject => "subject".to_owned(),
        About::Guardian(person) => format!("{ABOUT_GUARDIAN}{person}"),
        About::Sibling => "sibling".to_owned(),
        About::Other => "other".to_owned(),
    };
    draft.about.iter().map(code).collect()
}

fn about_from(code: &str) -> Option<About> {
    match code {
        "subject" => Some(About::Subject),
        "sibling" => Some(About::Sibling),
        "other" => Some(About::Other),
        code => code.strip_prefix(ABOUT_GUARDIAN)?.parse().ok().map(About::Guardian),
    }
}

/// Stands for a tree without the objects that this file makes first of all.
fn missing() -> AutomergeError {
    AutomergeError::Fail
}
