//! Programs of npm's that tests run. Needs Node.js and npm, which fetches what a lock file names
//! once for each state of it and runs none of the packages' own scripts.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, ensure};
use sha2::{Digest, Sha256};
use tokio::process::Command;

/// Returns a folder beside this program with copies of some files of `source` and the packages that
/// its lock file names, in `node_modules`. Every state of the files has a folder of its own.
///
/// # Errors
/// If npm is missing, or cannot fetch the packages.
pub async fn installed(source: &Path, files: &[&str]) -> anyhow::Result<PathBuf> {
    let mut hash = Sha256::new();
    for name in files {
        hash.update(
            std::fs::read(source.join(name)).with_context(|| format!("{name} of {}", source.display()))?,
        );
    }
    let hash: String = hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let beside = std::env::current_exe()?.parent().context("a folder of tests")?.to_owned();
    let name = source.file_name().context("a folder with a name")?.to_string_lossy();
    let done = beside.join(format!("{name}-{hash}"));
    if done.join("node_modules").exists() {
        return Ok(done);
    }
    // Whole or not at all, also with another run beside this one.
    let fresh = tempfile::tempdir_in(&beside)?;
    for name in files {
        std::fs::copy(source.join(name), fresh.path().join(name))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(fresh.path());
    let output = npm.stdin(Stdio::null()).kill_on_drop(true).output().await;
    let output =
        output.context("npm, which comes with Node.js 20 or newer (Debian: apt-get install nodejs npm)")?;
    ensure!(output.status.success(), "npm ci: {}", String::from_utf8_lossy(&output.stderr));
    let renamed = std::fs::rename(fresh.path(), &done);
    ensure!(renamed.is_ok() || done.join("node_modules").exists(), "the packages are in their place");
    Ok(done)
}
