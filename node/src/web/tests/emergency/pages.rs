//! The pages of an emergency opening: the form, the case, and its end.

use axum::http::header;
use stafett_protocol::time::MINUTE;

use super::*;

const FORM: [(&str, &str); 3] = [("name", "Ane Testesen"), ("birth-date", "2015-03-14"), ("reason", REASON)];

#[tokio::test]
async fn opened_case_says_until_when_and_closes_by_itself() {
    let node = Node::start().await;
    noted(&node).await;
    let mut browser = node.log_in(Who::Colleague).await;
    let form = browser.get("/emergency").await.text();
    assert!(form.contains("Nødåpning") && form.contains("Åpne i 30 minutter"), "{form}");

    let posted = browser.post("/emergency", &FORM).await;
    assert_eq!(posted.headers[header::LOCATION], "/emergency/case", "no name in an address");
    let shown = browser.get("/emergency/case").await;

    assert_eq!(shown.headers["refresh"], "1800;url=/emergency/case");
    let page = shown.text();
    // The node's clock shows 08.00 UTC, and the municipality is an hour ahead.
    let line = "Nødåpning til kl. 09.30. Det du ser på blir logget, og lederen får vite det.";
    assert!(page.contains(line) && page.contains(NOTE), "{page}");
    assert!(page.contains("Holder"), "whom to call: {page}");
    for act in ["/write", "/print", "/consents", "/baton/", "<form method=\"post\" action=\"/cases"] {
        assert!(!page.contains(act), "{act}: {page}");
    }
    assert!(!page.contains("Testesen"), "the service was given no card");
    at(&node, NOW + 30 * MINUTE - 1);
    let last = node.log_in(Who::Colleague).await.get("/emergency/case").await;
    assert_eq!(last.headers["refresh"], "1;url=/emergency/case");
    assert!(last.text().contains(NOTE));

    at(&node, NOW + 30 * MINUTE);
    let over = node.log_in(Who::Colleague).await.get("/emergency/case").await;

    assert!(over.text().contains("Nødåpningen er over") && !over.text().contains(NOTE), "{}", over.text());
    assert!(!over.headers.contains_key("refresh"));
}

#[tokio::test]
async fn case_that_was_open_is_not_shown_if_the_time_runs_out_while_it_is_read() {
    let node = Node::start().await;
    noted(&node).await;
    opened(&node, Who::Colleague).await;
    let mut whole = 0;
    for reads in 0..60 {
        node.leaps(NOW + 30 * MINUTE - 1, reads, NOW + 30 * MINUTE);
        let answer = node.ask(Who::Colleague, "get", CASE, &Value::Null).await;
        let has_leapt = node.clock.load(Ordering::Relaxed) == NOW + 30 * MINUTE;
        assert_eq!(answer.status.as_u16(), if has_leapt { 404 } else { 200 }, "after {reads} reads");
        whole += u32::from(!has_leapt);
    }
    assert!(whole > 0, "with enough time it is shown");
}

#[tokio::test]
async fn whoever_logged_in_long_ago_is_asked_to_log_in_again_and_nothing_is_opened() {
    let node = Node::start().await;
    noted(&node).await;
    let mut browser = node.log_in(Who::Colleague).await;
    at(&node, NOW + 10 * MINUTE);
    browser.get("/cases").await;
    at(&node, NOW + 16 * MINUTE);

    let asked = browser.get("/emergency").await;
    assert_eq!(asked.status.as_u16(), 303);
    let to = asked.headers[header::LOCATION].to_str().expect("an address");
    assert!(to.starts_with("/login/again?"), "{to}");
    let sent = browser.post("/emergency", &FORM).await;
    assert_eq!(sent.status.as_u16(), 403);
    assert!(sent.text().contains("href=\"/login/again?"), "{}", sent.text());

    assert!(node.engine.store().emergency_openings().await.expect("reads").is_empty());
}

