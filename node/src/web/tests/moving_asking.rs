//! Asking a family whether its case may move: what it is told, what would go along, and for how long the yes
//! counts.

use serde_json::{Value, json};
use stafett_protocol::time::DAY;

use super::kin::{Home, Kin, ppt};
use super::schema::differences;
use super::support::{NOW, Node, Who};

/// A question about a move, with other values where they are given.
fn moving(more: &Value) -> Value {
    let mut asked = json!({
        "kind": "transfer", "recipient": ppt(), "areas": ["language"], "purpose": "Dere flytter til Steinkjer.",
    });
    for (name, value) in more.as_object().expect("an object") {
        asked[name] = value.clone();
    }
    asked
}

fn titles(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|item| item["entry"].as_str().expect("an id")).collect()
}

/// Entries that stay, each with why.
fn stays(preview: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let hidden = preview["stays_hidden"].as_array().expect("a list").iter();
    hidden.map(|one| (text(&one["entry"]), text(&one["reason"]))).collect()
}

#[tokio::test]
async fn family_is_asked_with_exactly_what_would_go_along() {
    let home = Home::start().await;
    let goes = home.note("language").await;
    let stays_by_area = home.note("attendance").await;
    let kept = home.note("language").await;
    let body = moving(&json!({ "exceptions": [kept], "card_fields": ["unit"] }));

    let preview = home.holder(200, "post", "/consents/preview", &body).await;

    assert_eq!(differences("ConsentPreview", &preview), Vec::<String>::new());
    assert_eq!(titles(&preview["becomes_visible"]), [goes.as_str()]);
    let left = stays(&preview);
    assert!(left.contains(&(stays_by_area, "outside-agreement".to_owned())), "{left:?}");
    assert!(left.contains(&(kept.clone(), "excepted".to_owned())), "{left:?}");
    assert_eq!(preview["card"], json!({ "unit": "Granlia skole" }));
    assert_eq!((&preview["stays_visible"], &preview["becomes_hidden"]), (&json!([]), &json!([])));

    let asked = home.holder(201, "post", "/consents", &body).await;
    assert_eq!((&asked["kind"], &asked["direction"]), (&json!("transfer"), &json!("give")));
    assert!(!asked["kinds"].as_array().expect("kinds").contains(&json!("participants")));
    let until = asked["until"].as_u64().expect("a moment");
    assert!(until <= NOW + 90 * DAY, "whoever moves later is asked again");
    let consent = asked["id"].as_str().expect("an id");
    let own = home.own(Kin::Mother, consent).await;
    assert_eq!(differences("OwnConsent", &own), Vec::<String>::new());
    assert_eq!(own["also"], json!([]));

    let again = moving(&json!({ "supersedes": consent }));
    let preview = home.holder(200, "post", "/consents/preview", &again).await;
    assert!(stays(&preview).contains(&(kept.clone(), "excepted".to_owned())), "kept back as before");
    let opened = moving(&json!({ "supersedes": consent, "exceptions": [] }));
    let preview = home.holder(200, "post", "/consents/preview", &opened).await;
    assert_eq!(titles(&preview["drops_exceptions"]), [kept.as_str()], "and what is opened is said");
}

#[tokio::test]
async fn everyday_sharing_makes_nothing_go_along() {
    let home = Home::start().await;
    let shared = home.note("language").await;
    home.share(json!({ "recipient": ppt() })).await;
    let body = moving(&json!({ "kinds": ["goal"] }));

    let preview = home.holder(200, "post", "/consents/preview", &body).await;

    assert_eq!(preview["becomes_visible"], json!([]));
    assert_eq!(preview["stays_visible"], json!([]), "what PPT reads today is another question");
    assert_eq!(stays(&preview), [(shared, "kind".to_owned())]);
}

#[tokio::test]
async fn move_is_asked_for_within_the_agreement_and_for_ninety_days_at_the_longest() {
    let home = Home::start().await;
    let nursery = json!({ "host": super::support::PARTNER, "code": "nursery" });
    for (more, field) in [
        (json!({ "recipient": nursery }), "recipient"),
        (json!({ "recipient": super::kin::own_service("health-station") }), "recipient"),
        (json!({ "also": ["nursery"] }), "also"),
        (json!({ "also": ["ppt"] }), "also"),
        (json!({ "areas": ["attendance"] }), "areas"),
        (json!({ "areas": [] }), "areas"),
        (json!({ "kinds": ["participants"] }), "kinds"),
        (json!({ "kinds": ["case-card"] }), "kinds"),
        (json!({ "until": NOW + 100 * DAY }), "until"),
    ] {
        assert_eq!(home.refused("/consents", &moving(&more)).await, field, "{more}");
    }
    let share = json!({ "recipient": ppt(), "areas": ["language"], "purpose": "x", "also": ["nursery"] });
    assert_eq!(home.refused("/consents", &share).await, "also", "sharing names one service");
    let version = moving(&json!({ "supersedes": home.ask(json!({})).await }));
    assert_eq!(home.refused("/consents", &version).await, "supersedes", "sharing is no version of a move");
    home.holder(201, "post", "/consents", &moving(&json!({ "until": NOW + 90 * DAY }))).await;
}

#[tokio::test]
async fn pages_say_where_the_case_would_go_and_what_goes_along() {
    let node = Node::start().await;
    let case = node.open_case().await;
    let case = case.strip_prefix("/api/v1").expect("a path").to_owned();
    let note = json!({ "kind": "note", "areas": ["language"], "fields": { "description": "Leser godt" } });
    node.expect(201, Who::Holder, "post", &format!("/api/v1{case}/entries"), &note).await;
    let mut holder = node.log_in(Who::Holder).await;
    let new = format!("{case}/consents/new");
    let form = holder.get(&format!("{new}?kind=move")).await.text();
    assert!(form.contains("Be om samtykke til flytting") && form.contains("PPT"), "{form}");
    assert!(!form.contains("Fjellbarnehagen"), "it takes no case over");
    let mut fields = vec![
        ("kind", "move"),
        ("areas", "language"),
        ("kinds", "note"),
        ("purpose", "Dere flytter."),
        ("child_heard", "not-asked"),
        ("act", "look"),
    ];
    let refused = holder.post(&new, &fields).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert!(refused.text().contains("Velg én eller flere tjenester, alle i samme kommune"));

    fields.push(("services", "840029212.ppt"));
    let review = holder.post(&new, &fields).await.text();
    assert!(review.contains("Dette følger med") && !review.contains("Dette blir synlig"), "{review}");
    assert!(review.contains("Går til: Steinkjer kommune"), "{review}");
    fields[5].1 = "ask";
    let asked = holder.post(&new, &fields).await;
    let page =
        asked.headers["location"].to_str().expect("text").split('?').next().expect("a path").to_owned();
    let one = holder.get(&page).await.text();
    assert!(one.contains("Flytte saken til Steinkjer kommune (PPT)"), "{one}");
    let paper = holder.get(&format!("{page}/form")).await.text();
    assert!(paper.contains("Flyttes til: Steinkjer kommune (PPT)."), "{paper}");
    assert!(!paper.contains("Hvem får se"), "{paper}");
    let moves = holder.get(&format!("{case}/move")).await.text();
    assert!(moves.contains("Steinkjer kommune: ikke alle har sagt ja."), "{moves}");
}
