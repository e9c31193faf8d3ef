//! `stafett identity`: what a partner needs to know of this node.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;
use stafett_config::partner::{
    AgreementPeriod, AgreementTerms, LegalForm, PartnerAddress, PartnerConfig, PartnerKeys, PartnerService,
};
use stafett_config::{NodeConfig, templates};
use stafett_node::clock;
use stafett_node::keys::NodeKeys;
use stafett_node::startup;

use super::folder::NodeFolder;
use super::print;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    folder: NodeFolder,
    /// Prints JSON
    #[arg(long, conflicts_with = "toml")]
    json: bool,
    /// Prints the file that the partner saves; what the agreement says is left open unless given
    #[arg(long)]
    toml: bool,
    /// Where partners reach this node, unless the address it listens on is the one
    #[arg(long, value_name = "HOST:PORT")]
    address: Option<PartnerAddress>,
    /// The cooperation agreement in the partner's archive
    #[arg(long, value_name = "TEXT")]
    reference: Option<String>,
    /// The processor agreement (databehandleravtale) in the partner's archive
    #[arg(long, value_name = "TEXT")]
    processor_agreement: Option<String>,
    /// The first day of the agreement
    #[arg(long, value_name = "DATE")]
    from: Option<Date>,
    /// The last day of the agreement
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,
    /// Gives the TLS key a new certificate first; a running node takes it when it is restarted
    #[arg(long)]
    renew_certificate: bool,
}

/// What is printed.
#[derive(Serialize)]
struct Identity {
    organisation: String,
    municipality: String,
    name: String,
    /// Where partners reach this node, as far as it is known here.
    address: Option<String>,
    tls_fingerprint: String,
    signing_key: String,
    /// The last day on which the certificate is valid, in UTC.
    certificate_until: String,
    partner_toml: String,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let (config, mut keys) = arguments.folder.config_and_keys()?;
    if arguments.renew_certificate {
        keys = renew(&config, keys)?;
    }
    let identity = identity(arguments, &config, &keys)?;
    if arguments.json {
        print::json(&identity)?;
    } else if arguments.toml {
        print::line(identity.partner_toml.trim_end())?;
    } else {
        let address = identity.address.as_deref().unwrap_or("unknown: give it with --address HOST:PORT");
        for (label, value) in [
            ("organisation", identity.organisation.as_str()),
            ("municipality", &identity.municipality),
            ("name", &identity.name),
            ("address (UDP)", address),
            ("TLS fingerprint", &identity.tls_fingerprint),
            ("signing key", &identity.signing_key),
            ("certificate until", &identity.certificate_until),
        ] {
            print::line(format_args!("{label:18} {value}"))?;
        }
        print::line("Compare the two keys by telephone. `--toml` prints the file that the partner saves.")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn identity(arguments: &Arguments, config: &NodeConfig, keys: &NodeKeys) -> anyhow::Result<Identity> {
    let address = arguments.address.clone().or_else(|| own_address(config));
    let until = i64::try_from(keys.certificate_facts().until.0).unwrap_or(i64::MAX);
    let until = jiff::Timestamp::from_millisecond(until).context("the certificate's last day")?;
    Ok(Identity {
        organisation: config.node.organisation.to_string(),
        municipality: config.node.municipality.to_string(),
        name: config.node.name.clone(),
        tls_fingerprint: keys.fingerprint().to_string(),
        signing_key: startup::own_keys(keys).signing.to_string(),
        certificate_until: until.strftime("%Y-%m-%d").to_string(),
        partner_toml: partner_file(arguments, config, keys, address.clone())?,
        address: address.map(|address| address.to_string()),
    })
}

/// The address that the node listens on, if it names one interface and port.
fn own_address(config: &NodeConfig) -> Option<PartnerAddress> {
    let listen = config.federation.listen;
    if listen.ip().is_unspecified() || listen.port() == 0 { None } else { listen.to_string().parse().ok() }
}

/// The file that describes this node at a partner. What only the agreement can say, and was not
/// given, is left empty: the file is refused until somebody has filled it in. The services of the
/// receiving node are always left to it.
fn partner_file(
    arguments: &Arguments,
    config: &NodeConfig,
    keys: &NodeKeys,
    address: Option<PartnerAddress>,
) -> anyhow::Result<String> {
    let today = jiff::Timestamp::from_millisecond(i64::try_from(clock::now().0)?)?;
    let today = today.to_zoned(config.node.time_zone.clone()).date();
    let from = arguments.from.unwrap_or(today);
    let until = match arguments.until {
        Some(until) => until,
        None => from.checked_add(2.years())?,
    };
    let text = |given: &Option<String>| given.clone().unwrap_or_default();
    let own = startup::own_keys(keys);
    let partner = PartnerConfig {
        organisation: config.node.organisation,
        name: config.node.name.clone(),
        municipality: config.node.municipality,
        legal_form: LegalForm::HostMunicipality,
        controller: config.node.organisation,
        address,
        revoked: false,
        keys: Some(PartnerKeys {
            tls_current: own.tls,
            tls_next: None,
            signing_current: own.signing,
            signing_next: None,
        }),
        terms: AgreementTerms {
            reference: text(&arguments.reference),
            processor_agreement: text(&arguments.processor_agreement),
            period: AgreementPeriod::new(from, until, &config.node.time_zone)?,
            areas: config.areas.iter().map(|area| area.code.clone()).collect(),
            our_services: Default::default(),
            moving_areas: Default::default(),
            moving_from: false,
            entries_max: AgreementTerms::ENTRIES_MAX_DEFAULT,
            bytes_max: AgreementTerms::BYTES_MAX_DEFAULT,
        },
        services: config
            .services
            .iter()
            .map(|service| PartnerService::of(service, config.node.organisation))
            .collect(),
    };
    let mut open = vec![Blank { key: "our_services", text: "our_services = []" }];
    for (key, text, given) in [
        ("reference", "reference = \"\"", arguments.reference.is_some()),
        ("processor_agreement", "processor_agreement = \"\"", arguments.processor_agreement.is_some()),
        ("from", "#from = YYYY-MM-DD", arguments.from.is_some()),
        ("until", "#until = YYYY-MM-DD", arguments.until.is_some()),
    ] {
        if !given {
            open.push(Blank { key, text });
        }
    }
    Ok(leave_open(&templates::partner_toml(&partner), &open))
}

/// A key that only whoever receives the file can fill in.
struct Blank {
    key: &'static str,
    /// The line as it is printed.
    text: &'static str,
}

/// Puts blanks in the place of the lines of their keys, each under a comment that asks for it.
fn leave_open(text: &str, blanks: &[Blank]) -> String {
    let line = |line: &str| {
        let key = line.split(" = ").next().unwrap_or_default();
        match blanks.iter().find(|blank| blank.key == key) {
            Some(blank) => format!("# Fill in before `stafett partner add`:\n{}\n", blank.text),
            None => format!("{line}\n"),
        }
    };
    text.lines().map(line).collect()
}

fn renew(config: &NodeConfig, keys: NodeKeys) -> anyhow::Result<NodeKeys> {
    let subject = startup::certificate_subject(&config.node, clock::now());
    let keys = keys.with_certificate_for(&subject)?;
    keys.replace_certificate(&config.store.keys)?;
    Ok(keys)
}
