//! The program under test, built once for this run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, ensure};

/// Returns the program's file. The first call builds it, in the profile of this test; the
/// features are those of the tests, so that nothing is built twice.
///
/// # Errors
/// If it does not build.
pub fn binary() -> anyhow::Result<&'static Path> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match BUILT.get_or_init(|| build().map_err(|error| format!("{error:#}"))) {
        Ok(path) => Ok(path),
        Err(error) => anyhow::bail!("{error}"),
    }
}

fn build() -> anyhow::Result<PathBuf> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    cargo.args(["build", "--quiet", "-p", "stafett-node", "-p", "stafett-tests", "--bin", "stafett"]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let status = cargo.stdin(Stdio::null()).status().context("cargo")?;
    ensure!(status.success(), "the program does not build");
    let test = std::env::current_exe()?;
    // target/PROFILE/deps/integration-HASH
    let profile = test.parent().and_then(Path::parent).context("the folder of the profile")?;
    let program = profile.join("stafett");
    ensure!(program.exists(), "{} was not built", program.display());
    Ok(program)
}

/// Returns a command of the program without settings of this process's environment.
///
/// # Errors
/// If the program does not build.
pub fn command() -> anyhow::Result<tokio::process::Command> {
    let mut command = tokio::process::Command::new(binary()?);
    // Those that the program does not know, such as the tests' own, it refuses.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("STAFETT_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    Ok(command)
}

/// Runs a command to its end and returns what it wrote.
///
/// # Errors
/// If it fails, with what it said.
pub async fn run<S: AsRef<std::ffi::OsStr>>(
    arguments: impl IntoIterator<Item = S>,
) -> anyhow::Result<Vec<u8>> {
    let mut command = command()?;
    let output = command.args(arguments).output().await.context("the program")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{:?}: {}", command.as_std(), said.trim());
    Ok(output.stdout)
}
