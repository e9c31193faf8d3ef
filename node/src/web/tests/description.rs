//! The description says what is: every route, every shape, every refusal.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use stafett_protocol as protocol;

use super::schema::{differences, resolve};
use crate::engine::{answer, request};
use crate::web::error::{ErrorBody, ErrorCode};
use crate::web::openapi::{self, examples};
use crate::web::routes;

fn operations() -> BTreeMap<(String, String), &'static Value> {
    let paths = openapi::document()["paths"].as_object().expect("paths");
    let mut all = BTreeMap::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().expect("methods") {
            all.insert((method.clone(), path.clone()), operation);
        }
    }
    all
}

fn schemas() -> &'static serde_json::Map<String, Value> {
    openapi::document()["components"]["schemas"].as_object().expect("schemas")
}

#[test]
fn routes_and_description_name_the_same_operations() {
    let routed: BTreeSet<_> = [routes::api(), routes::health()]
        .iter()
        .flat_map(|routes| routes.listed().to_vec())
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .collect();

    let described: BTreeSet<_> = operations().into_keys().collect();

    assert_eq!(routed, described);
    assert_eq!(described.len(), 89);
}

#[test]
fn every_operation_has_words_a_name_of_its_own_and_described_answers() {
    let mut names = BTreeSet::new();
    for ((method, path), operation) in operations() {
        let at = format!("{method} {path}");
        assert!(operation["summary"].is_string(), "{at}");
        assert!(names.insert(operation["operationId"].as_str().expect("a name")), "{at}");
        for (status, answer) in operation["responses"].as_object().expect("answers") {
            assert!(!answer["description"].as_str().unwrap_or_default().is_empty(), "{at} {status}");
            let has_no_content = path == "/health/ready" && status == "503";
            let refuses = status.as_str() >= "400" && !has_no_content;
            let body = &answer["content"]["application/json"]["schema"]["$ref"];
            assert_eq!(refuses, body == "#/components/schemas/ErrorBody", "{at} {status}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{at}");
        }
        let in_path = path.matches('{').count();
        let described = operation["parameters"].as_array().into_iter().flatten();
        assert_eq!(described.filter(|parameter| parameter["in"] == "path").count(), in_path, "{at}");
    }
}

#[test]
fn only_monitoring_needs_no_token() {
    let open: BTreeSet<_> = operations()
        .into_iter()
        .filter(|(_, operation)| operation["security"] == json!([{}]))
        .map(|((_, path), _)| path)
        .collect();

    assert_eq!(open.into_iter().collect::<Vec<_>>(), ["/api/openapi.json", "/health/live", "/health/ready"]);
    assert_eq!(openapi::document()["security"], json!([{ "token": [] }]));
    assert_eq!(openapi::document()["components"]["securitySchemes"]["token"]["scheme"], "bearer");
}

#[test]
fn every_schema_and_every_property_is_described() {
    for (name, schema) in schemas() {
        assert!(is_described(schema), "{name}");
        check_properties(name, schema);
    }
}

fn is_described(schema: &Value) -> bool {
    let says = |schema: &Value| schema["description"].as_str().is_some_and(|text| text.len() > 5);
    // What is put together, or may be null, is described by one of its parts.
    let part_says =
        |keyword| schema[keyword].as_array().is_some_and(|parts: &Vec<Value>| parts.iter().any(says));
    says(schema) || part_says("allOf") || part_says("oneOf")
}

fn check_properties(at: &str, schema: &Value) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let is_tag = property["enum"].as_array().is_some_and(|words| words.len() == 1);
        assert!(is_described(property) || is_described(resolve(property)) || is_tag, "{at}.{name}");
    }
    for part in ["allOf", "oneOf", "anyOf"].iter().filter_map(|keyword| schema[keyword].as_array()).flatten()
    {
        check_properties(at, part);
    }
}

