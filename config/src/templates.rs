//! The text of the files that a new node and a new partner start from, with comments.
//!
//! Everything written here is read back by [`crate::load`], [`crate::Partners`] and
//! [`crate::People`] to what was handed in.

mod moving;
mod standard;

use std::fmt::Write;
use std::net::SocketAddr;

use stafett_protocol::consent::{Controller, Sector};
use stafett_protocol::municipality::{MunicipalityNumber, OrganisationNumber};
use stafett_protocol::transition::MetBy;

use crate::area::Area;
use crate::federation;
use crate::names::{Language, Names};
use crate::partner::{PartnerConfig, PartnerKeys};
use crate::people::{Person, word};
use crate::service::OwnService;
use crate::transition::TransitionItem;
use crate::web;

pub use moving::standard_moving_reminders;
pub use standard::{standard_areas, standard_services, standard_transitions};

/// What a new node's file says; everything else is left to its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeTemplate {
    /// The municipality number.
    pub municipality: MunicipalityNumber,
    /// The organisation number.
    pub organisation: OrganisationNumber,
    /// The name; see [`crate::NodeIdentity::name`] for what it may hold.
    pub name: String,
    /// The language of pages.
    pub language: Language,
    /// Where the QUIC endpoint listens.
    pub quic_listen: SocketAddr,
    /// Where pages are served.
    pub web_listen: SocketAddr,
    /// The areas, at least one.
    pub areas: Vec<Area>,
    /// The own services, at least one.
    pub services: Vec<OwnService>,
    /// The checklist of a transition, at least one item.
    pub transitions: Vec<TransitionItem>,
    /// Whether the node holds invented persons only.
    pub development: bool,
    /// The folder for frames in plain text; only with `development` and loopback addresses.
    pub record_frames: Option<String>,
    /// Whether anybody may log in by picking a person; only with `development` and loopback addresses.
    pub demo_login: bool,
}

impl NodeTemplate {
    /// Starts from defaults, [`standard_areas`], [`standard_services`] and [`standard_transitions`].
    pub fn new(municipality: MunicipalityNumber, organisation: OrganisationNumber, name: String) -> Self {
        Self {
            municipality,
            organisation,
            name,
            language: Language::Nb,
            quic_listen: federation::LISTEN_DEFAULT,
            web_listen: web::LISTEN_DEFAULT,
            areas: standard_areas(),
            services: standard_services(organisation),
            transitions: standard_transitions(),
            development: false,
            record_frames: None,
            demo_login: false,
        }
    }
}

/// Returns the text of `stafett.toml` for a new node.
///
/// It is written as given: [`crate::load`] says whether it is right.
pub fn node_toml(template: &NodeTemplate) -> String {
    let mut text = Text::default();
    text.comment("A Stafett node. Settings that are not listed have their default.");
    text.head("[node]");
    text.string("municipality", &template.municipality.to_string());
    text.string("organisation", &template.organisation.to_string());
    text.string("name", &template.name);
    text.comment("The language of pages for a reader who has chosen none: nb or nn.");
    text.string("language", template.language.as_str());
    text.comment("True only on a node with invented persons.");
    text.plain("development", template.development);
    text.head("[federation]");
    text.comment("Address and UDP port for the nodes of partners. Their files lie in the folder partners.");
    text.string("listen", &template.quic_listen.to_string());
    text.head("[web]");
    text.comment("Address and TCP port for people, without TLS: a proxy on this machine ends TLS.");
    text.string("listen", &template.web_listen.to_string());
    text.blank();
    text.comment("Areas of development. Codes are stored and sent: never change or reuse one.");
    for area in &template.areas {
        text.head("[[areas]]");
        text.string("code", area.code.as_str());
        text.names(&area.names);
    }
    text.blank();
    text.comment("Own services. Codes are stored and sent: never change or reuse one.");
    for service in &template.services {
        text.head("[[services]]");
        text.string("code", service.code.as_str());
        text.names(&service.names);
        text.string("kind", service.kind.as_str());
        if service.controller != template.organisation {
            text.string("controller", &service.controller.to_string());
        }
    }
    text.transitions(&template.transitions);
    text.blank();
    text.comment(
        "What the law makes this municipality keep of what it received, when a sharing ends; without",
    );
    text.comment(
        "a rule it is erased. The words go to the partner and name no person. For each duty to keep:",
    );
    text.comment("  [[retention]]");
    text.comment("  kinds = [\"measure\"]");
    text.comment("  service = \"the code of the service that received it, or leave this line out\"");
    text.comment("  basis = \"own words with the law's reference\"");
    text.comment("  from = 2026-01-01");
    if template.record_frames.is_some() || template.demo_login {
        text.head("[development]");
    }
    if template.demo_login {
        text.comment("Whoever opens the pages picks the person to be: invented persons on loopback only.");
        text.plain("demo_login", true);
    }
    if let Some(folder) = &template.record_frames {
        text.comment("Frames in plain text, for tests and demonstrations.");
        text.string("record_frames", folder);
    }
    text.0
}

