//! `stafett check`: whether the node can do its work, and what to do where it cannot.
//!
//! One line for each thing looked at. Nothing of the node is changed; a running one is not
//! disturbed. The exit code is 0 only if nothing is wrong.

mod keys;
mod login;
mod partners;
mod people;
mod store;

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use stafett_config::{NodeConfig, Partners, People};
use stafett_node::startup;

use super::folder::NodeFolder;
use super::{block_on, print};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    folder: NodeFolder,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Part {
    Configuration,
    Login,
    Keys,
    Store,
    Partner,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum State {
    Ok,
    /// Cannot be told from here, and nothing is known to be wrong.
    Unknown,
    Problem,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    part: Part,
    state: State,
    /// A stable word for programs.
    code: &'static str,
    /// The partner's organisation number.
    #[serde(skip_serializing_if = "Option::is_none")]
    partner: Option<String>,
    /// What was found.
    found: String,
    /// What to do about a problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    /// There and back to a partner's node.
    #[serde(skip_serializing_if = "Option::is_none")]
    round_trip_ms: Option<f64>,
}

impl Finding {
    pub(super) fn ok(part: Part, code: &'static str, found: impl Into<String>) -> Self {
        Self::new(part, State::Ok, code, found.into(), None)
    }

    pub(super) fn unknown(part: Part, code: &'static str, found: impl Into<String>) -> Self {
        Self::new(part, State::Unknown, code, found.into(), None)
    }

    pub(super) fn problem(
        part: Part,
        code: &'static str,
        found: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(part, State::Problem, code, found.into(), Some(remedy.into()))
    }

    fn new(part: Part, state: State, code: &'static str, found: String, remedy: Option<String>) -> Self {
        Self { part, state, code, partner: None, found, remedy, round_trip_ms: None }
    }

    fn line(&self) -> String {
        let state = match self.state {
            State::Ok => "ok",
            State::Unknown => "unknown",
            State::Problem => "problem",
        };
        let part = match (self.part, &self.partner) {
            (Part::Configuration, _) => "configuration".to_owned(),
            (Part::Login, _) => "login".to_owned(),
            (Part::Keys, _) => "keys".to_owned(),
            (Part::Store, _) => "store".to_owned(),
            (Part::Partner, Some(partner)) => format!("partner {partner}"),
            (Part::Partner, None) => "partners".to_owned(),
        };
        let remedy = self.remedy.as_ref().map(|remedy| format!(": {remedy}")).unwrap_or_default();
        format!("{state:8} {part:17}  {}{remedy}", self.found)
    }
}

/// Everything that was looked at.
#[derive(Serialize)]
struct Report {
    well: bool,
    findings: Vec<Finding>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let findings = look(&arguments.folder)?;
    let well = findings.iter().all(|finding| finding.state != State::Problem);
    if arguments.json {
        print::json(&Report { well, findings })?;
    } else {
        for finding in &findings {
            print::line(finding.line())?;
        }
    }
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Looks at everything that what is wrong before it still lets be looked at.
fn look(folder: &NodeFolder) -> anyhow::Result<Vec<Finding>> {
    let refused = |code, refused: &anyhow::Error, remedy: &str| {
        Finding::problem(Part::Configuration, code, print::one_line(refused), remedy)
    };
    let config = match folder.config() {
        Ok(config) => config,
        Err(error) => return Ok(vec![refused("settings", &error, "mend it, then check again")]),
    };
    let mut findings = vec![settings(&config)];
    match People::load(&config) {
        Ok(people) => {
            people::look(&people, &mut findings);
            login::look(&config, &people, &mut findings);
        }
        Err(error) => findings.push(refused("people", &error.into(), "mend the file of people")),
    }
    let keys = keys::look(&config, &mut findings);
    let partners = match Partners::load(&config, keys.as_ref().map(startup::own_keys).as_ref()) {
        Ok(partners) => Some(partners),
        Err(error) => {
            findings.push(refused("partners", &error.into(), "mend the partner's file"));
            None
        }
    };
    let Some(keys) = keys else { return Ok(findings) };
    let progress = print::spinner("reading the store");
    block_on(async {
        store::look(&config, &keys, partners.as_ref(), &mut findings).await;
        if let Some(partners) = &partners {
            progress.set_message("dialling partners");
            partners::look(&config, keys, partners, &mut findings).await;
        }
        Ok(())
    })?;
    progress.finish_and_clear();
    Ok(findings)
}

fn settings(config: &NodeConfig) -> Finding {
    let node = &config.node;
    let (areas, services) = (config.areas.len(), config.services.len());
    let found = format!("{} ({}), {areas} areas, {services} services", node.name, node.organisation);
    Finding::ok(Part::Configuration, "settings", found)
}