#[test]
fn every_reference_names_a_schema_and_every_schema_is_referred_to() {
    let mut referred = BTreeSet::new();
    collect_references(openapi::document(), &mut referred);

    let there: BTreeSet<_> = schemas().keys().map(|name| format!("#/components/schemas/{name}")).collect();

    assert_eq!(referred, there);
}

fn collect_references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|inner| collect_references(inner, found));
        }
        Value::Array(elements) => elements.iter().for_each(|inner| collect_references(inner, found)),
        _ => {}
    }
}

/// Parses an example into its type; for an answer also writes it again, and both must be alike.
fn parses<T: DeserializeOwned>(example: &Value) -> Option<Value> {
    serde_json::from_value::<T>(example.clone()).ok().map(|_| example.clone())
}

fn round_trips<T: DeserializeOwned + Serialize>(example: &Value) -> Option<Value> {
    let parsed: T = serde_json::from_value(example.clone()).ok()?;
    serde_json::to_value(parsed).ok()
}

fn into_its_type(name: &str, example: &Value) -> Option<Value> {
    match name {
        "OpenCase" => parses::<request::OpenCase>(example),
        "SetLevel" => parses::<request::SetLevel>(example),
        "ProtectAddress" => parses::<request::ProtectAddress>(example),
        "ApproveSharing" => parses::<request::ApproveSharing>(example),
        "RegisterFamily" => parses::<request::RegisterFamily>(example),
        "LimitGuardian" => parses::<request::LimitGuardian>(example),
        "FamilyView" => round_trips::<answer::FamilyView>(example),
        "Registered" => round_trips::<answer::Registered>(example),
        "ProtectionView" => round_trips::<answer::ProtectionView>(example),
        "TaskItem" => round_trips::<answer::TaskItem>(example),
        "Assign" => parses::<request::Assign>(example),
        "CannotTake" => parses::<request::CannotTake>(example),
        "NewEntry" => parses::<request::NewEntry>(example),
        "EditEntry" => parses::<request::EditEntry>(example),
        "AskConsent" => parses::<request::AskConsent>(example),
        "GiveConsent" => parses::<request::GiveConsent>(example),
        "RefuseConsent" => parses::<request::RefuseConsent>(example),
        "WithdrawConsent" => parses::<request::WithdrawConsent>(example),
        "WithdrawConsents" => parses::<request::WithdrawConsents>(example),
        "ExceptEntry" => parses::<request::ExceptEntry>(example),
        "ReconfirmConsent" => parses::<request::ReconfirmConsent>(example),
        "OpenedCase" => round_trips::<routes::cases::OpenedCase>(example),
        "CaseSummary" => round_trips::<answer::CaseSummary>(example),
        "CaseView" => round_trips::<answer::CaseView>(example),
        "EntryItem" => round_trips::<answer::EntryItem>(example),
        "ProposalItem" => round_trips::<answer::ProposalItem>(example),
        "Published" => round_trips::<answer::Published>(example),
        "EntryPreview" => round_trips::<answer::EntryPreview>(example),
        "ConsentPreview" => round_trips::<answer::ConsentPreview>(example),
        "ConsentItem" => round_trips::<answer::ConsentItem>(example),
        "NoticeItem" => round_trips::<answer::NoticeItem>(example),
        "ConsentView" => round_trips::<answer::ConsentView>(example),
        "OwnConsent" => round_trips::<answer::OwnConsent>(example),
        "WaitingItem" => round_trips::<answer::WaitingItem>(example),
        "LinkItem" => round_trips::<answer::LinkItem>(example),
        "DisclosureItem" => round_trips::<answer::DisclosureItem>(example),
        "Operations" => round_trips::<answer::Operations>(example),
        "Health" => round_trips::<answer::Health>(example),
        "ErrorBody" => round_trips::<ErrorBody>(example),
        "OfferBaton" => parses::<request::OfferBaton>(example),
        "ReassignBaton" => parses::<request::ReassignBaton>(example),
        "OfferBatonThere" => parses::<request::OfferBatonThere>(example),
        "AskToHold" => parses::<request::AskToHold>(example),
        "BatonHere" => round_trips::<answer::BatonHere>(example),
        "OfferedBaton" => round_trips::<answer::OfferedBaton>(example),
        "BatonOfferItem" => round_trips::<answer::BatonOfferItem>(example),
        "BatonView" => round_trips::<answer::BatonView>(example),
        "ColleagueItem" => round_trips::<answer::ColleagueItem>(example),
        "OpenEmergency" => parses::<request::OpenEmergency>(example),
        "ReviewEmergency" => parses::<request::ReviewEmergency>(example),
        "OpenedEmergency" => round_trips::<answer::OpenedEmergency>(example),
        "EmergencyView" => round_trips::<answer::EmergencyView>(example),
        "EmergencyItem" => round_trips::<answer::EmergencyItem>(example),
        "EmergencyReviewItem" => round_trips::<answer::EmergencyReviewItem>(example),
        "OpenPackage" => parses::<request::OpenPackage>(example),
        "OpenedByHand" => round_trips::<answer::OpenedByHand>(example),
        "HandArrivalItem" => round_trips::<answer::HandArrivalItem>(example),
        "OpenTransition" => parses::<request::OpenTransition>(example),
        "ChangeTransition" => parses::<request::ChangeTransition>(example),
        "MarkItem" => parses::<request::MarkItem>(example),
        "ReceiveTransition" => parses::<request::ReceiveTransition>(example),
        "EndTransition" => parses::<request::EndTransition>(example),
        "OpenedTransition" => round_trips::<answer::OpenedTransition>(example),
        "TransitionView" => round_trips::<answer::TransitionView>(example),
        "RefuseMove" => parses::<request::RefuseMove>(example),
        "MoveWithout" => round_trips::<answer::MoveWithout>(example),
        "OfferCase" => parses::<request::OfferCase>(example),
        "MakePackage" => parses::<request::MakePackage>(example),
        "RegisterAcceptance" => parses::<request::RegisterAcceptance>(example),
        "WriteMoveNote" => parses::<request::WriteMoveNote>(example),
        "AskToTake" => parses::<request::AskToTake>(example),
        "DeclineMove" => parses::<request::DeclineMove>(example),
        "OfferedMove" => round_trips::<answer::OfferedMove>(example),
        "MadePackage" => round_trips::<answer::MadePackage>(example),
        "MoveView" => round_trips::<answer::MoveView>(example),
        "ComingMove" => round_trips::<answer::ComingMove>(example),
        "OfferItem" => round_trips::<answer::OfferItem>(example),
        other => panic!("no type is known for the body {other}"),
    }
}

