//! Pages of the operator and the data protection officer: what they show, and to nobody else.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use stafett_protocol::time::DAY;

use super::household::Family;
use super::support::{NOW, Node, PARTNER, Who, new_note};
use crate::engine::seal::SealReason;

async fn shown(node: &Node, who: Who, path: &str) -> String {
    let answer = node.log_in(who).await.get(path).await;
    assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text());
    answer.text()
}

async fn withdrawn(node: &Node) -> Family {
    let family = Family::of(node).await;
    let entry = family.write(node, &new_note("hemmelig innhold")).await;
    let consent = family.consent(node, PARTNER, "ppt").await;
    family.hand_over(node, &[entry]).await;
    let word = json!({ "giver": family.mother });
    node.expect(200, Who::Holder, "post", &format!("{consent}/withdrawal"), &word).await;
    family
}

#[tokio::test]
async fn operations_and_disclosures_are_not_found_for_every_other_role() {
    let node = Node::start().await;
    for (path, right) in [("/operations", Who::Operator), ("/disclosures", Who::ProtectionOfficer)] {
        for who in Who::ALL {
            let mut browser = node.log_in(who).await;
            let answer = browser.get(path).await;
            let expected = if who == right { 200 } else { 404 };
            assert_eq!(answer.status.as_u16(), expected, "{who:?} {path}");
            if expected == 404 {
                assert_eq!(answer.body, browser.get("/nowhere").await.body, "{who:?} {path}");
            }
        }
        assert_eq!(node.browser().get(path).await.status.as_u16(), 401);
    }
}

#[tokio::test]
async fn operator_of_a_quiet_node_has_nothing_to_do_and_sees_each_partner() {
    let node = Node::start().await;

    let page = shown(&node, Who::Operator, "/operations").await;

    assert!(page.contains("Ingenting venter på deg."), "{page}");
    assert!(page.contains("<th scope=\"row\">Steinkjer kommune</th>"), "{page}");
    assert!(page.contains("<td>Ikke tilkoblet. Det som venter, sendes når forbindelsen er tilbake.</td>"));
    assert!(page.contains("<td>31. juli 2028</td>") || page.contains("<td>1. august 2028</td>"), "{page}");
    assert!(page.contains("Svarer og deler") && page.contains(env!("CARGO_PKG_VERSION")));
    let nynorsk = shown(&node, Who::Operator, "/operations?lang=nn").await;
    assert!(nynorsk.contains("Ingenting ventar på deg."), "{nynorsk}");
}

#[tokio::test]
async fn receipt_that_is_late_says_what_to_do_and_names_no_case() {
    let node = Node::start().await;
    let family = withdrawn(&node).await;
    assert!(shown(&node, Who::Operator, "/operations").await.contains("Én mangler siden"));

    node.clock.store(NOW + DAY + 1, Ordering::Relaxed);
    let page = shown(&node, Who::Operator, "/operations").await;

    assert!(page.contains("Steinkjer kommune har ikke kvittert for en sletting siden"), "{page}");
    assert!(page.contains("Ring driften i Steinkjer kommune"), "{page}");
    for hidden in [family.id.to_string(), family.mother.clone(), "Ane".to_owned(), "hemmelig".to_owned()] {
        assert!(!page.contains(&hidden), "{hidden}");
    }
}

#[tokio::test]
async fn agreement_that_ends_and_a_sealed_node_say_what_to_do_next() {
    let node = Node::start().await;
    let end = 1_848_520_800_000; // Some days before 31 July 2028.
    node.clock.store(end - 30 * DAY, Ordering::Relaxed);
    let page = shown(&node, Who::Operator, "/operations").await;
    assert!(page.contains("Samarbeidsavtalen med Steinkjer kommune går ut"), "{page}");
    node.clock.store(end + 30 * DAY, Ordering::Relaxed);
    let page = shown(&node, Who::Operator, "/operations").await;
    assert!(page.contains("Samarbeidsavtalen med Steinkjer kommune gikk ut"), "{page}");

    node.engine.seal(SealReason::Clock).await.expect("sealed");
    let page = shown(&node, Who::Operator, "/operations").await;
    assert!(
        page.contains("Klokken har hoppet") && page.contains("<code>stafett clock status</code>"),
        "{page}"
    );
    assert!(page.contains("Svarer ikke: forseglet eller på vei ned"));
}

#[tokio::test]
async fn officer_sees_what_left_and_no_content() {
    let node = Node::start().await;
    assert!(shown(&node, Who::ProtectionOfficer, "/disclosures").await.contains("Ingenting er utlevert."));
    let family = withdrawn(&node).await;

    let page = shown(&node, Who::ProtectionOfficer, "/disclosures").await;

    let listed = node.expect(200, Who::ProtectionOfficer, "get", "/api/v1/disclosures", &Value::Null).await;
    let row = &listed.as_array().expect("a list")[0];
    for id in [&row["case"], &row["entry"], &row["consents"][0]] {
        assert!(page.contains(id.as_str().expect("an id")), "{id}");
    }
    assert!(page.contains("<td>Steinkjer kommune</td>"), "{page}");
    assert!(!page.contains("Ane") && !page.contains("hemmelig") && !page.contains(&family.mother));
}
