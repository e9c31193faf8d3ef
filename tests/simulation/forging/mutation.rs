//! Everything that can be changed in the payload of a token: each field at each depth.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

/// Returns what is changed, and the payload with the change, for every place of a token's payload.
pub(super) fn mutations(token: &str) -> Vec<(String, String)> {
    let payload = token.split('.').nth(1).expect("a payload");
    let payload = URL_SAFE_NO_PAD.decode(payload).expect("base64");
    let payload = String::from_utf8(payload).expect("text");
    let value: Value = serde_json::from_str(&payload).expect("JSON");
    let mut mutated: Vec<_> =
        changed(&value).into_iter().map(|(what, value)| (what, value.to_string())).collect();
    mutated.extend(doubled(&value));
    assert!(mutated.iter().all(|(_, text)| *text != payload), "a mutation that changes nothing");
    mutated
}

/// Puts another payload between the header and the signature of a token.
pub(super) fn with_payload(token: &str, payload: &str) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, _, signature] = parts[..] else { panic!("no token") };
    format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(payload))
}

/// Every way to change a value, and what stands in it.
fn changed(value: &Value) -> Vec<(String, Value)> {
    let mut changed: Vec<(String, Value)> =
        others(value).into_iter().map(|other| (String::new(), other)).collect();
    match value {
        Value::Array(items) => {
            for place in 0..items.len() {
                let (mut fewer, mut more) = (items.clone(), items.clone());
                fewer.remove(place);
                more.insert(place, items[place].clone());
                changed.push((format!("[{place}] missing"), fewer.into()));
                changed.push((format!("[{place}] twice"), more.into()));
                for (what, other) in self::changed(&items[place]) {
                    let mut items = items.clone();
                    items[place] = other;
                    changed.push((format!("[{place}]{what}"), items.into()));
                }
            }
            if items.first() != items.last() {
                let reversed: Vec<Value> = items.iter().rev().cloned().collect();
                changed.push((" turned".to_owned(), reversed.into()));
            }
        }
        Value::Object(fields) => {
            let mut more = fields.clone();
            more.insert("extra".to_owned(), json!(1));
            changed.push((" with something extra".to_owned(), more.into()));
            for (key, inner) in fields {
                let mut fewer = fields.clone();
                fewer.remove(key);
                changed.push((format!(".{key} missing"), fewer.clone().into()));
                fewer.insert(format!("{key}_"), inner.clone());
                changed.push((format!(".{key} renamed"), fewer.into()));
                for (what, other) in self::changed(inner) {
                    let mut fields = fields.clone();
                    fields.insert(key.clone(), other);
                    changed.push((format!(".{key}{what}"), fields.into()));
                }
            }
        }
        _ => {}
    }
    changed
}

/// Values to stand in the place of one.
fn others(value: &Value) -> Vec<Value> {
    let mut others = match value {
        Value::Null => vec![json!(0), json!("")],
        Value::Bool(flag) => vec![json!(!flag), json!("true")],
        Value::Number(number) => {
            let number = number.as_u64().expect("statements count in whole numbers");
            let mut others = vec![json!(number.wrapping_add(1)), json!(number.to_string())];
            others.extend(number.checked_sub(1).map(|less| json!(less)));
            others
        }
        Value::String(text) => vec![json!(format!("{text}0")), json!(""), json!(turned(text))],
        Value::Array(_) => vec![json!([])],
        Value::Object(_) => vec![json!({})],
    };
    if !value.is_null() {
        others.push(Value::Null);
    }
    others.retain(|other| other != value);
    others
}

/// The text with its last character replaced by another of the same sort.
fn turned(text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    if let Some(last) = characters.last_mut() {
        *last = if *last == '1' { '2' } else { '1' };
    }
    characters.into_iter().collect()
}

/// Texts in which one field of one object stands twice, as it is and emptied.
fn doubled(value: &Value) -> Vec<(String, String)> {
    let mut doubled = Vec::new();
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields {
                for second in [inner.clone(), Value::Null] {
                    let text = written(fields, key, &format!("{inner},{}:{second}", json!(key)));
                    doubled.push((format!(".{key} given twice"), text));
                }
                for (what, inner) in self::doubled(inner) {
                    doubled.push((format!(".{key}{what}"), written(fields, key, &inner)));
                }
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                for (what, inner) in self::doubled(item) {
                    let mut texts: Vec<String> = items.iter().map(ToString::to_string).collect();
                    texts[place] = inner;
                    doubled.push((format!("[{place}]{what}"), format!("[{}]", texts.join(","))));
                }
            }
        }
        _ => {}
    }
    doubled
}

/// An object in which a field's value is written as `text`.
fn written(fields: &Map<String, Value>, key: &str, text: &str) -> String {
    let field = |(name, value): (&String, &Value)| {
        let value = if name == key { text.to_owned() } else { value.to_string() };
        format!("{}:{value}", json!(name))
    };
    format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(","))
}
