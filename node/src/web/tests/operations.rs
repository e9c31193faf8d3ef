//! Pages of the operator and the data protection officer: what they show, and to nobody else.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use stafett_protocol::disclosure::DisclosureRow;
use stafett_protocol::id::DisclosureId;
use stafett_protocol::time::DAY;
use stafett_protocol::transaction::{Transaction, Write};

use super::household::Family;
use super::support::{CERTIFICATE_UNTIL, NOW, Node, PARTNER, Who, new_note};
use crate::clock::random;
use crate::engine::seal::SealReason;
use crate::store::DisclosureFilter;

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

#[tokio::test]
async fn operator_sees_keys_store_and_versions_as_the_api_tells_them() {
    let node = Node::start().await;

    let run = node.expect(200, Who::Operator, "get", "/api/v1/operations", &Value::Null).await;
    let links = node.expect(200, Who::Operator, "get", "/api/v1/links", &Value::Null).await;
    let page = shown(&node, Who::Operator, "/operations").await;

    for key in [&run["keys"]["tls"], &run["keys"]["signing"]] {
        let key = key.as_str().expect("a key");
        assert_eq!(key.len(), 64);
        assert!(page.contains(&format!("<dd>{key}</dd>")), "{key}: {page}");
    }
    assert_eq!(run["keys"]["certificate_until"], CERTIFICATE_UNTIL.0);
    let shown_facts = [
        "<dt>Eget sertifikat gjelder til</dt><dd>14. januar 2030</dd>",
        "<dt>Lagerets skjema</dt><dd>17</dd>",
        "<dt>Protokoll</dt><dd>Versjon 1</dd>",
        "<dt>Neste TLS-nøkkel</dt><dd>Ingen</dd>",
        "<dt>Vist ved siste forbindelse</dt><dd>Ikke siden programmet startet</dd>",
        " MB ledig på disken.",
    ];
    for fact in shown_facts {
        assert!(page.contains(fact), "{fact}: {page}");
    }
    assert!(page.contains(&"1".repeat(64)) && page.contains(&"2".repeat(64)), "the partner's keys: {page}");
    assert_eq!(links[0]["keys"]["tls_current"], "1".repeat(64));
    assert!(links[0]["keys"]["shown"].is_null() && links[0]["protocol_version"].is_null());
    let store = &run["store"];
    assert!(store["bytes"].as_u64() > Some(0) && store["free_bytes"].as_u64() > Some(0), "{store}");
}

#[tokio::test]
async fn certificate_that_runs_out_says_more_urgently_what_to_do_the_nearer_its_end_is() {
    let node = Node::start().await;
    let at = async |moment| {
        node.clock.store(moment, Ordering::Relaxed);
        shown(&node, Who::Operator, "/operations").await
    };
    let (ends, renew) = ("Sertifikatet til denne noden går ut", "stafett identity --renew-certificate");

    let early = at(CERTIFICATE_UNTIL.0 - 61 * DAY).await;
    assert!(!early.contains(ends) && !early.contains(renew), "{early}");
    for (days, what) in
        [(60, "Sett av tid til å fornye det."), (30, "Forny det denne måneden"), (7, "Forny det i dag")]
    {
        let page = at(CERTIFICATE_UNTIL.0 - days * DAY).await;
        assert!(page.contains(ends) && page.contains(what) && page.contains(renew), "{days}: {page}");
    }
    let over = at(CERTIFICATE_UNTIL.0 + 1).await;
    assert!(
        over.contains("Sertifikatet til denne noden gikk ut") && over.contains("Forny det i dag"),
        "{over}"
    );
    let before = at(NOW - 1).await;
    assert!(before.contains("Se om klokken på maskinen er riktig."), "{before}");
}

