//! The settings of a node, parsed into domain types before anything starts.
//!
//! [`load`] reads `stafett.toml`. With what it returns, [`Partners::load`] reads the folder of
//! partner files and [`People::load`] the people with access. Nothing is read from the process
//! environment: what may override a file is handed in. A key that is not known is refused, and
//! every refusal names file, line, column, key, what was expected and what was found.
//!
//! The files are read through [`toml`]'s tree with positions, not through serde: serde's message
//! repeats the value it refused, which in the file of people is a person's name.
//!
//! Absent by design: certificates and keys are not parsed here, only located and read as bytes.
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

pub mod action_guide;
pub mod area;
pub mod consent;
pub mod development;
mod document;
pub mod duty_to_report;
pub mod environment;
pub mod error;
pub mod federation;
pub mod login;
pub mod moving_reminder;
pub mod names;
pub mod node;
pub mod observability;
pub mod partner;
pub mod people;
pub mod retention;
pub mod secret;
pub mod service;
pub mod store;
pub mod templates;
#[cfg(test)]
mod tests;
pub mod transition;
pub mod transport;
mod value;
pub mod web;

pub use action_guide::ActionGuideConfig;
pub use area::Area;
pub use consent::{ConsentConfig, Purpose};
pub use development::DevelopmentConfig;
pub use duty_to_report::{DutyText, DutyToReportConfig};
pub use environment::Environment;
pub use error::{ConfigError, Origin, Place};
pub use federation::FederationConfig;
pub use login::{ClientProof, LoginConfig, OidcConfig};
pub use moving_reminder::MovingReminder;
pub use names::{Language, Names};
pub use node::NodeIdentity;
pub use observability::{LogFormat, LogLevel, ObservabilityConfig};
pub use partner::{OwnKeys, PartnerConfig, Partners};
pub use people::{People, Person};
pub use secret::Secret;
pub use service::{OwnService, ServiceKind};
pub use store::{KeyFiles, StoreConfig};
pub use transition::TransitionItem;
pub use transport::TransportConfig;
pub use web::WebConfig;

use std::path::{Path, PathBuf};

use stafett_protocol::erasure::retention::Retention;
use stafett_protocol::municipality::{AreaCode, ServiceCode};

use crate::document::{Document, Section, Visibility};

/// The settings of one node, complete and consistent in themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeConfig {
    /// The file it was read from.
    pub file: PathBuf,
    /// Who runs the node.
    pub node: NodeIdentity,
    /// Where partners are described and how they are reached.
    pub federation: FederationConfig,
    /// Bounds of the QUIC transport.
    pub transport: TransportConfig,
    /// Where data, keys and journal lie.
    pub store: StoreConfig,
    /// The pages and the API for people.
    pub web: WebConfig,
    /// How people log in.
    pub login: LoginConfig,
    /// What the node writes about itself.
    pub observability: ObservabilityConfig,
    /// The areas of development, in the order of the file; at least one, each code once.
    pub areas: Vec<Area>,
    /// The municipality's own services, in the order of the file; at least one, each code once.
    pub services: Vec<OwnService>,
    /// Defaults of a consent.
    pub consent: ConsentConfig,
    /// What the municipality must keep of what it received.
    pub retention: Retention,
    /// The levels of the action guide.
    pub action_guide: ActionGuideConfig,
    /// The checklist of a transition from one service to another, in the order of the file; at least
    /// one item, each code once.
    pub transitions: Vec<TransitionItem>,
    /// What services do in their own systems when a family moves without a consent; at least one.
    pub moving_reminders: Vec<MovingReminder>,
    /// What every page says of the duty to report.
    pub duty_to_report: DutyToReportConfig,
    /// What only a node without real persons may do.
    pub development: DevelopmentConfig,
}

const ROOT_KEYS: &[&str] = &[
    "node",
    "federation",
    "transport",
    "store",
    "web",
    "login",
    "observability",
    "areas",
    "services",
    "consent",
    "retention",
    "action_guide",
    "transitions",
    "moving_reminders",
    "duty_to_report",
    "development",
];

/// Reads a node's settings; `environment`, collected from `std::env::vars_os`, overrides what [`environment::NAMES`] lists.
///
/// Paths in the file are relative to its folder, and absolute or relative to the working folder
/// in the result, as `path` is.
///
/// # Errors
/// [`ConfigError`] for the first thing that is wrong; nothing has been started or written.
pub fn load(path: &Path, environment: &Environment) -> Result<NodeConfig, ConfigError> {
    environment.check()?;
    Document::open(path, Visibility::Shown)?.read(|root| NodeConfig::read(&root, path, environment))
}

impl NodeConfig {
    fn read(root: &Section<'_>, file: &Path, environment: &Environment) -> Result<Self, ConfigError> {
        root.only(ROOT_KEYS)?;
        let folder = file.parent().unwrap_or(Path::new(""));
        let node = NodeIdentity::read(&root.section("node")?)?;
        let federation = FederationConfig::read(&root.section("federation")?, folder, environment)?;
        let web = WebConfig::read(&root.section("web")?, folder, environment)?;
        let development = DevelopmentConfig::read(
            &root.section("development")?,
            folder,
            &node,
            [("federation.listen", federation.listen), ("web.listen", web.listen)],
            web.behind_proxy,
        )?;
        let areas = Area::read_all(root)?;
        let is_area = |code: &AreaCode| areas.iter().any(|area| area.code == *code);
        let services = OwnService::read_all(root, node.organisation)?;
        let is_service = |code: &ServiceCode| services.iter().any(|service| service.code == *code);
        let transitions = TransitionItem::read_all(root, is_service)?;
        Ok(Self {
            file: file.to_owned(),
            transport: TransportConfig::read(&root.section("transport")?)?,
            store: StoreConfig::read(&root.section("store")?, folder)?,
            login: LoginConfig::read(&root.section("login")?, folder, &node)?,
            observability: ObservabilityConfig::read(&root.section("observability")?, environment)?,
            retention: retention::read_all(root, &services, &node.time_zone)?,
            services,
            transitions,
            moving_reminders: MovingReminder::read_all(root)?,
            consent: ConsentConfig::read(&root.section("consent")?, &node.time_zone, is_area)?,
            areas,
            action_guide: ActionGuideConfig::read(&root.section("action_guide")?)?,
            duty_to_report: DutyToReportConfig::read(&root.section("duty_to_report")?, folder)?,
            node,
            federation,
            web,
            development,
        })
    }

    /// Returns the area with `code`, if the municipality has it.
    pub fn area(&self, code: &AreaCode) -> Option<&Area> {
        self.areas.iter().find(|area| area.code == *code)
    }

    /// Returns the municipality's own service with `code`, if it has it.
    pub fn service(&self, code: &ServiceCode) -> Option<&OwnService> {
        self.services.iter().find(|service| service.code == *code)
    }
}
