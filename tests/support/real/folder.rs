//! Makes nodes' folders as their operators would: with the program's own commands, and with the
//! files that an operator writes by hand.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::ToSpan;
use serde::Deserialize;
use stafett_config::area::Area;
use stafett_config::partner::{
    AgreementPeriod, AgreementTerms, LegalForm, PartnerConfig, PartnerKeys, PartnerService,
};
use stafett_config::service::{OwnService, ServiceKind};
use stafett_config::templates::{
    NodeTemplate, node_toml, partner_toml, people_toml, standard_areas, standard_services,
};
use stafett_config::{Names, NodeConfig, Person};
use stafett_node::clock;
use stafett_protocol::id::AccountId;

use super::cast::{CAST, Part, Place, Who};
use super::program::run;
use super::time::CLOCK;

/// The folder of recorded frames in a node's folder.
pub const FRAMES: &str = "frames";
const ANY_PORT: &str = "127.0.0.1:0";

/// A node's folder and who has access.
#[derive(Debug, Clone)]
pub struct Made {
    /// The folder.
    pub folder: PathBuf,
    /// Whose it is.
    pub place: Place,
    /// The accounts of its people.
    pub accounts: BTreeMap<Who, AccountId>,
    /// Their tokens.
    pub tokens: BTreeMap<Who, String>,
    /// What partners pin.
    pub identity: Identity,
}

/// What `stafett identity --json` tells of keys.
#[derive(Debug, Clone, Deserialize)]
pub struct Identity {
    /// SHA-256 of the public key in the certificate.
    pub tls_fingerprint: String,
    /// The key that signs statements.
    pub signing_key: String,
}

#[derive(Deserialize)]
struct Created {
    token: String,
}

/// When an agreement holds, in days from today.
#[derive(Debug, Clone, Copy)]
pub struct Days {
    /// Its first day.
    pub from: i64,
    /// Its last day.
    pub until: i64,
}

impl Days {
    /// From yesterday, for a year.
    pub const IN_FORCE: Self = Self { from: -1, until: 365 };
}

/// Makes a node's folder. Every node of a test has the same areas: the standard ones and `more`.
///
/// # Errors
/// If a command fails.
pub async fn make(root: &Path, place: Place, more: &[String]) -> anyhow::Result<Made> {
    let folder = root.join(place.key());
    let path = folder.to_string_lossy().into_owned();
    let mut init = vec!["init", &path, "--development", "--quic", ANY_PORT, "--web", ANY_PORT];
    init.extend(["--municipality", place.municipality(), "--organisation", place.organisation()]);
    init.extend(["--name", place.name()]);
    run(init).await?;
    std::fs::write(folder.join("stafett.toml"), settings_text(&template(place, more)?))?;
    let own = || CAST.iter().filter(|part| part.place == place);
    let accounts: BTreeMap<_, _> =
        own().map(|part| (part.who, AccountId::from_random(clock::random()))).collect();
    let person = |part: &Part| {
        Ok(Person {
            id: *accounts.get(&part.who).context("an account")?,
            name: format!("{:?}", part.who),
            service: part.service.map(str::parse).transpose()?,
            roles: [part.role].into(),
            unit: None,
            person: None,
            staff_login: None,
            family_login: None,
        })
    };
    let people: Vec<Person> = own().map(person).collect::<anyhow::Result<_>>()?;
    std::fs::write(folder.join("people.toml"), people_toml(people.iter()))?;
    let identity = run(["identity", "--data", &path, "--json"]).await?;
    let identity = serde_json::from_slice(&identity).context("what stafett identity tells")?;
    let mut tokens = BTreeMap::new();
    for part in own() {
        let account = accounts.get(&part.who).context("an account")?.to_string();
        let create =
            ["token", "create", "--json", "--days", "365", "--data", &path, "--person", &account, "--role"];
        let created = run(create.into_iter().chain([part.role_word])).await?;
        let created: Created = serde_json::from_slice(&created).context("a new token")?;
        tokens.insert(part.who, created.token);
    }
    Ok(Made { folder, place, accounts, tokens, identity })
}

