//! Whole nodes in this process: started, linked, stopped and started again.

use std::path::Path;
use std::time::{Duration, Instant};

use stafett_config::partner::{
    AgreementPeriod, AgreementTerms, LegalForm, PartnerConfig, PartnerKeys, PartnerService,
};
use stafett_config::templates::{NodeTemplate, node_toml, partner_toml, people_toml};
use stafett_config::{Environment, NodeConfig, Partners};
use stafett_protocol::id::AccountId;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::person::{Reader, Role};

use super::{
    Options, RunningNode, StartError, certificate_subject, make_store, own_keys, partners, read_store, start,
};
use crate::clock;
use crate::engine::answer::{LinkItem, PinnedKey};
use crate::keys::NodeKeys;
use crate::store::StoreError;

#[tokio::test(flavor = "multi_thread")]
async fn stopped_node_leaves_its_folder_free_for_the_next() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (config, _) = make_node(folder.path(), "997391853", "5053");

    for _ in 0..2 {
        let node = start(config.clone(), Options::default()).await.expect("starts");
        let second = start(config.clone(), Options::default()).await.err();
        assert!(matches!(second, Some(StartError::Store(StoreError::InUse { .. }))), "{second:?}");
        assert!(node.stop().await, "every part must end by itself");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn node_that_could_not_listen_leaves_its_folder_free() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (config, _) = make_node(folder.path(), "997391853", "5053");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let mut elsewhere = config.clone();
    elsewhere.web.listen = taken.local_addr().expect("an address");

    let refused = start(elsewhere, Options::default()).await.err();

    assert!(matches!(refused, Some(StartError::Web(_))), "{refused:?}");
    assert!(start(config, Options::default()).await.expect("starts").stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn linked_nodes_stop_in_time_and_restart() {
    let here = tempfile::tempdir().expect("a temporary folder");
    let there = tempfile::tempdir().expect("a temporary folder");
    let (here_config, here_keys) = make_node(here.path(), "997391853", "5053");
    let (there_config, there_keys) = make_node(there.path(), "840029212", "5006");
    write_partner(&there_config, &here_config, &here_keys, None);
    let options = Options { watch_every: Duration::from_millis(50) };
    let accepting = start(there_config.clone(), options.clone()).await.expect("starts");
    write_partner(&here_config, &there_config, &there_keys, Some(&accepting.quic.to_string()));

    let dialling = start(here_config.clone(), options).await.expect("starts");
    let partner = there_config.node.organisation;
    wait_for(&dialling, partner, |link| link.connected).await;
    let begun = Instant::now();
    assert!(dialling.stop().await && accepting.stop().await);

    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    for config in [here_config, there_config] {
        assert!(start(config, Options::default()).await.expect("starts again").stop().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn operator_sees_own_keys_and_which_key_and_version_a_partner_showed_also_once_it_is_gone() {
    let [here, there] = [(), ()].map(|()| tempfile::tempdir().expect("a temporary folder"));
    let (here_config, here_keys) = make_node(here.path(), "997391853", "5053");
    let (there_config, there_keys) = make_node(there.path(), "840029212", "5006");
    write_partner(&there_config, &here_config, &here_keys, None);
    let options = Options { watch_every: Duration::from_millis(50) };
    let accepting = start(there_config.clone(), options.clone()).await.expect("starts");
    write_partner(&here_config, &there_config, &there_keys, Some(&accepting.quic.to_string()));
    let (partner, own) = (there_config.node.organisation, here_config.node.organisation);
    let file = here_config.federation.partners.join(format!("{partner}.toml"));
    let text = std::fs::read_to_string(&file).expect("a file");
    let in_use = format!("tls_current = \"{}\"", there_keys.fingerprint());
    assert!(text.contains(&in_use), "{text}");
    let follows =
        format!("tls_current = \"{}\"\ntls_next = \"{}\"", "ab".repeat(32), there_keys.fingerprint());
    std::fs::write(&file, text.replace(&in_use, &follows)).expect("a writable folder");

    let dialling = start(here_config, options).await.expect("starts");
    let has_greeted = |link: &LinkItem| link.connected && link.protocol_version.is_some();
    let there_seen = wait_for(&dialling, partner, has_greeted).await;
    let here_seen = wait_for(&accepting, own, has_greeted).await;

    let shown = there_seen.keys.shown.expect("shown at the handshake");
    assert_eq!(shown.key, PinnedKey::Next);
    assert_eq!(shown.certificate_until, there_keys.certificate_facts().until);
    assert_eq!(there_seen.keys.tls_next, Some(there_keys.fingerprint().to_string()));
    assert_eq!(here_seen.keys.shown.expect("shown").key, PinnedKey::Current);
    assert_eq!((there_seen.protocol_version, here_seen.protocol_version), (Some(1), Some(1)));
    let keys = dialling.engine.operations(&operator(&dialling)).await.expect("an operator may look").keys;
    assert_eq!(keys.tls, here_keys.fingerprint().to_string());
    assert_eq!(keys.signing, own_keys(&here_keys).signing.to_string());
    assert_eq!(keys.certificate_until, here_keys.certificate_facts().until);
    assert!(accepting.stop().await);
    let gone = wait_for(&dialling, partner, |link| !link.connected).await;
    assert_eq!(gone.keys.shown.expect("kept").key, PinnedKey::Next);
    assert!(dialling.stop().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn partner_that_is_revoked_while_the_node_runs_loses_its_standing_at_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let other = tempfile::tempdir().expect("a temporary folder");
    let (config, _) = make_node(folder.path(), "997391853", "5053");
    let (partner_config, partner_keys) = make_node(other.path(), "840029212", "5006");
    write_partner(&config, &partner_config, &partner_keys, None);
    let partner = partner_config.node.organisation;
    let options = Options { watch_every: Duration::from_millis(50) };
    let node = start(config.clone(), options).await.expect("starts");
    wait_for(&node, partner, |link| !link.revoked).await;

    let file = config.federation.partners.join(format!("{partner}.toml"));
    let text = std::fs::read_to_string(&file).expect("a file").replace("revoked = false", "revoked = true");
    std::fs::write(&file, text).expect("a writable folder");

    wait_for(&node, partner, |link| link.revoked).await;
    assert!(node.stop().await);
}

#[tokio::test]
async fn revoked_or_ended_partner_with_something_left_keeps_a_link_for_orders_alone() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let other = tempfile::tempdir().expect("a temporary folder");
    let (config, keys) = make_node(folder.path(), "997391853", "5053");
    let (partner_config, partner_keys) = make_node(other.path(), "840029212", "5006");
    write_partner(&config, &partner_config, &partner_keys, None);
    let partner = partner_config.node.organisation;
    let file = config.federation.partners.join(format!("{partner}.toml"));
    let in_force = std::fs::read_to_string(&file).expect("a file");
    let store = rusqlite::Connection::open(config.store.folder.join("store.sqlite")).expect("a store");
    let reader = read_store(&config, &keys).expect("a store");
    let recall_only = async |text: &str| {
        std::fs::write(&file, text).expect("a writable folder");
        let partners = Partners::load(&config, None).expect("right");
        let table = partners::table(&partners, &reader, clock::now()).await.expect("a readable store");
        let row = table.find(partner).expect("a row");
        (row.recall_only, row.may_link(clock::now()))
    };
    let revoked = in_force.replace("revoked = false", "revoked = true");
    let ended = in_force.replace("2199-12-31", "2020-01-02");
    assert_eq!(recall_only(&in_force).await, (false, true));
    assert_eq!(recall_only(&ended).await, (false, false), "nothing is left");

    let case = "INSERT INTO cases VALUES (zeroblob(16), 997391853, zeroblob(16), 1)";
    store.execute(case, []).expect("a table of cases");
    for (row, over) in [
        (
            "INSERT INTO grant_issued VALUES (zeroblob(16), zeroblob(16), 840029212, 1, x'00', 0)",
            "DELETE FROM grant_issued",
        ),
        (
            "INSERT INTO erase_order VALUES (zeroblob(16), zeroblob(16), 840029212, zeroblob(16), 1, x'00')",
            "DELETE FROM erase_order",
        ),
    ] {
        store.execute(row, []).expect(row);
        assert_eq!(recall_only(&in_force).await, (false, true), "{row}");
        assert_eq!(recall_only(&revoked).await, (true, true), "{row}");
        assert_eq!(recall_only(&ended).await, (true, true), "{row}");
        store.execute(over, []).expect(over);
    }
    assert_eq!(recall_only(&ended).await, (false, false), "nothing is left any more");
}

fn operator(node: &RunningNode) -> Reader {
    Reader {
        account: AccountId::from_bytes([7; 16]),
        role: Role::ItOperator,
        organisation: node.engine.organisation(),
        service: None,
        person: None,
    }
}

/// Waits until the node's operator sees a link as it should be.
async fn wait_for(
    node: &RunningNode,
    partner: OrganisationNumber,
    is_so: impl Fn(&LinkItem) -> bool,
) -> LinkItem {
    let begun = Instant::now();
    loop {
        let links = node.engine.links(&operator(node)).await.expect("an operator may look");
        if let Some(link) = links.into_iter().find(|link| link.partner == partner && is_so(link)) {
            return link;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "the link never became what it should be");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Makes a whole node with free ports on loopback.
fn make_node(folder: &Path, organisation: &str, municipality: &str) -> (NodeConfig, NodeKeys) {
    let mut template = NodeTemplate::new(
        municipality.parse().expect("a municipality number"),
        organisation.parse().expect("an organisation number"),
        "Kommune".to_owned(),
    );
    let any_port = "127.0.0.1:0".parse().expect("an address");
    (template.web_listen, template.quic_listen) = (any_port, any_port);
    std::fs::write(folder.join("stafett.toml"), node_toml(&template)).expect("a writable folder");
    std::fs::write(folder.join("people.toml"), people_toml([])).expect("a writable folder");
    std::fs::create_dir(folder.join("partners")).expect("a writable folder");
    let config = stafett_config::load(&folder.join("stafett.toml"), &Environment::default()).expect("right");
    let keys = NodeKeys::generate(&certificate_subject(&config.node, clock::now())).expect("keys");
    keys.write(&config.store.keys).expect("a writable folder");
    make_store(&config, &keys).expect("a writable folder");
    (config, keys)
}

/// Describes `partner` to `node`, with an agreement in force.
fn write_partner(node: &NodeConfig, partner: &NodeConfig, keys: &NodeKeys, address: Option<&str>) {
    let own = own_keys(keys);
    let date = |text: &str| text.parse().expect("a date");
    let period = AgreementPeriod::new(date("2020-01-01"), date("2199-12-31"), &node.node.time_zone);
    let described = PartnerConfig {
        organisation: partner.node.organisation,
        name: partner.node.name.clone(),
        municipality: partner.node.municipality,
        legal_form: LegalForm::HostMunicipality,
        controller: partner.node.organisation,
        address: address.map(|address| address.parse().expect("an address")),
        revoked: false,
        keys: Some(PartnerKeys {
            tls_current: own.tls,
            tls_next: None,
            signing_current: own.signing,
            signing_next: None,
        }),
        terms: AgreementTerms {
            reference: "2026/1".to_owned(),
            processor_agreement: "2026/2".to_owned(),
            period: period.expect("a period"),
            areas: node.areas.iter().map(|area| area.code.clone()).collect(),
            our_services: node.services.iter().map(|service| service.code.clone()).collect(),
            moving_areas: Default::default(),
            moving_from: false,
            entries_max: AgreementTerms::ENTRIES_MAX_DEFAULT,
            bytes_max: AgreementTerms::BYTES_MAX_DEFAULT,
        },
        services: partner
            .services
            .iter()
            .map(|service| PartnerService::of(service, partner.node.organisation))
            .collect(),
    };
    let file = node.federation.partners.join(format!("{}.toml", partner.node.organisation));
    std::fs::write(file, partner_toml(&described)).expect("a writable folder");
}