#[tokio::test]
async fn page_says_when_the_access_log_was_walked_and_a_new_day_finds_what_was_changed_before() {
    let node = Node::start().await;
    for _ in 0..2 {
        shown(&node, Who::ProtectionOfficer, "/disclosures").await;
    }
    node.clock.store(NOW + DAY, Ordering::Relaxed);
    let watch = async |moment| {
        node.clock.store(moment, Ordering::Relaxed);
        node.engine.watch_access_log().await.expect("reads");
        node.engine.log_state()
    };
    let walked = watch(NOW + DAY).await;
    let rows_walked = walked.whole.expect("whole").rows_walked;
    assert_eq!(walked.walked_at.map(|at| at.0), Some(NOW + DAY));
    let page = shown(&node, Who::Operator, "/operations").await;
    assert!(page.contains(&format!("{rows_walked} rader, gått gjennom fra begynnelsen")), "{page}");

    shown(&node, Who::ProtectionOfficer, "/disclosures").await;
    let rows = watch(NOW + DAY + 1).await.whole.expect("whole").end.length;
    assert!(rows > rows_walked);
    let page = shown(&node, Who::Operator, "/operations").await;
    assert!(page.contains(&format!("{rows} rader. {rows_walked} av dem ble gått gjennom")), "{page}");
    assert!(page.contains("De som kom siden, blir sjekket fortløpende."), "{page}");

    let store = rusqlite::Connection::open(node.folder.path().join("data/store.sqlite")).expect("the store");
    let first: i64 = store
        .query_row("SELECT seen_at FROM access_log WHERE number = 0", [], |row| row.get(0))
        .expect("a row");
    let change = |to: i64| {
        store.execute("UPDATE access_log SET seen_at = ?1 WHERE number = 0", [to]).expect("changed")
    };
    change(1);
    watch(NOW + 2 * DAY).await;
    change(first);
    watch(NOW + 2 * DAY + 1).await;
    let page = shown(&node, Who::Operator, "/operations").await;
    assert!(page.contains("Tilgangsloggen er endret: rad 0 stemmer ikke."), "{page}");
    assert!(page.contains("<dd>Noe er galt med den. Se øverst på siden.</dd>"), "no count of rows: {page}");
    let run = node.expect(200, Who::Operator, "get", "/api/v1/operations", &Value::Null).await;
    assert_eq!(run["access_log"]["fault"], json!({ "kind": "row", "number": 0 }));
    assert!(run["access_log"]["rows"].is_null() && run["access_log"]["rows_walked"].is_null(), "{run}");
    assert_eq!(run["access_log"]["walked_at"], NOW + 2 * DAY);

    watch(NOW + 3 * DAY).await;
    let page = shown(&node, Who::Operator, "/operations").await;
    assert!(!page.contains("Tilgangsloggen er endret"), "a whole walk found nothing: {page}");
}

#[tokio::test]
async fn operator_waits_for_no_walk_of_the_access_log_and_is_told_that_one_is_under_way() {
    let node = Node::start().await;
    node.engine.watch_access_log().await.expect("reads");
    let rows = node.engine.log_state().whole.expect("whole").end.length;
    let under_way = node.engine.long_walk().await;

    shown(&node, Who::ProtectionOfficer, "/disclosures").await;
    let limit = std::time::Duration::from_secs(30);
    let page = tokio::time::timeout(limit, shown(&node, Who::Operator, "/operations")).await;

    let page = page.expect("the page waits for nobody");
    assert!(page.contains("Den blir gått gjennom fra begynnelsen nå.</dd>"), "{page}");
    let run = node.expect(200, Who::Operator, "get", "/api/v1/operations", &Value::Null).await;
    assert_eq!(run["access_log"]["rows"], rows, "as it was when it was last checked");
    assert_eq!(run["access_log"]["is_walking"], true);
    drop(under_way);
    let page = shown(&node, Who::Operator, "/operations").await;
    assert!(!page.contains("Den blir gått gjennom"), "{page}");
}

