//! When nothing is opened: one answer, whatever the reason, one row in the log, and an end to trying.

use serde_json::json;

use super::*;

/// The answers of the page and of the API to the same question.
async fn answers(node: &Node, who: Who) -> (String, u16, Answer) {
    let mut browser = node.log_in(who).await;
    let form = [
        ("form-id", "00000000000000000000000000000001"),
        ("name", "Ane Testesen"),
        ("birth-date", "2015-03-14"),
        ("reason", REASON),
    ];
    let page = browser.post("/emergency", &form).await;
    (page.text(), page.status.as_u16(), open(node, who, &in_emergency()).await)
}

async fn attempts(node: &Node, who: Who) -> Vec<(String, bool)> {
    let rows = node.engine.store().accesses_of(who.account()).await.expect("reads").into_iter();
    rows.filter(|row| row.why == "emergency").map(|row| (row.what, row.case.is_some())).collect()
}

#[tokio::test]
async fn whatever_the_reason_is_the_answers_are_the_same_byte_for_byte() {
    let none = Node::start().await;
    let expected = answers(&none, Who::Colleague).await;
    assert!(expected.0.contains("Ingen stafettlogg ble åpnet."), "{}", expected.0);
    assert_eq!((expected.1, expected.2.status.as_u16()), (422, 404));

    let strict = Node::start().await;
    let family = noted(&strict).await;
    let protection = json!({ "protection": "strictly-confidential" });
    strict.expect(204, Who::Holder, "put", &format!("{}/address-protection", family.case), &protection).await;

    let two = Node::start().await;
    noted(&two).await;
    let subject = json!({ "name": "Ane Testesen", "birth_date": "2015-03-14" });
    let twin = two
        .open_family(subject, &[crate::web::tests::opened::guardian("Eva Prøvesen", "mother", true)])
        .await;
    two.expect(201, Who::Holder, "post", &format!("{}/entries", twin.case), &new_note("x")).await;

    let unreadable = Node::start().await;
    Family::of(&unreadable).await;

    let another_day = Node::start().await;
    let subject = json!({ "name": "Ane Testesen", "birth_date": "2015-03-15" });
    let born_after = another_day.open_family(subject, &[]).await;
    another_day
        .expect(201, Who::Holder, "post", &format!("{}/entries", born_after.case), &new_note("x"))
        .await;

    let another_name = Node::start().await;
    let subject = json!({ "name": "Anne Testesen", "birth_date": "2015-03-14" });
    let named = another_name.open_family(subject, &[]).await;
    another_name.expect(201, Who::Holder, "post", &format!("{}/entries", named.case), &new_note("x")).await;

    let received = Node::start().await;
    received_case(&received, "Leser litt").await;

    for (of, node) in [
        ("strictly protected", &strict),
        ("two", &two),
        ("nothing to read", &unreadable),
        ("another day of birth", &another_day),
        ("another name", &another_name),
        ("received without a card", &received),
    ] {
        assert_eq!(answers(node, Who::Colleague).await, expected, "{of}");
        let attempt = ("emergency attempt".to_owned(), false);
        assert_eq!(attempts(node, Who::Colleague).await, [attempt.clone(), attempt], "{of}");
        assert!(node.engine.store().emergency_openings().await.expect("reads").is_empty(), "{of}");
    }
}

#[tokio::test]
async fn strictly_protected_case_tells_nobody_of_an_attempt() {
    let node = Node::start().await;
    let family = noted(&node).await;
    let protection = json!({ "protection": "strictly-confidential" });
    node.expect(204, Who::Holder, "put", &format!("{}/address-protection", family.case), &protection).await;
    let before = family.looks(&node).await;

    open(&node, Who::Colleague, &in_emergency()).await;

    assert_eq!(family.looks(&node).await, before);
    for who in [Who::Holder, Who::UnitLeader] {
        let page = node.log_in(who).await.get("/cases").await.text();
        assert!(!page.contains("nødåpning ble gjort") && !page.contains("gjorde en nødåpning"), "{page}");
    }
}

#[tokio::test]
async fn sixth_attempt_of_an_hour_is_refused_found_or_not_and_others_are_not_stopped() {
    let node = Node::start().await;
    noted(&node).await;
    opened(&node, Who::Colleague).await;
    for _ in 1..5 {
        node.expect(404, Who::Colleague, "post", OPENINGS, &asked("Ola Testesen", "2015-03-14")).await;
    }

    let stopped = open(&node, Who::Colleague, &in_emergency()).await;
    assert_eq!((stopped.status.as_u16(), stopped.error().as_str()), (429, "too_many_emergencies"));
    let wait: u64 = stopped.headers["retry-after"].to_str().expect("text").parse().expect("seconds");
    assert!((3_500..=3_601).contains(&wait), "{wait}");
    let mut browser = node.log_in(Who::Colleague).await;
    let form = [("name", "Ane Testesen"), ("birth-date", "2015-03-14"), ("reason", REASON)];
    let page = browser.post("/emergency", &form).await;
    assert_eq!(page.status.as_u16(), 429);
    assert!(page.text().contains("Du har prøvd for mange nødåpninger"), "{}", page.text());
    assert_eq!(attempts(&node, Who::Colleague).await.len(), 5 + 1, "five attempts and what one opened");
    opened(&node, Who::UnitLeader).await;
}

#[tokio::test]
async fn nineteen_characters_are_no_reason_and_twenty_are() {
    let node = Node::start().await;
    noted(&node).await;
    let reason =
        |reason: &str| json!({ "name": "Ane Testesen", "birth_date": "2015-03-14", "reason": reason });
    let (short, enough) = ("å".repeat(19), "å".repeat(20));
    for refused in [short.as_str(), &format!("  {short}\n "), &"å".repeat(501), ""] {
        let answer = open(&node, Who::UnitLeader, &reason(refused)).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["field"]), (422, &json!("reason")), "{refused:?}");
    }
    let mut browser = node.log_in(Who::Colleague).await;
    let form = |reason| [("name", "Ane Testesen"), ("birth-date", "2015-03-14"), ("reason", reason)];
    let page = browser.post("/emergency", &form(&short)).await;
    assert_eq!(page.status.as_u16(), 422);
    assert!(page.text().contains("Skriv 20 til 500 tegn om hvorfor"), "{}", page.text());
    assert!(page.text().contains(&short), "what was written is not lost");
    assert_eq!(attempts(&node, Who::Colleague).await, [], "nothing was looked for");

    assert_eq!(browser.post("/emergency", &form(&format!(" {enough} "))).await.status.as_u16(), 303);

    assert_eq!(attempts(&node, Who::Colleague).await.len(), 2);
    for (name, born, field) in
        [("", "2015-03-14", "name"), ("Ane", "14.3.2015", "birth_date"), ("Ane", "2090-01-01", "birth_date")]
    {
        let answer = open(&node, Who::Holder, &asked(name, born)).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["field"]), (422, &json!(field)), "{name} {born}");
    }
}
