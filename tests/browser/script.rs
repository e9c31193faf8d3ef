//! Runs a script with Node.js, with the packages of the lock file beside it.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use stafett_tests::real::packages::installed;
use tokio::process::{Child, Command};

use super::town::Town;

const PACKAGES: [&str; 2] = ["package.json", "package-lock.json"];
/// Set to another program if the browser has another name.
const CHROMIUM: &str = "BROWSER_CHROMIUM";
/// Set to a number if the machine needs longer. On two cores that do nothing else a script takes
/// less than four minutes.
const SECONDS: &str = "BROWSER_SECONDS";
const SECONDS_USUAL: u64 = 1_800;
/// How long a script that is told to end may take to end its browser.
const END_TIME: Duration = Duration::from_secs(10);

/// Runs one script over a town to its end.
pub(crate) async fn run(name: &str, town: &Town) -> anyhow::Result<()> {
    let chromium = chromium()?;
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser");
    let packages = installed(&source, &PACKAGES).await?;
    // Below the packages, where Node.js looks for them.
    let own = tempfile::Builder::new().prefix("run-").tempdir_in(&packages)?;
    copy_scripts(&source, own.path())?;
    let told = own.path().join("town.json");
    std::fs::write(&told, town.told()?.to_string())?;
    let mut node = Command::new("node");
    node.arg(name).current_dir(own.path()).stdin(Stdio::null()).kill_on_drop(true);
    node.env("BROWSER_TOWN", &told).env(CHROMIUM, chromium);
    node.env("BROWSER_TEXTS", source.join("../../node/src/web/texts"));
    node.env("BROWSER_ROUTES", source.join("../../node/src/web/routes.rs"));
    let mut child =
        node.spawn().context("node, of Node.js 20 or newer (Debian: apt-get install nodejs npm)")?;
    let ended = tokio::select! {
        ended = child.wait() => ended?,
        kept = town.keep_the_line() => bail!("the line is not kept: {kept:?}"),
        () = tokio::time::sleep(time()?) => return too_long(name, child).await,
    };
    ensure!(ended.success(), "{name}: {}; what failed stands above", said(ended));
    Ok(())
}

/// Ends a script, which ends its browser.
async fn too_long(name: &str, mut child: Child) -> anyhow::Result<()> {
    if let Some(id) = child.id() {
        Command::new("kill").arg(id.to_string()).status().await?;
    }
    if tokio::time::timeout(END_TIME, child.wait()).await.is_err() {
        child.kill().await?;
    }
    bail!("{name} took longer than {:?}; {SECONDS} gives it more", time()?)
}

fn said(status: ExitStatus) -> String {
    status.code().map_or_else(|| "ended by a signal".to_owned(), |code| format!("ended with {code}"))
}

fn time() -> anyhow::Result<Duration> {
    let seconds = std::env::var(SECONDS).ok().map(|text| text.parse()).transpose().context(SECONDS)?;
    Ok(Duration::from_secs(seconds.unwrap_or(SECONDS_USUAL)))
}

fn chromium() -> anyhow::Result<PathBuf> {
    if let Some(given) = std::env::var_os(CHROMIUM) {
        return Ok(given.into());
    }
    let usual =
        ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].map(PathBuf::from);
    let found = usual.into_iter().find(|program| program.exists());
    found.with_context(|| {
        format!("chromium is needed for these tests (Debian: apt-get install chromium), or {CHROMIUM} to say where it is")
    })
}

/// Copies the scripts and those in the folder of what they share.
fn copy_scripts(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (path, copy) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() && entry.file_name() != "node_modules" {
            copy_scripts(&path, &copy)?;
        } else if path.extension().is_some_and(|end| end == "mjs") {
            std::fs::copy(&path, &copy)?;
        }
    }
    Ok(())
}
