//! What a new node and a new partner start from is read back to what was meant.

use std::collections::BTreeSet;

use jiff::civil::date;
use stafett_protocol::consent::Sector;
use stafett_protocol::id::{AccountId, PersonId};
use stafett_protocol::person::Role;
use stafett_protocol::transition::MetBy;

use super::support::{Folder, PARTNER};
use crate::names::{Language, Names};
use crate::partner::{AgreementPeriod, SigningPublicKey, TlsFingerprint};
use crate::service::{OwnService, ServiceKind};
use crate::templates::{NodeTemplate, node_toml, partner_toml, people_toml};
use crate::transition::TransitionItem;
use crate::{Partners, Person};

/// A name that an unescaped text would break.
const ODD_NAME: &str = "Snåase \"tjïelte\" \\ 'nr' #1 = [x]";

fn template() -> NodeTemplate {
    NodeTemplate::new(
        "5041".parse().expect("four digits"),
        "964982031".parse().expect("an organisation number"),
        ODD_NAME.to_owned(),
    )
}

#[test]
fn new_node_has_the_defaults() {
    let folder = Folder::new().write("stafett.toml", &node_toml(&template()));

    let config = folder.config();

    assert_eq!(config.node.name, ODD_NAME);
    assert_eq!(config.node.municipality.to_string(), "5041");
    assert_eq!(config.node.organisation.to_string(), "964982031");
    assert_eq!(config.areas, template().areas);
    assert_eq!(config.services, template().services);
    assert_eq!(config.transitions, crate::templates::standard_transitions());
    assert_eq!(config.federation.listen, crate::federation::LISTEN_DEFAULT);
    assert_eq!(config.web.listen, crate::web::LISTEN_DEFAULT);
    assert_eq!(config.web.people, folder.path("people.toml"));
    assert_eq!(config.federation.partners, folder.path("partners"));
    assert!(!config.node.development);
}

#[test]
fn new_node_for_a_demonstration_is_what_was_asked_for() {
    let mut asked = template();
    asked.language = Language::Nn;
    asked.quic_listen = "[::1]:17443".parse().expect("an address");
    asked.web_listen = "127.0.0.1:18443".parse().expect("an address");
    asked.development = true;
    asked.record_frames = Some("out/frames".to_owned());
    asked.services.push(OwnService {
        code: "kindergarten-north".parse().expect("a code"),
        names: Names { nb: ODD_NAME.to_owned(), nn: None, en: None },
        controller: "310000019".parse().expect("an organisation number"),
        kind: ServiceKind::Kindergarten,
    });
    asked.transitions.truncate(1);
    asked.transitions.push(TransitionItem {
        code: "visit".parse().expect("a code"),
        names: Names { nb: ODD_NAME.to_owned(), nn: None, en: None },
        days_before: -7,
        met_by: MetBy::Offer,
        from: Some("kindergarten".parse().expect("a code")),
        to: Some("school".parse().expect("a code")),
    });
    let folder = Folder::new().write("stafett.toml", &node_toml(&asked));

    let config = folder.config();

    assert_eq!(config.services, asked.services);
    assert_eq!(config.transitions, asked.transitions);
    assert_eq!(config.node.language, asked.language);
    assert_eq!((config.federation.listen, config.web.listen), (asked.quic_listen, asked.web_listen));
    assert_eq!(config.development.record_frames, Some(folder.path("out/frames")));
}

#[test]
fn partner_is_read_back_whole() {
    let folder = Folder::new().write("partners/steinkjer.toml", PARTNER);
    let config = folder.config();
    let mut partner = folder.partners().expect("a right file").iter().next().expect("one partner").clone();
    let least = partner.clone();
    partner.name = ODD_NAME.to_owned();
    partner.address = Some("[2001:db8::1]:7443".parse().expect("an address"));
    partner.revoked = true;
    let keys = partner.keys.as_mut().expect("a partner with a node");
    keys.tls_next = Some(TlsFingerprint::new([0xaa; 32]));
    keys.signing_next = Some(SigningPublicKey::new([0xbb; 32]));
    partner.terms.period =
        AgreementPeriod::new(date(2027, 1, 1), date(2027, 12, 31), &config.node.time_zone).expect("a year");
    partner.terms.our_services = BTreeSet::new();
    partner.terms.moving_areas = partner.terms.areas.clone();
    partner.terms.moving_from = true;
    partner.terms.entries_max = 1;
    partner.terms.bytes_max = 2;
    for service in &mut partner.services {
        service.names =
            Names { nb: ODD_NAME.to_owned(), nn: Some("PPT".to_owned()), en: Some("EPS".to_owned()) };
        service.controller.organisation = "310000019".parse().expect("an organisation number");
        service.takes_over = true;
    }
    let mut private = least.clone();
    private.services[0].controller.sector = Sector::Private;

    let mut moves = partner.clone();
    moves.terms.areas = BTreeSet::new();
    moves.services.iter_mut().for_each(|service| service.shares = false);

    for asked in [partner, least, private, moves] {
        let folder = Folder::new().write("partners/new.toml", &partner_toml(&asked));

        let read = Partners::load_one(&folder.path("partners/new.toml"), &config, None);

        assert_eq!(read.expect("a right file"), asked);
    }
}

#[test]
fn people_are_read_back_whole() {
    let id = |byte| AccountId::from_random([byte; 16]);
    let people = [
        Person {
            id: id(1),
            name: ODD_NAME.to_owned(),
            service: Some("school".parse().expect("a code")),
            roles: BTreeSet::from([Role::Employee, Role::ServiceLeader, Role::Guardian]),
            unit: Some(ODD_NAME.to_owned()),
            person: Some(PersonId::from_random([9; 16])),
            staff_login: Some("anne@kommune.example".to_owned()),
            family_login: None,
        },
        Person {
            id: id(2),
            name: "Ingrid Moen".to_owned(),
            service: None,
            roles: BTreeSet::from([Role::ItOperator]),
            unit: None,
            person: None,
            staff_login: None,
            family_login: None,
        },
    ];
    let folder = Folder::new().write("people.toml", &people_toml(&people));

    let read = folder.people().expect("a right file");

    assert_eq!(read.iter().cloned().collect::<Vec<_>>(), people);
}

#[test]
fn file_of_people_with_nobody_is_right() {
    let folder = Folder::new().write("people.toml", &people_toml(&[]));

    assert!(folder.people().expect("a right file").is_empty());
}
