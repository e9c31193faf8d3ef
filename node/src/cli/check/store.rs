//! The store: readable, whole, writable, and in step with its journal.

use std::io::Write;
use std::path::Path;

use stafett_config::{NodeConfig, Partners};
use stafett_node::engine::seal::SealReason;
use stafett_node::keys::NodeKeys;
use stafett_node::startup;
use stafett_node::store::{IntegrityReport, LogFault, StoreReader};

use super::{Finding, Part};
use crate::cli::print;

/// Bytes that must fit into each folder: what a node writes in some minutes.
const ROOM_BYTES: usize = 1024 * 1024;

pub(super) async fn look(
    config: &NodeConfig,
    keys: &NodeKeys,
    partners: Option<&Partners>,
    findings: &mut Vec<Finding>,
) {
    for (name, folder) in [("store", &config.store.folder), ("journal", &config.store.journal)] {
        findings.push(room(name, folder));
    }
    let reader = match startup::read_store(config, keys) {
        Ok(reader) => reader,
        Err(error) => {
            let found = print::one_line(&error.into());
            findings.push(Finding::problem(
                Part::Store,
                "store",
                found,
                "see the runbook on restoring a store",
            ));
            return;
        }
    };
    findings.push(journal(&reader).await);
    findings.extend(seals(&reader).await);
    if let Some(partners) = partners {
        findings.extend(files_missing(partners, &reader).await);
    }
    match reader.integrity().await {
        Ok(report) => findings.extend(integrity(&report)),
        Err(error) => {
            let found = print::one_line(&error.into());
            findings.push(Finding::problem(
                Part::Store,
                "integrity",
                found,
                "restore the store from a backup",
            ));
        }
    }
}

/// Partners whose file is gone while something is left with them (law 12).
async fn files_missing(partners: &Partners, reader: &StoreReader) -> Vec<Finding> {
    let missing = match startup::partners::without_file(partners, reader).await {
        Ok(missing) => missing,
        Err(error) => {
            let found = print::one_line(&error.into());
            return vec![Finding::problem(
                Part::Store,
                "left",
                found,
                "see the runbook on restoring a store",
            )];
        }
    };
    let found = "something is left with it and no file describes it: orders to erase cannot reach it";
    let remedy = "put its file back with revoked = true, and end it with `stafett partner remove`";
    let finding = |partner: stafett_protocol::municipality::OrganisationNumber| Finding {
        partner: Some(partner.to_string()),
        ..Finding::problem(Part::Partner, "file-missing", found, remedy)
    };
    missing.into_iter().map(finding).collect()
}

/// Whether something can be written, by writing it.
fn room(name: &str, folder: &Path) -> Finding {
    let written = tempfile::NamedTempFile::with_prefix_in(".check-", folder).and_then(|mut file| {
        file.write_all(&vec![0; ROOM_BYTES])?;
        file.as_file().sync_all()
    });
    match written {
        Ok(()) => Finding::ok(Part::Store, "room", format!("the folder of the {name} can be written")),
        Err(error) => {
            let found = format!("the folder of the {name}, {}, cannot be written: {error}", folder.display());
            Finding::problem(
                Part::Store,
                "room",
                found,
                "make room, or give the node's user the right to write",
            )
        }
    }
}

async fn journal(reader: &StoreReader) -> Finding {
    let (code, restored) = ("journal", "`stafett seal status` says what is next");
    let problem = |found: String, remedy| Finding::problem(Part::Store, code, found, remedy);
    match reader.journal_check().await {
        Ok(check) if check.missing_here > 0 => problem(
            format!(
                "the store lacks {} lines of its journal: it was restored, and the node is sealed",
                check.missing_here
            ),
            restored,
        ),
        Ok(check) if check.missing_there > 0 => problem(
            format!("the journal lacks {} lines of the store", check.missing_there),
            "make room in the journal's folder and restart the node, which writes them",
        ),
        Ok(check) => Finding::ok(
            Part::Store,
            code,
            format!("the journal ends where the store does, at line {}", check.lines),
        ),
        Err(error) => problem(print::one_line(&error.into()), restored),
    }
}

/// What seals the node beside its journal.
async fn seals(reader: &StoreReader) -> Vec<Finding> {
    let problem = |reason: SealReason| {
        let remedy = format!("run `{}`", reason.next_step());
        Finding::problem(Part::Store, "sealed", reason.words(), remedy)
    };
    let mut findings = Vec::new();
    if matches!(reader.was_shown_above().await, Ok(true)) {
        findings.push(problem(SealReason::ShownByPartner));
    }
    if matches!(reader.clock_jump().await, Ok(Some(_))) {
        findings.push(problem(SealReason::Clock));
    }
    findings
}

fn integrity(report: &IntegrityReport) -> Vec<Finding> {
    let restore = "restore the store from a backup";
    let mut findings = Vec::new();
    let mut problem =
        |code, found: String, remedy: &str| findings.push(Finding::problem(Part::Store, code, found, remedy));
    for page in &report.pages {
        problem("pages", page.clone(), restore);
    }
    for case in &report.chains {
        problem("chain", format!("the chain of case {case} is broken"), restore);
    }
    for entry in &report.entries {
        problem("entry", format!("entry {entry} is not whole"), restore);
    }
    if let Some(fault) = report.access_log.fault {
        let found = match fault {
            LogFault::Row { number } => format!("the access log was changed at row {number}"),
            LogFault::End => "rows are missing at the end of the access log".to_owned(),
            LogFault::RolledBack { length } => format!("the access log was set back: it had {length} rows"),
        };
        problem("access-log", found, "tell the data protection officer, and keep the machine as it is");
    }
    if findings.is_empty() {
        let found = format!(
            "pages, chains, entries and {} rows of the access log are whole",
            report.access_log.rows()
        );
        findings.push(Finding::ok(Part::Store, "integrity", found));
    }
    findings
}
