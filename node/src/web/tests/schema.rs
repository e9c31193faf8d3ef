//! A small reader of the description's schemas: enough of JSON Schema for what the description
//! uses, and an error for any keyword that it does not know.

use serde_json::{Map, Value};

use crate::web::openapi;

/// Returns how a value differs from a schema of the description; nothing if it fits.
pub(super) fn differences(name: &str, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(&serde_json::json!({ "$ref": format!("#/components/schemas/{name}") }), value, name, &mut found);
    found
}

pub(super) fn resolve(schema: &Value) -> &Value {
    let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { return schema };
    let pointer = reference.strip_prefix('#').expect("a reference within the document");
    openapi::document().pointer(pointer).unwrap_or_else(|| panic!("{reference} names nothing"))
}

/// Properties that a schema knows, through references and `allOf`.
fn known_properties(schema: &Value) -> Vec<String> {
    let schema = resolve(schema);
    let own = schema.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys).cloned();
    let parts = schema.get("allOf").and_then(Value::as_array).into_iter().flatten();
    own.chain(parts.flat_map(known_properties)).collect()
}

fn check(schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let schema = resolve(schema);
    if schema.get("properties").is_some() || schema.get("allOf").is_some() {
        let known = known_properties(schema);
        for key in value.as_object().into_iter().flat_map(Map::keys) {
            if !known.contains(key) && schema.get("additionalProperties").is_none() {
                found.push(format!("{at}.{key} is not described"));
            }
        }
    }
    check_parts(schema, value, at, found);
}

fn check_parts(schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    for (keyword, rule) in resolve(schema).as_object().expect("a schema is an object") {
        match keyword.as_str() {
            "type" => check_type(rule, value, at, found),
            "enum" if !elements(rule).contains(value) => found.push(format!("{at} is none of the words")),
            "minimum" if value.is_number() && value.as_f64() < rule.as_f64() => {
                found.push(format!("{at} is too small"))
            }
            "maximum" if value.as_f64() > rule.as_f64() => found.push(format!("{at} is too large")),
            "items" => {
                for (index, element) in value.as_array().into_iter().flatten().enumerate() {
                    check(rule, element, &format!("{at}.{index}"), found);
                }
            }
            "required" => {
                let missing = elements(rule).iter().filter_map(Value::as_str);
                let missing = missing.filter(|name| value.get(*name).is_none());
                found.extend(missing.map(|name| format!("{at}.{name} is missing")));
            }
            "properties" => {
                for (name, inner) in rule.as_object().expect("an object") {
                    if let Some(value) = value.get(name) {
                        check(inner, value, &format!("{at}.{name}"), found);
                    }
                }
            }
            "additionalProperties" if rule.is_object() => {
                for (name, inner) in value.as_object().into_iter().flatten() {
                    check(rule, inner, &format!("{at}.{name}"), found);
                }
            }
            "propertyNames" => {
                for name in value.as_object().into_iter().flat_map(Map::keys) {
                    check(rule, &Value::from(name.as_str()), &format!("{at}.{name}"), found);
                }
            }
            "allOf" => elements(rule).iter().for_each(|part| check_parts(part, value, at, found)),
            "oneOf" | "anyOf" => check_choice(keyword == "oneOf", elements(rule), value, at, found),
            "pattern" => check_pattern(rule.as_str().expect("a pattern"), value, at, found),
            "description"
            | "examples"
            | "format"
            | "enum"
            | "minimum"
            | "maximum"
            | "uniqueItems"
            | "additionalProperties"
            | "title"
            | "default" => {}
            other => found.push(format!("{at} has the keyword {other}, which this reader does not know")),
        }
    }
}

fn elements(rule: &Value) -> &[Value] {
    rule.as_array().expect("an array")
}

fn check_type(rule: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the type {other} is not known to this reader"),
    };
    let fits = match rule {
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(is),
        one => is(one.as_str().expect("the name of a type")),
    };
    if !fits {
        found.push(format!("{at} is no {rule}"));
    }
}

fn check_choice(only_one: bool, parts: &[Value], value: &Value, at: &str, found: &mut Vec<String>) {
    let fitting = parts.iter().filter(|part| {
        let mut inner = Vec::new();
        check(part, value, at, &mut inner);
        inner.is_empty()
    });
    match fitting.count() {
        0 => found.push(format!("{at} fits none of the choices")),
        1 => {}
        _ if only_one => found.push(format!("{at} fits several choices")),
        _ => {}
    }
}

/// The description's patterns are one class of characters with a count.
fn check_pattern(pattern: &str, value: &Value, at: &str, found: &mut Vec<String>) {
    let inner = pattern.strip_prefix("^[").and_then(|rest| rest.strip_suffix("}$"));
    let (class, count) = inner.and_then(|inner| inner.split_once("]{")).expect("a class and a count");
    let (least, most) = count.split_once(',').unwrap_or((count, count));
    let (least, most): (usize, usize) = (least.parse().expect("a count"), most.parse().expect("a count"));
    let class: Vec<char> = class.chars().collect();
    let in_class = |character: char| {
        class.contains(&character) && character != '-'
            || character == '-' && class.ends_with(&['-'])
            || class.windows(3).any(|range| range[1] == '-' && (range[0]..=range[2]).contains(&character))
    };
    let text = value.as_str().unwrap_or_default();
    if !(least..=most).contains(&text.chars().count()) || !text.chars().all(in_class) {
        found.push(format!("{at} does not have the form {pattern}"));
    }
}
