//! The node's own keys: there, closed to others, belonging together, valid.

use std::os::unix::fs::PermissionsExt;

use stafett_config::NodeConfig;
use stafett_node::keys::{CertificateFacts, KeysError, Nearness, NodeKeys};
use stafett_node::startup::StartError;
use stafett_node::{clock, startup};
use stafett_protocol::time::{DAY, UnixMillis};

use super::{Finding, Part};
use crate::cli::print;

/// What renews a certificate.
const RENEW: &str =
    "run `stafett identity --renew-certificate` and restart the node; partners need do nothing";

/// Looks at the keys and returns them if they can be used at all.
pub(super) fn look(config: &NodeConfig, findings: &mut Vec<Finding>) -> Option<NodeKeys> {
    let keys = match startup::read_keys(config) {
        Ok(keys) => keys,
        Err(error) => {
            let (code, remedy) = remedy(&error);
            let found = print::one_line(&error.into());
            findings.push(Finding::problem(Part::Keys, code, found, remedy));
            return None;
        }
    };
    findings.push(Finding::ok(Part::Keys, "keys", format!("four files, TLS key {}", keys.fingerprint())));
    findings.extend(folders(config));
    findings.push(certificate(keys.certificate_facts(), clock::now()));
    Some(keys)
}

/// What to do about keys that cannot be used.
fn remedy(error: &StartError) -> (&'static str, String) {
    match error {
        StartError::Keys(KeysError::OpenToOthers { path, .. }) => (
            "key-mode",
            format!(
                "chmod 600 {}, and treat the key as known to others: see the runbook on an open key",
                path.display()
            ),
        ),
        StartError::OtherOrganisation { .. } => (
            "keys-of-another",
            "put this node's own keys there, or mend node.organisation in the settings".to_owned(),
        ),
        _ => ("keys", "restore the keys from their backup".to_owned()),
    }
}

fn certificate(facts: &CertificateFacts, now: UnixMillis) -> Finding {
    let problem = |found: String, remedy: String| Finding::problem(Part::Keys, "certificate", found, remedy);
    let days = facts.until.since(now).checked_div(DAY).unwrap_or_default();
    if now < facts.from {
        let remedy = format!("set the machine's clock, or renew: {RENEW}");
        return problem("the certificate is not valid yet".to_owned(), remedy);
    }
    let when = match Nearness::of(facts.until, now) {
        None => {
            let found = format!("the certificate is valid for {days} days");
            return Finding::ok(Part::Keys, "certificate", found);
        }
        Some(Nearness::Over) => return problem("the certificate has expired".to_owned(), RENEW.to_owned()),
        Some(Nearness::Days) => "today",
        Some(Nearness::Weeks) => "this month",
        Some(Nearness::Months) => "in good time",
    };
    problem(format!("the certificate expires in {days} days"), format!("renew it {when}: {RENEW}"))
}

/// Folders that hold what others may not read.
fn folders(config: &NodeConfig) -> Vec<Finding> {
    let folders = [
        (Part::Keys, "keys", &config.store.keys),
        (Part::Store, "store", &config.store.folder),
        (Part::Store, "journal", &config.store.journal),
    ];
    let open = folders.into_iter().filter_map(|(part, name, path)| {
        let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
        let found = format!("the folder of {name} is open to others (mode {mode:03o})");
        let remedy = format!("chmod 700 {}", path.display());
        (mode & 0o077 != 0).then(|| Finding::problem(part, "folder-mode", found, remedy))
    });
    open.collect()
}

#[cfg(test)]
mod tests {
    use stafett_node::keys::Fingerprint;

    use super::super::State;
    use super::*;

    #[test]
    fn certificate_is_told_of_on_the_same_day_as_on_the_operators_page() {
        let until = UnixMillis(1_000 * DAY);
        let facts = CertificateFacts {
            organisation: "997391853".parse().expect("a number"),
            fingerprint: Fingerprint::from_bytes([1; 32]),
            from: UnixMillis(10 * DAY),
            until,
        };
        let told = |days: u64| {
            let finding = certificate(&facts, UnixMillis(until.0 - days * DAY));
            (finding.state, finding.found, finding.remedy.unwrap_or_default())
        };

        assert_eq!(told(61).0, State::Ok);
        for (days, when) in [(60, "in good time"), (30, "this month"), (7, "today")] {
            let (state, found, remedy) = told(days);
            assert_eq!((state, found), (State::Problem, format!("the certificate expires in {days} days")));
            assert!(remedy.starts_with(&format!("renew it {when}: run `stafett identity")), "{remedy}");
        }
        assert_eq!(told(995).1, "the certificate is not valid yet");
        assert_eq!(certificate(&facts, UnixMillis(until.0 + 1)).found, "the certificate has expired");
    }
}