/// Returns the text of a partner's file.
///
/// It is written as given: [`crate::Partners::load_one`] says whether it is right.
pub fn partner_toml(partner: &PartnerConfig) -> String {
    let mut text = Text::default();
    text.comment("A partner and its agreement. No agreement, no sync.");
    text.string("organisation", &partner.organisation.to_string());
    text.string("name", &partner.name);
    text.string("municipality", &partner.municipality.to_string());
    text.string("legal_form", partner.legal_form.as_str());
    text.comment("The controller of what the partner's services keep of their own.");
    text.string("controller", &partner.controller.to_string());
    match &partner.address {
        Some(address) => text.string("address", &address.to_string()),
        None if partner.is_by_hand() => {
            text.comment("It has no node: cases go there by a package for the hand.");
            text.plain("by_hand", true);
        }
        None => text.comment("No address: the partner dials us."),
    }
    text.comment("True when its node or keys are in doubt: from then on only orders to erase go out.");
    text.plain("revoked", partner.revoked);
    if let Some(keys) = &partner.keys {
        text.keys(keys);
    }
    text.head("[agreement]");
    text.comment("The cooperation agreement and the processor agreement in the archive.");
    text.string("reference", &partner.terms.reference);
    text.string("processor_agreement", &partner.terms.processor_agreement);
    text.comment("The first and the last day.");
    text.plain("from", partner.terms.period.from());
    text.plain("until", partner.terms.period.until());
    text.comment("Areas whose entries may cross, and our services that may receive from the partner.");
    text.list("areas", partner.terms.areas.iter().map(|area| area.as_str()));
    text.list("our_services", partner.terms.our_services.iter().map(|service| service.as_str()));
    text.comment(
        "When a family moves: the areas that may go along to the partner, and whether the partner may",
    );
    text.comment("offer its cases here. A service below that may take cases over says takes_over = true.");
    text.list("moving_areas", partner.terms.moving_areas.iter().map(|area| area.as_str()));
    text.plain("moving_from", partner.terms.moving_from);
    text.comment("What is stored here of the partner at the most.");
    text.plain("entries_max", partner.terms.entries_max);
    text.plain("bytes_max", partner.terms.bytes_max);
    text.blank();
    text.comment("The partner's services that may receive from us, or take a case over when a family moves.");
    for service in &partner.services {
        text.head("[[services]]");
        text.string("code", service.code.as_str());
        text.names(&service.names);
        let Controller { organisation, sector } = service.controller;
        if organisation != partner.controller || sector == Sector::Private {
            text.string("controller", &organisation.to_string());
            text.string("sector", sector_word(sector));
        }
        if !service.shares {
            text.plain("shares", false);
        }
        if service.takes_over {
            text.plain("takes_over", true);
        }
    }
    text.0
}

fn sector_word(sector: Sector) -> &'static str {
    match sector {
        Sector::Public => "public",
        Sector::Private => "private",
    }
}

/// Returns the text of a file of people; with nobody in it, it shows how one is added.
pub fn people_toml<'a>(people: impl IntoIterator<Item = &'a Person>) -> String {
    let mut text = Text::default();
    text.comment("People with access to this node and their roles.");
    text.comment("Roles: employee, unit-leader, service-leader (with a service), bti-coordinator, archive,");
    text.comment("it-operator, data-protection-officer, guardian, subject. For each person:");
    text.comment("  [[person]]");
    text.comment("  id = \"a UUID, drawn at random\"");
    text.comment("  name = \"the name\"");
    text.comment("  service = \"school\"");
    text.comment("  roles = [\"employee\"]");
    for person in people {
        text.head("[[person]]");
        text.string("id", &person.id.to_string());
        text.string("name", &person.name);
        if let Some(service) = &person.service {
            text.string("service", service.as_str());
        }
        text.list("roles", person.roles.iter().map(|role| word(*role)));
        if let Some(unit) = &person.unit {
            text.string("unit", unit);
        }
        if let Some(id) = &person.person {
            text.string("person", &id.to_string());
        }
        if let Some(login) = &person.staff_login {
            text.string("staff_login", login);
        }
        if let Some(login) = &person.family_login {
            text.string("family_login", login);
        }
    }
    text.0
}

/// Lines of TOML in the order in which they are written.
#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, line: impl std::fmt::Display) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{line}");
    }

    fn blank(&mut self) {
        self.line("");
    }

    fn comment(&mut self, text: &str) {
        self.line(format_args!("# {text}"));
    }

    fn head(&mut self, head: &str) {
        self.blank();
        self.line(head);
    }

    fn plain(&mut self, key: &str, value: impl std::fmt::Display) {
        self.line(format_args!("{key} = {value}"));
    }

    fn string(&mut self, key: &str, value: &str) {
        self.plain(key, toml::Value::from(value));
    }

    fn list<'a>(&mut self, key: &str, values: impl Iterator<Item = &'a str>) {
        self.plain(key, toml::Value::Array(values.map(toml::Value::from).collect()));
    }

    fn names(&mut self, names: &Names) {
        self.string("names.nb", &names.nb);
        for (key, name) in [("names.nn", &names.nn), ("names.en", &names.en)] {
            if let Some(name) = name {
                self.string(key, name);
            }
        }
    }

    fn transitions(&mut self, items: &[TransitionItem]) {
        self.blank();
        self.comment(
            "The checklist of a transition from one service to another. Codes are stored: never reuse one.",
        );
        for item in items {
            self.head("[[transitions]]");
            self.string("code", item.code.as_str());
            self.names(&item.names);
            match item.days_before {
                before @ 0.. => self.plain("days_before", before),
                after => self.plain("days_after", after.unsigned_abs()),
            }
            if item.met_by != MetBy::Hand {
                self.string("met_by", item.met_by.as_str());
            }
            for (key, service) in [("from", &item.from), ("to", &item.to)] {
                if let Some(service) = service {
                    self.string(key, service.as_str());
                }
            }
        }
    }

    fn keys(&mut self, keys: &PartnerKeys) {
        self.head("[keys]");
        self.comment(
            "SHA-256 of the certificate's public key, and the Ed25519 key that signs. Compare by telephone.",
        );
        self.string("tls_current", &keys.tls_current.to_string());
        if let Some(next) = keys.tls_next {
            self.string("tls_next", &next.to_string());
        }
        self.string("signing_current", &keys.signing_current.to_string());
        if let Some(next) = keys.signing_next {
            self.string("signing_next", &next.to_string());
        }
    }
}
