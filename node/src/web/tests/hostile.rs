//! Requests that are not as documented. What was sent never comes back.

use axum::body::Body;
use axum::http::Request;
use axum::http::request::Builder;
use serde_json::{Value, json};

use super::schema::differences;
use super::support::{Answer, Node, Who, new_case, new_note, request};
use crate::web::layers::SECURITY_HEADERS;
use crate::web::limits::{BODY_BYTES_MAX, HEADER_BYTES_MAX};

const CANARY: &str = "KANARI";

fn post(path: &str) -> Builder {
    Request::post(path)
        .header("host", "localhost")
        .header("authorization", format!("Bearer {}", Who::Holder.token()))
}

fn post_json(path: &str, body: impl Into<Body>) -> Request<Body> {
    post(path).header("content-type", "application/json").body(body.into()).expect("a request")
}

/// Holds a refusal against what every refusal must be.
fn assert_refused(answer: &Answer, status: u16, code: &str, of: &str) {
    let text = String::from_utf8_lossy(&answer.body);
    assert_eq!((answer.status.as_u16(), answer.error().as_str()), (status, code), "{of}: {text}");
    assert_eq!(differences("ErrorBody", &answer.json()), Vec::<String>::new(), "{of}");
    assert!(!text.contains(CANARY), "{of}: {text}");
    assert_secured(answer, of);
}

fn assert_secured(answer: &Answer, of: &str) {
    for (name, value) in SECURITY_HEADERS {
        let found: Vec<_> = answer.headers.get_all(&name).iter().collect();
        assert_eq!(found, [&value], "{of}: {name}");
    }
}

#[tokio::test]
async fn what_is_no_json_is_refused_with_its_place() {
    let node = Node::start().await;
    let bodies: [(&str, Vec<u8>); 8] = [
        ("nothing", Vec::new()),
        ("a word", CANARY.into()),
        ("half an object", format!("{{\"subject\": {{\"name\": \"{CANARY}\"").into()),
        ("something behind it", format!("{}{CANARY}", new_case()).into()),
        ("two objects", format!("{}{}", new_case(), new_case()).into()),
        ("invalid UTF-8", [b"{\"subject\": \"".as_slice(), &[0xC3, 0x28], b"\"}"].concat()),
        ("half a surrogate", b"{\"subject_kind\": \"\\ud800\"}".to_vec()),
        ("a number beyond all", b"{\"level\": 1e999}".to_vec()),
    ];
    for (of, body) in bodies {
        let answer = node.send(post_json("/api/v1/cases", body)).await;

        assert_refused(&answer, 400, "malformed_body", of);
    }
}

#[tokio::test]
async fn other_json_than_documented_is_refused_with_the_field_if_it_is_one_of_ours() {
    let node = Node::start().await;
    let bodies: [(&str, Value, Option<&str>); 13] = [
        ("an array", json!([CANARY]), None),
        ("an array of arrays", json!([[[[CANARY]]]]), None),
        ("a text", json!(CANARY), None),
        ("the values without their names", json!(["child", 1, { "name": CANARY }, []]), None),
        ("a missing field", json!({ "subject_kind": "child", "level": 1 }), Some("subject")),
        ("a field in it", with("/subject", json!({ "birth_date": CANARY })), Some("subject.name")),
        ("another word", with("/subject_kind", json!(CANARY)), Some("subject_kind")),
        ("a text as level", with("/level", json!(CANARY)), Some("level")),
        ("a level too high", with("/level", json!(4)), Some("level")),
        ("a huge level", with("/level", json!(u64::MAX)), Some("level")),
        ("half a level", with("/level", json!(1.5)), Some("level")),
        (
            "no identity number",
            with("/subject/national_identity_number", json!("01010112345")),
            Some("subject.national_identity_number"),
        ),
        ("a guardian too few", with("/guardians/0", json!({ "name": CANARY })), Some("guardians.0.relation")),
    ];
    for (of, body, field) in bodies {
        let answer = node.send(post_json("/api/v1/cases", body.to_string())).await;

        assert_refused(&answer, 422, "invalid", of);
        assert_eq!(answer.json()["field"].as_str(), field, "{of}");
        assert!(!String::from_utf8_lossy(&answer.body).contains("01010112345"), "{of}");
    }
}

#[tokio::test]
async fn value_of_a_field_cannot_be_deep() {
    let node = Node::start().await;
    let case = node.open_case().await;
    for (open, close) in [("[", "]"), ("{\"name\":", "}")] {
        let deep = format!("{}{}", open.repeat(50_000), close.repeat(50_000));
        let body = format!("{{\"kind\":\"note\",\"areas\":[],\"fields\":{{\"title\":{deep}}}}}");

        let answer = node.send(post_json(&format!("{case}/entries"), body)).await;

        assert_refused(&answer, 400, "malformed_body", open);
    }
}

/// A new case with another value at one place.
fn with(pointer: &str, value: Value) -> Value {
    let mut body = new_case();
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    let parent = body.pointer_mut(parent).expect("a place");
    match key.parse::<usize>() {
        Ok(index) => parent[index] = value,
        Err(_) => parent[key] = value,
    }
    body
}

