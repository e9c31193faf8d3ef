//! Makes the three nodes as their operators would: with this program's own commands. What an
//! operator writes by hand (services, people, what an agreement says) is written here.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use jiff::ToSpan;
use serde::Deserialize;
use stafett_config::partner::{
    AgreementPeriod, AgreementTerms, LegalForm, PartnerConfig, PartnerKeys, PartnerService,
};
use stafett_config::service::{OwnService, ServiceKind};
use stafett_config::templates::{
    NodeTemplate, node_toml, partner_toml, people_toml, standard_areas, standard_services,
};
use stafett_config::{Language, Names, NodeConfig, Person};
use stafett_node::clock;
use stafett_protocol::id::AccountId;
use stafett_protocol::municipality::OrganisationNumber;

use super::cast::{CAST, Part, Place, Who};
use super::nodes::command;

/// The folder of recorded frames in a node's folder.
const FRAMES: &str = "frames";
/// Loopback, with a port that the system chooses at each start.
const ANY_PORT: &str = "127.0.0.1:0";

/// A node's folder and who has access.
pub(super) struct Made {
    pub(super) folder: PathBuf,
    pub(super) frames: PathBuf,
    pub(super) accounts: BTreeMap<Who, AccountId>,
    pub(super) tokens: BTreeMap<Who, String>,
    identity: Identity,
}

/// What `stafett identity --json` tells; the rest of it is for people.
#[derive(Deserialize)]
struct Identity {
    tls_fingerprint: String,
    signing_key: String,
}

#[derive(Deserialize)]
struct Created {
    token: String,
}

/// Makes all three folders. `lines` are where Inderøy and Snåsa find the line to Steinkjer;
/// Steinkjer has no address of theirs, because it is they who dial.
pub(super) async fn make(
    root: &Path,
    language: Language,
    lines: &BTreeMap<Place, SocketAddr>,
) -> anyhow::Result<BTreeMap<Place, Made>> {
    let mut made = BTreeMap::new();
    for place in Place::ALL {
        made.insert(place, make_node(root, place, language).await?);
    }
    for (own, partner) in Place::LINKS {
        let address = lines.get(&own).copied();
        let folder = &made.get(&own).context("a node that is made")?.folder;
        let identity = &made.get(&partner).context("a node that is made")?.identity;
        let file = root.join(format!("{}-for-{}.toml", partner.key(), own.key()));
        let config = partner_config(folder, partner, identity, address)?;
        std::fs::write(&file, partner_toml(&config)).with_context(|| file.display().to_string())?;
        run(&["partner".into(), "add".into(), "--data".into(), folder.into(), file.into()]).await?;
    }
    Ok(made)
}

/// Runs one of this program's commands and returns what it wrote.
async fn run(arguments: &[OsString]) -> anyhow::Result<Vec<u8>> {
    let output = command()?.args(arguments).output().await.context("this program")?;
    let said = String::from_utf8_lossy(&output.stderr);
    let name = arguments.first().map(|name| name.to_string_lossy()).unwrap_or_default();
    ensure!(output.status.success(), "stafett {name}: {}", said.trim());
    Ok(output.stdout)
}

async fn make_node(root: &Path, place: Place, language: Language) -> anyhow::Result<Made> {
    let folder = root.join(place.key());
    let mut init: Vec<OsString> = vec!["init".into(), folder.clone().into(), "--development".into()];
    for (option, value) in [
        ("--municipality", place.municipality()),
        ("--organisation", place.organisation()),
        ("--name", place.name()),
        ("--quic", ANY_PORT),
        ("--web", ANY_PORT),
    ] {
        init.extend([option.into(), value.into()]);
    }
    run(&init).await?;
    let settings = folder.join("stafett.toml");
    write_over(&settings, &node_toml(&template(place, language)?))?;
    let accounts = CAST
        .iter()
        .filter(|part| part.place == place)
        .map(|part| (part.who, AccountId::from_random(clock::random())))
        .collect();
    let people = people(place, &accounts)?;
    write_over(&folder.join("people.toml"), &people_toml(people.iter()))?;
    let identity = run(&["identity".into(), "--data".into(), folder.clone().into(), "--json".into()]).await?;
    let identity = serde_json::from_slice(&identity).context("what stafett identity tells")?;
    let tokens = tokens(&folder, &accounts).await?;
    Ok(Made { frames: folder.join(FRAMES), folder, accounts, tokens, identity })
}

