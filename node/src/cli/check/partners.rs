//! Each partner: whether its agreement is in force, and whether there would be a link.

use std::sync::Arc;

use stafett_config::partner::PartnerConfig;
use stafett_config::{NodeConfig, Partners};
use stafett_node::clock;
use stafett_node::keys::NodeKeys;
use stafett_node::startup::partners::{row, transport_settings};
use stafett_node::transport::{Diagnosis, Partner, Refusal, TransportSettings, diagnose};
use tokio::task::JoinSet;

use super::{Finding, Part};
use crate::cli::partner::{file_of, nobody_may_receive};

/// Partners dialled at once.
const AT_ONCE: usize = 8;

pub(super) async fn look(
    config: &NodeConfig,
    keys: NodeKeys,
    partners: &Partners,
    findings: &mut Vec<Finding>,
) {
    if partners.is_empty() {
        findings.push(Finding::unknown(Part::Partner, "none", "there are no partners"));
    }
    let dialler = Arc::new(Dialler {
        config: config.clone(),
        own: config.node.organisation.to_string(),
        settings: transport_settings(config),
        keys,
    });
    let partners: Vec<_> = partners.iter().cloned().collect();
    for some in partners.chunks(AT_ONCE) {
        let mut dialled = JoinSet::new();
        for (place, partner) in some.iter().cloned().enumerate() {
            let dialler = Arc::clone(&dialler);
            dialled.spawn(async move { (place, dialler.look(&partner).await) });
        }
        let mut found = dialled.join_all().await;
        found.sort_by_key(|(place, _)| *place);
        findings.extend(found.into_iter().flat_map(|(_, findings)| findings));
    }
}

struct Dialler {
    config: NodeConfig,
    own: String,
    keys: NodeKeys,
    settings: TransportSettings,
}

impl Dialler {
    async fn look(&self, partner: &PartnerConfig) -> Vec<Finding> {
        let now = clock::now();
        let period = &partner.terms.period;
        let agreement = if partner.revoked {
            Finding::unknown(Part::Partner, "revoked", "revoked: nothing but orders to erase is sent")
        } else if now < period.starts_at() {
            Finding::unknown(
                Part::Partner,
                "agreement-not-begun",
                format!("the agreement begins on {}", period.from()),
            )
        } else if period.ends_at() <= now {
            let found = format!("the agreement ended on {}", period.until());
            let remedy =
                "renew it and give its dates with `stafett partner add --replace`, or remove the partner";
            Finding::problem(Part::Partner, "agreement-ended", found, remedy)
        } else {
            Finding::ok(
                Part::Partner,
                "agreement",
                format!("the agreement is in force until {}", period.until()),
            )
        };
        let mut findings = vec![agreement];
        match row(partner) {
            None => findings.push(Finding::ok(Part::Partner, "by-hand", "no node: cases go there by hand")),
            Some(row) if row.may_link(now) => findings.push(self.dial(partner, &row).await),
            Some(_) => {}
        }
        if !partner.revoked
            && now < period.ends_at()
            && let Some(nobody) = nobody_may_receive(partner)
        {
            let file = file_of(&self.config, partner.organisation);
            let file = file.map_or_else(|_| "its file".to_owned(), |path| path.display().to_string());
            let remedy = format!("set our_services in {file}");
            findings.push(Finding::problem(Part::Partner, "nobody-receives", nobody, remedy));
        }
        let named = |finding| Finding { partner: Some(partner.organisation.to_string()), ..finding };
        findings.into_iter().map(named).collect()
    }

    async fn dial(&self, partner: &PartnerConfig, row: &Partner) -> Finding {
        let Some(address) = &partner.address else {
            let found = "no address here: it dials us, so only its own check can tell whether it reaches us";
            return Finding::unknown(Part::Partner, "dials-us", found);
        };
        let diagnosis = diagnose(&self.keys, row, &self.settings, Arc::new(clock::now)).await;
        self.explain(&address.to_string(), &diagnosis)
    }

    /// Says what a diagnosis means for the operator.
    fn explain(&self, address: &str, diagnosis: &Diagnosis) -> Finding {
        let problem =
            |code, found: String, remedy: &str| Finding::problem(Part::Partner, code, found, remedy);
        match diagnosis {
            Diagnosis::Reachable { address, round_trip } => {
                let ms = round_trip.as_secs_f64() * 1_000.0;
                let found = format!("reachable at {address}, {ms:.1} ms there and back");
                Finding { round_trip_ms: Some(ms), ..Finding::ok(Part::Partner, "reachable", found) }
            }
            Diagnosis::AddressUnknown => problem(
                "address-unknown",
                format!("the name in {address} leads nowhere"),
                "compare it with what the partner sent, and look at this machine's DNS",
            ),
            Diagnosis::NoAnswer { .. } => problem(
                "no-answer",
                format!("nothing answers at {address}: UDP is blocked on the way, or the node is down"),
                "ask the partner whether its node runs; then open UDP to that port in both firewalls",
            ),
            Diagnosis::RefusedHere { refusal } => self.explain_refusal(refusal),
            Diagnosis::RefusedByPartner { .. } => problem(
                "no-agreement-there",
                format!(
                    "the node at {address} refuses us: it does not know our key, or has no agreement with us in force"
                ),
                &format!(
                    "send the partner `stafett identity --toml`; it must list {} with our key {}",
                    self.own,
                    self.keys.fingerprint()
                ),
            ),
            Diagnosis::AnotherProtocol => problem(
                "another-protocol",
                format!("what answers at {address} is no Stafett node, or one of another version"),
                "compare address, port and version with the partner",
            ),
            Diagnosis::Failed { detail } => problem(
                "failed",
                format!("{address} could not be dialled: {detail}"),
                "look at this machine's network",
            ),
        }
    }

    fn explain_refusal(&self, refusal: &Refusal) -> Finding {
        let problem = |code, remedy: &str| Finding::problem(Part::Partner, code, refusal.to_string(), remedy);
        match refusal {
            Refusal::UnknownKey { fingerprint } => Finding::problem(
                Part::Partner,
                "wrong-key",
                format!("wrong key: its node shows {fingerprint}, which the agreement does not pin"),
                "compare it by telephone; if it is the partner's, put it into keys.tls_next of the partner's file",
            ),
            Refusal::BrokenCertificate
            | Refusal::NoOrganisation { .. }
            | Refusal::WrongOrganisation { .. } => problem(
                "wrong-certificate",
                "another node answers there: compare address and certificate with the partner",
            ),
            Refusal::AgreementNotBegun { .. } | Refusal::AgreementEnded { .. } => {
                problem("agreement", "give the agreement's dates with `stafett partner add --replace`")
            }
            Refusal::CertificateNotYetValid { .. } | Refusal::CertificateExpired { .. } => problem(
                "certificate-there",
                "the partner must renew its certificate, or one of the clocks is wrong",
            ),
        }
    }
}
