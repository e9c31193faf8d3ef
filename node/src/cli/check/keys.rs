//! The node's own keys: there, closed to others, belonging together, valid.

use std::os::unix::fs::PermissionsExt;

use stafett_config::NodeConfig;
use stafett_node::keys::{KeysError, NodeKeys};
use stafett_node::startup::StartError;
use stafett_node::{clock, startup};
use stafett_protocol::time::DAY;

use super::{Finding, Part};
use crate::cli::print;

/// Days before its end on which a certificate should be renewed.
const RENEW_DAYS: u64 = 30;

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
    findings.push(certificate(&keys));
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

fn certificate(keys: &NodeKeys) -> Finding {
    let (facts, now) = (keys.certificate_facts(), clock::now());
    let remedy = "run `stafett identity --renew-certificate` and restart the node; partners need do nothing";
    let days = facts.until.since(now).checked_div(DAY).unwrap_or_default();
    if now < facts.from {
        let found = "the certificate is not valid yet";
        Finding::problem(
            Part::Keys,
            "certificate",
            found,
            "set the machine's clock, or renew: ".to_owned() + remedy,
        )
    } else if facts.until < now {
        Finding::problem(Part::Keys, "certificate", "the certificate has expired", remedy)
    } else if days < RENEW_DAYS {
        let found = format!("the certificate expires in {days} days");
        Finding::problem(Part::Keys, "certificate", found, remedy)
    } else {
        Finding::ok(Part::Keys, "certificate", format!("the certificate is valid for {days} days"))
    }
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