#[test]
fn every_example_is_of_its_type_and_fits_its_schema() {
    for (name, example) in examples::all() {
        assert!(into_its_type(name, &example) == Some(example.clone()), "{name}");
        assert_eq!(differences(name, &example), Vec::<String>::new(), "{name}");
        assert_eq!(schemas()[name]["examples"], json!([example]), "{name}");
    }
}

#[test]
fn every_body_has_an_example() {
    let with_example: BTreeSet<_> = examples::all().into_iter().map(|(name, _)| name.to_owned()).collect();
    for ((method, path), operation) in operations() {
        let answers = operation["responses"].as_object().expect("answers").values();
        let bodies = std::iter::once(&operation["requestBody"]).chain(answers);
        for schema in bodies.map(|body| &body["content"]["application/json"]["schema"]) {
            let reference = schema["$ref"].as_str().or(schema["items"]["$ref"].as_str());
            let name = reference.and_then(|reference| reference.rsplit('/').next());
            let fits = name.is_none_or(|name| with_example.contains(name) || name == "Anything");
            assert!(fits, "{method} {path}: {name:?}");
        }
    }
}

#[test]
fn values_of_the_protocol_fit_what_is_said_of_them() {
    use protocol::consent::{ChildHeard, Evidence, WithdrawnPart};
    use protocol::entry::About;
    use protocol::erasure::{Done, LockBasis};
    use request::WithdrawnScope;

    let person = protocol::id::PersonId::from_bytes([1; 16]);
    for about in [About::Subject, About::Guardian(person), About::Sibling, About::Other] {
        assert_fits("About", &about);
    }
    for evidence in [
        Evidence::Paper { scan_sha256: "0".repeat(64) },
        Evidence::Filed { reference: "27/00123-4".to_owned() },
        Evidence::Oral,
        Evidence::ElectronicId { assurance: "idporten-loa-high".into() },
    ] {
        assert_fits("Evidence", &evidence);
    }
    for basis in [LockBasis::OwnWriting, LockBasis::DutyToKeep] {
        assert_fits("Done", &Done::Locked { basis });
    }
    for part in [
        WithdrawnPart::Whole,
        WithdrawnPart::Areas { areas: BTreeSet::from(["language".parse().expect("a code")]) },
        WithdrawnPart::AboutSelf,
    ] {
        assert_fits("WithdrawnPart", &part);
    }
    let service = protocol::municipality::Service {
        host: "310000000".parse().expect("a number"),
        code: "ppt".parse().expect("a code"),
    };
    for scope in [
        WithdrawnScope::All,
        WithdrawnScope::AboutSelf,
        WithdrawnScope::Service(service),
        WithdrawnScope::Areas(BTreeSet::from(["language".parse().expect("a code")])),
    ] {
        assert_fits("WithdrawnScope", &scope);
    }
    let heard = ChildHeard::Yes {
        how: protocol::consent::HeardBy::Drawing,
        at: protocol::time::UnixMillis(1),
        by: protocol::id::AccountId::from_bytes([1; 16]),
    };
    for heard in [ChildHeard::NotAsked, heard, ChildHeard::No] {
        assert_fits("ChildHeard", &heard);
    }
    assert_fits("Done", &Done::Erased);
    assert_fits("Done", &Done::KeptForAnotherService);
    for kind in protocol::entry::EntryKind::ALL {
        assert_fits("EntryKind", &kind);
    }
    for kind in protocol::task::TaskKind::ALL {
        assert_fits("TaskKind", &kind);
    }
    for code in ErrorCode::ALL {
        assert_fits("ErrorCode", &code);
    }
    assert_eq!(schemas()["ErrorCode"]["enum"].as_array().map(Vec::len), Some(ErrorCode::ALL.len()));
}