#[tokio::test]
async fn officer_reads_on_to_older_disclosures_by_a_place_that_says_nothing() {
    let node = Node::start().await;
    withdrawn(&node).await;
    let store = node.engine.store();
    let row = store.disclosures(DisclosureFilter::default()).await.expect("reads").remove(0).row;
    let another =
        |_| Write::Disclosure(DisclosureRow { id: DisclosureId::from_random(random()), ..row.clone() });
    store.commit(Transaction::of((0..500).map(another).collect())).await.expect("committed");
    let rows = |page: &str| page.matches("<td>Steinkjer kommune</td>").count();

    let first = shown(&node, Who::ProtectionOfficer, "/disclosures").await;
    let older = first.split("/disclosures?before=").nth(1).and_then(|rest| rest.split('"').next());
    let older = older.expect("a link to the older ones").to_owned();
    let second = shown(&node, Who::ProtectionOfficer, &format!("/disclosures?before={older}")).await;

    assert!(first.contains("501 utleveringer. Her er de 500 siste."), "{first}");
    assert_eq!((rows(&first), rows(&second)), (500, 1));
    assert!(second.contains("501 utleveringer i alt. Her er 1 av de eldre."), "{second}");
    assert!(!second.contains("Eldre utleveringer") && second.contains("href=\"/disclosures\""), "{second}");
    assert!(older.parse::<DisclosureId>().is_ok(), "{older}");
    let mut officer = node.log_in(Who::ProtectionOfficer).await;
    for wrong in ["3f0c3a9e-7d1b-4c42-9a86-2f1e8b7d6c05", "500", "%00"] {
        assert_eq!(
            officer.get(&format!("/disclosures?before={wrong}")).await.status.as_u16(),
            404,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn program_reads_disclosures_part_by_part_or_all_at_once() {
    let node = Node::start().await;
    let family = withdrawn(&node).await;
    let store = node.engine.store();
    let row = store.disclosures(DisclosureFilter::default()).await.expect("reads").remove(0).row;
    let another =
        |_| Write::Disclosure(DisclosureRow { id: DisclosureId::from_random(random()), ..row.clone() });
    store.commit(Transaction::of((0..4).map(another).collect())).await.expect("committed");
    let ask = async |who, query: &str| {
        let path = format!("/api/v1/disclosures{query}");
        let rows = node.expect(200, who, "get", &path, &Value::Null).await;
        let ids =
            rows.as_array().expect("a list").iter().map(|row| row["id"].as_str().expect("an id").to_owned());
        ids.collect::<Vec<_>>()
    };

    let all = ask(Who::ProtectionOfficer, "").await;
    assert_eq!(all.len(), 5);
    assert_eq!(ask(Who::ProtectionOfficer, "?latest=2").await, all[3..]);
    assert_eq!(ask(Who::ProtectionOfficer, &format!("?latest=2&before={}", all[3])).await, all[1..3]);
    assert_eq!(ask(Who::Holder, &format!("?case={}&latest=1", family.id)).await, all[4..]);
    for wrong in ["?latest=0", "?latest=-1", "?before=KANARI"] {
        let path = format!("/api/v1/disclosures{wrong}");
        node.expect(422, Who::ProtectionOfficer, "get", &path, &Value::Null).await;
    }
}

#[tokio::test]
async fn disclosure_of_another_case_is_no_place_to_read_on_from() {
    let node = Node::start().await;
    let family = withdrawn(&node).await;
    let store = node.engine.store();
    let row = store.disclosures(DisclosureFilter::default()).await.expect("reads").remove(0).row;
    let other = node.open_case().await.rsplit('/').next().expect("an id").parse().expect("an id");
    let of = |case| DisclosureRow { id: DisclosureId::from_random(random()), case, ..row.clone() };
    let (foreign, own) = (of(other), of(family.id));
    let later = [&foreign, &own].map(|row| Write::Disclosure(row.clone()));
    store.commit(Transaction::of(later.into())).await.expect("committed");
    let before = async |who, id: &DisclosureId| {
        let path = format!("/api/v1/disclosures?case={}&before={id}", family.id);
        node.expect(200, who, "get", &path, &Value::Null).await
    };

    for who in [Who::Holder, Who::ProtectionOfficer] {
        assert_eq!(
            before(who, &foreign.id).await,
            json!([]),
            "{who:?}: nothing stands before it in this case"
        );
        let rows = before(who, &own.id).await;
        assert_eq!(rows.as_array().expect("a list").len(), 1, "{who:?}: {rows}");
        assert_eq!(rows[0]["id"], row.id.to_string());
    }
}