#[tokio::test]
async fn unknown_fields_are_refused_and_not_repeated() {
    let node = Node::start().await;
    let case = node.open_case().await;
    let mut note = new_note("x");
    note["fields"][CANARY] = json!("x");
    let requests = [
        ("/api/v1/cases".to_owned(), with(&format!("/{CANARY}"), json!(1))),
        ("/api/v1/cases".to_owned(), with(&format!("/subject/{CANARY}"), json!(1))),
        (format!("{case}/entries"), note),
        (format!("{case}/entries"), json!({ "kind": CANARY, "areas": [], "fields": {} })),
        (format!("{case}/entries"), json!({ "kind": "note", "areas": [CANARY], "fields": {} })),
        (format!("{case}/assignments"), json!({ "account": CANARY })),
        (format!("{case}/consents"), json!({ "recipient": { "host": CANARY, "code": "ppt" } })),
    ];
    for (path, body) in requests {
        let answer = node.send(post_json(&path, body.to_string())).await;

        assert_refused(&answer, 422, "invalid", &path);
    }
    let twice = "{\"account\": \"KANARI\", \"account\": \"KANARI\"}";
    assert_refused(
        &node.send(post_json(&format!("{case}/assignments"), twice)).await,
        422,
        "invalid",
        "twice",
    );
    let query = request(
        Some(&Who::ProtectionOfficer.token()),
        "get",
        "/api/v1/disclosures?case=KANARI",
        &Value::Null,
    );
    assert_refused(&node.send(query).await, 422, "invalid", "a query");
    let query =
        request(Some(&Who::ProtectionOfficer.token()), "get", "/api/v1/disclosures?KANARI=1", &Value::Null);
    assert_refused(&node.send(query).await, 422, "invalid", "a query");
}

#[tokio::test]
async fn one_byte_above_a_mebibyte_is_refused_and_a_mebibyte_is_not() {
    let node = Node::start().await;
    let padded = |bytes: usize| {
        let case = new_case().to_string();
        format!("{case}{}", " ".repeat(bytes - case.len()))
    };

    let too_large = node.send(post_json("/api/v1/cases", padded(BODY_BYTES_MAX + 1))).await;
    let just_fits = node.send(post_json("/api/v1/cases", padded(BODY_BYTES_MAX))).await;

    assert_refused(&too_large, 413, "body_too_large", "a byte too many");
    assert_eq!(just_fits.status.as_u16(), 201);
}

#[tokio::test]
async fn only_plain_json_in_utf8_is_taken() {
    let node = Node::start().await;
    let send = |builder: Builder| node.send(builder.body(new_case().to_string().into()).expect("a request"));
    for taken in ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""]
    {
        assert_eq!(send(post("/api/v1/cases").header("content-type", taken)).await.status.as_u16(), 201);
    }
    for refused in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=iso-8859-1",
        "application/jsonx",
        "",
    ] {
        let answer = send(post("/api/v1/cases").header("content-type", refused)).await;
        assert_refused(&answer, 415, "unsupported_media_type", refused);
    }
    let json = || post("/api/v1/cases").header("content-type", "application/json");
    assert_refused(&send(post("/api/v1/cases")).await, 415, "unsupported_media_type", "no type");
    let twice = send(json().header("content-type", "application/json")).await;
    assert_refused(&twice, 415, "unsupported_media_type", "two types");
    let packed = send(json().header("content-encoding", "gzip")).await;
    assert_refused(&packed, 415, "unsupported_media_type", "an encoding");
}

#[tokio::test]
async fn unknown_routes_and_methods_are_refused_in_json() {
    let node = Node::start().await;
    for path in [
        "/index.html",
        "/api",
        "/api/",
        "/api/v1",
        "/api/v2/cases",
        "/api/v1/cases/",
        "/KANARI",
        "/api/v1/cases/%FF",
    ] {
        let answer = node.ask(Who::Holder, "get", path, &Value::Null).await;
        assert_refused(&answer, 404, "not_found", path);
    }
    for (method, path) in [
        ("delete", "/api/v1/cases"),
        ("patch", "/api/v1/cases"),
        ("options", "/api/v1/cases"),
        ("trace", "/api/v1/health"),
        ("KANARI", "/api/v1/cases"),
        ("post", "/health/live"),
        ("post", "/api/openapi.json"),
    ] {
        let answer = node.ask(Who::Holder, method, path, &Value::Null).await;
        assert_refused(&answer, 405, "method_not_allowed", path);
        assert!(answer.headers.contains_key("allow"), "{method} {path}");
    }
}

#[tokio::test]
async fn too_large_a_head_and_other_hosts_and_origins_are_refused_before_the_token_is_looked_at() {
    let node = Node::start().await;
    let get = |host: &str| Request::get("/api/v1/cases").header("host", host);
    let send = |builder: Builder| node.send(builder.body(Body::empty()).expect("a request"));

    let large = send(get("localhost").header("x", "y".repeat(HEADER_BYTES_MAX))).await;
    assert_refused(&large, 431, "headers_too_large", "a large head");
    assert_refused(&send(get("KANARI.example")).await, 421, "unknown_host", "another host");
    assert_refused(&send(Request::get("/api/v1/cases")).await, 421, "unknown_host", "no host");
    let foreign = post("/api/v1/cases").header("origin", "https://KANARI.example");
    assert_refused(&send(foreign).await, 403, "foreign_origin", "another origin");
}

#[tokio::test]
async fn answers_without_a_refusal_have_the_security_headers_too() {
    let node = Node::start().await;
    let case = node.open_case().await;
    for (who, method, path, body, status) in [
        (Who::Holder, "get", "/api/v1/cases", Value::Null, 200),
        (Who::Holder, "post", "/api/v1/cases", new_case(), 201),
        (Who::Holder, "put", &format!("{case}/level"), json!({ "level": 0 }), 204),
        (Who::Operator, "get", "/api/openapi.json", Value::Null, 200),
        (Who::Operator, "get", "/health/live", Value::Null, 204),
        (Who::Operator, "get", "/health/ready", Value::Null, 204),
        (Who::Operator, "head", "/api/v1/health", Value::Null, 200),
    ] {
        let answer = node.ask(who, method, path, &body).await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert_secured(&answer, path);
    }
}