#[tokio::test]
async fn pressing_twice_opens_once() {
    let node = Node::start().await;
    noted(&node).await;
    let mut browser = node.log_in(Who::Colleague).await;
    let page = browser.get("/emergency").await.text();
    let id = page.split("name=\"form-id\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let form: Vec<_> = FORM.into_iter().chain([("form-id", id.expect("an id"))]).collect();

    for _ in 0..2 {
        assert_eq!(browser.post("/emergency", &form).await.status.as_u16(), 303);
    }

    assert_eq!(node.engine.store().emergency_openings().await.expect("reads").len(), 1);
}

#[tokio::test]
async fn pages_are_for_those_who_work_in_a_service_and_the_way_is_told_to_them_alone() {
    let node = Node::start().await;
    for who in Who::ALL {
        let mut browser = node.log_in(who).await;
        let works = matches!(
            who,
            Who::Holder | Who::Colleague | Who::HealthNurse | Who::UnitLeader | Who::OtherLeader
        );
        let expected = if works { 200 } else { 404 };
        for path in ["/emergency", "/emergency/case"] {
            assert_eq!(browser.get(path).await.status.as_u16(), expected, "{who:?} {path}");
        }
        for path in ["/search", "/cases"] {
            let told = browser.get(path).await.text().contains("href=\"/emergency\"");
            assert_eq!(told, works, "{who:?} {path}");
        }
    }
}

#[tokio::test]
async fn words_are_nynorsk_where_that_is_asked_for() {
    let node = Node::start().await;
    noted(&node).await;
    let mut browser = node.log_in(Who::Colleague).await;
    browser.post("/emergency", &FORM).await;

    let form = browser.get("/emergency?lang=nn").await.text();
    let case = browser.get("/emergency/case?lang=nn").await.text();
    let reviews = node.log_in(Who::UnitLeader).await.get("/emergency/reviews?lang=nn").await.text();

    assert!(form.contains("<h1 class=\"ds-heading\" data-size=\"lg\">Naudopning</h1>"), "{form}");
    assert!(
        case.contains("Naudopning til kl. 09.30. Det du ser på blir logga, og leiaren får vite det."),
        "{case}"
    );
    assert!(reviews.contains("Naudopningar") && reviews.contains("Var ho nødvendig?"), "{reviews}");
    for page in [form, case, reviews] {
        for word in ["Nødåpning", "nødåpning", "lederen"] {
            assert!(!page.contains(word), "{word}: {page}");
        }
    }
}

#[tokio::test]
async fn what_people_write_comes_back_as_text() {
    let node = Node::start().await;
    noted(&node).await;
    let naughty = "<script>alert('1')</script> & \"sitat\" \u{202e}snudd {{ 7*7 }} 😀 ﷽";
    let mut browser = node.log_in(Who::Colleague).await;
    let form = [("name", "Ane Testesen"), ("birth-date", "2015-03-14"), ("reason", naughty)];
    assert_eq!(browser.post("/emergency", &form).await.status.as_u16(), 303);
    let mut leader = node.log_in(Who::UnitLeader).await;
    let page = leader.get("/emergency/reviews").await.text();
    let opening = page.split("action=\"/emergency/reviews/").nth(1).and_then(|rest| rest.split('"').next());
    let path = format!("/emergency/reviews/{}", opening.expect("a form"));

    let refused = leader.post(&path, &[("finding", naughty)]).await.text();
    let reviewed = leader.act(&path, &[("needed", "no"), ("finding", naughty)]).await.text();

    for page in [page, refused, reviewed] {
        assert!(!page.contains("<script>alert"), "{page}");
        assert!(
            page.contains("&#60;script&#62;alert(&#39;1&#39;)&#60;/script&#62; &#38; &#34;sitat&#34;"),
            "{page}"
        );
        assert!(page.contains("{{ 7*7 }} 😀 ﷽"), "{page}");
    }
}