/// Lost lines are noticed and dialled again sooner than in a municipality's node.
fn settings_text(template: &NodeTemplate) -> String {
    let sooner = "[transport]\nidle_s = 5\nkeep_alive_s = 2\n\n[federation]\nredial_max_s = 2\n";
    let text = node_toml(template).replacen("[federation]\n", sooner, 1);
    let text = text.replacen("[development]\n", &format!("[development]\nclock = \"{CLOCK}\"\n"), 1);
    format!("{text}\n[observability]\nformat = \"json\"\n")
}

fn template(place: Place, more: &[String]) -> anyhow::Result<NodeTemplate> {
    let organisation = place.number();
    let mut template =
        NodeTemplate::new(place.municipality().parse()?, organisation, place.name().to_owned());
    template.quic_listen = ANY_PORT.parse()?;
    template.web_listen = ANY_PORT.parse()?;
    template.development = true;
    template.record_frames = Some(FRAMES.to_owned());
    template.areas = standard_areas();
    for code in more {
        template.areas.push(Area { code: code.parse()?, names: Names::same(code) });
    }
    template.services = standard_services(organisation);
    if place == Place::Steinkjer {
        template.services.push(OwnService {
            code: "ppt".parse()?,
            names: Names::same("PPT"),
            controller: organisation,
            kind: ServiceKind::Ppt,
        });
    }
    Ok(template)
}

/// What stands at `own` about `partner`, with a wide agreement: it is the family's consent that
/// decides. A partner without an address dials.
///
/// # Errors
/// If a file cannot be read.
pub fn partner(
    own: &Made,
    partner: &Made,
    address: Option<SocketAddr>,
    days: Days,
) -> anyhow::Result<PartnerConfig> {
    let (config, theirs) = (settings(&own.folder)?, settings(&partner.folder)?);
    let today = jiff::Zoned::now().with_time_zone(config.node.time_zone.clone()).date();
    let (from, until) = (today.checked_add(days.from.days())?, today.checked_add(days.until.days())?);
    let organisation = partner.place.number();
    Ok(PartnerConfig {
        organisation,
        name: partner.place.name().to_owned(),
        municipality: partner.place.municipality().parse()?,
        legal_form: LegalForm::HostMunicipality,
        controller: organisation,
        address: address.map(|address| address.to_string().parse()).transpose()?,
        revoked: false,
        keys: Some(PartnerKeys {
            tls_current: partner.identity.tls_fingerprint.parse()?,
            tls_next: None,
            signing_current: partner.identity.signing_key.parse()?,
            signing_next: None,
        }),
        terms: AgreementTerms {
            reference: "2026/1042-3".to_owned(),
            processor_agreement: "2026/1042-4".to_owned(),
            period: AgreementPeriod::new(from, until, &config.node.time_zone)?,
            areas: config.areas.iter().map(|area| area.code.clone()).collect(),
            our_services: config.services.iter().map(|service| service.code.clone()).collect(),
            moving_areas: config.areas.iter().map(|area| area.code.clone()).collect(),
            moving_from: true,
            entries_max: AgreementTerms::ENTRIES_MAX_DEFAULT,
            bytes_max: AgreementTerms::BYTES_MAX_DEFAULT,
        },
        services: theirs
            .services
            .iter()
            .map(|service| PartnerService { takes_over: true, ..PartnerService::of(service, organisation) })
            .collect(),
    })
}

/// Puts a partner's file in a node's folder in one step, as `stafett partner add` does.
///
/// # Errors
/// If it cannot be written.
pub fn put_partner(own: &Path, partner: &PartnerConfig) -> anyhow::Result<()> {
    let folder = own.join("partners");
    let fresh = folder.join(format!(".{}.new", partner.organisation));
    std::fs::write(&fresh, partner_toml(partner))?;
    std::fs::rename(&fresh, folder.join(format!("{}.toml", partner.organisation)))?;
    Ok(())
}

/// Reads a node's settings.
///
/// A file of the samples of settings.
pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/samples").join(name)
}

/// # Errors
/// If they are wrong.
pub fn settings(folder: &Path) -> anyhow::Result<NodeConfig> {
    Ok(stafett_config::load(&folder.join("stafett.toml"), &stafett_config::Environment::default())?)
}