#[test]
fn description_names_every_field_of_every_kind_and_its_words() {
    let text = schemas()["EntryKind"]["description"].as_str().expect("a description");
    for kind in protocol::entry::EntryKind::ALL {
        let start = format!("- `{kind}`: ");
        let line = text.lines().find(|line| line.starts_with(&start)).expect("a line for each kind");
        for field in protocol::entry::schema::fields(kind) {
            assert!(line.contains(&format!("`{}` (", field.key)), "{kind} {}", field.key);
            if let protocol::entry::schema::FieldType::Choice(words) = field.of {
                assert!(words.iter().all(|word| line.contains(&format!("`{word}`"))), "{kind}");
            }
        }
    }
}

fn assert_fits(name: &str, value: &impl Serialize) {
    let value = serde_json::to_value(value).expect("JSON");
    assert_eq!(differences(name, &value), Vec::<String>::new(), "{value}");
}

#[test]
fn description_holds_no_word_of_a_real_identity_number() {
    let text = openapi::document().to_string();
    let numbers = text.split(|character: char| !character.is_ascii_digit());

    let identity_numbers: BTreeSet<_> = numbers.filter(|number| number.len() == 11).collect();

    // The month of a synthetic number is 40, 65 or 80 higher than one of the calendar.
    assert!(identity_numbers.iter().all(|number| number[2..4].parse::<u8>().expect("digits") > 40));
}