/// Writes a file that `init` made, and keeps who may read it.
fn write_over(path: &Path, text: &str) -> anyhow::Result<()> {
    ensure!(path.exists(), "{} was not made", path.display());
    std::fs::write(path, text).with_context(|| path.display().to_string())
}

fn template(place: Place, language: Language) -> anyhow::Result<NodeTemplate> {
    let organisation = place.organisation().parse()?;
    let mut template =
        NodeTemplate::new(place.municipality().parse()?, organisation, place.name().to_owned());
    template.language = language;
    template.quic_listen = ANY_PORT.parse()?;
    template.web_listen = ANY_PORT.parse()?;
    template.development = true;
    template.demo_login = true;
    template.record_frames = Some(FRAMES.to_owned());
    template.areas = standard_areas();
    template.services = standard_services(organisation);
    if place == Place::Steinkjer {
        template.services.push(OwnService {
            code: "ppt".parse()?,
            names: Names::same("PPT for Inderøy, Steinkjer og Snåsa"),
            controller: organisation,
            kind: ServiceKind::Ppt,
        });
    }
    Ok(template)
}

fn people(place: Place, accounts: &BTreeMap<Who, AccountId>) -> anyhow::Result<Vec<Person>> {
    let person = |part: &Part| {
        Ok(Person {
            id: *accounts.get(&part.who).context("an account")?,
            name: part.name.to_owned(),
            service: part.service.map(str::parse).transpose()?,
            roles: [part.role].into(),
            unit: None,
            person: None,
            staff_login: None,
            family_login: None,
        })
    };
    CAST.iter().filter(|part| part.place == place).map(person).collect()
}

async fn tokens(folder: &Path, accounts: &BTreeMap<Who, AccountId>) -> anyhow::Result<BTreeMap<Who, String>> {
    let mut tokens = BTreeMap::new();
    for part in &CAST {
        let Some(account) = accounts.get(&part.who) else { continue };
        let mut create: Vec<OsString> = vec!["token".into(), "create".into(), "--json".into()];
        create.extend(["--data".into(), folder.into(), "--person".into(), account.to_string().into()]);
        create.extend(["--role", part.role_word(), "--days", "1"].map(OsString::from));
        let created: Created = serde_json::from_slice(&run(&create).await?).context("a new token")?;
        tokens.insert(part.who, created.token);
    }
    Ok(tokens)
}

/// What two municipalities have agreed on, as it stands at one of them about the other. The
/// agreement is wide, so that it is the family's consent that decides in the story.
fn partner_config(
    own: &Path,
    partner: Place,
    identity: &Identity,
    address: Option<SocketAddr>,
) -> anyhow::Result<PartnerConfig> {
    let config = settings(own)?;
    let today = jiff::Zoned::now().with_time_zone(config.node.time_zone.clone()).date();
    let period =
        AgreementPeriod::new(today.yesterday()?, today.checked_add(2.years())?, &config.node.time_zone)?;
    let services = template(partner, Language::Nb)?.services;
    let organisation = partner.organisation().parse()?;
    Ok(PartnerConfig {
        organisation,
        name: partner.name().to_owned(),
        municipality: partner.municipality().parse()?,
        legal_form: LegalForm::HostMunicipality,
        controller: organisation,
        address: address.map(|address| address.to_string().parse()).transpose()?,
        revoked: false,
        keys: Some(PartnerKeys {
            tls_current: identity.tls_fingerprint.parse()?,
            tls_next: None,
            signing_current: identity.signing_key.parse()?,
            signing_next: None,
        }),
        terms: AgreementTerms {
            reference: "2026/1042-3".to_owned(),
            processor_agreement: "2026/1042-4".to_owned(),
            period,
            areas: config.areas.iter().map(|area| area.code.clone()).collect(),
            our_services: config.services.iter().map(|service| service.code.clone()).collect(),
            moving_areas: config.areas.iter().map(|area| area.code.clone()).collect(),
            moving_from: true,
            entries_max: AgreementTerms::ENTRIES_MAX_DEFAULT,
            bytes_max: AgreementTerms::BYTES_MAX_DEFAULT,
        },
        services: services.iter().map(|service| taking_over(service, organisation)).collect(),
    })
}

fn taking_over(service: &OwnService, host: OrganisationNumber) -> PartnerService {
    PartnerService { takes_over: true, ..PartnerService::of(service, host) }
}

/// Reads a node's settings.
pub(super) fn settings(folder: &Path) -> anyhow::Result<NodeConfig> {
    Ok(stafett_config::load(&folder.join("stafett.toml"), &stafett_config::Environment::default())?)
}
