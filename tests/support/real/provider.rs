//! A real OpenID provider, npm's `oidc-provider`, on loopback. Needs Node.js and npm, which fetches
//! what the lock file names once for each state of it.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, ensure};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::{SOON, packages};

const FILES: [&str; 3] = ["package.json", "package-lock.json", "provider.mjs"];

/// A provider's process. Dropped, it is killed.
pub struct RunningProvider {
    _child: Child,
    /// How it names itself.
    pub issuer: String,
}

impl RunningProvider {
    /// Starts a provider with one client; `settings` are those of `provider.mjs` without the port.
    ///
    /// # Errors
    /// If Node.js or npm is missing, or the provider is not ready in time.
    pub async fn start(port: u16, mut settings: Value) -> anyhow::Result<Self> {
        settings["port"] = port.into();
        let folder = installed().await?;
        let mut node = Command::new("node");
        node.arg("provider.mjs").arg(settings.to_string()).current_dir(&folder);
        node.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        let mut child = node.spawn().context("node, of Node.js 20 or newer")?;
        let output = child.stdout.take().context("the output of the provider")?;
        let mut lines = BufReader::new(output).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await? {
                if line == "ready" {
                    return anyhow::Ok(());
                }
            }
            anyhow::bail!("the provider ended before it was ready")
        };
        tokio::time::timeout(SOON, ready).await.context("the provider is ready")??;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { _child: child, issuer: format!("http://127.0.0.1:{port}") })
    }

    /// Says who the next person is that logs in.
    ///
    /// # Errors
    /// If the provider does not answer.
    pub async fn be(&self, name: &str) -> anyhow::Result<()> {
        let answer = reqwest::get(format!("{}/be/{name}", self.issuer)).await?.error_for_status()?;
        ensure!(answer.text().await? == name, "the provider takes the name");
        Ok(())
    }
}

/// Returns a folder in which the provider and its packages lie, beside this program.
async fn installed() -> anyhow::Result<PathBuf> {
    static INSTALLED: tokio::sync::OnceCell<PathBuf> = tokio::sync::OnceCell::const_new();
    INSTALLED.get_or_try_init(install).await.cloned()
}

async fn install() -> anyhow::Result<PathBuf> {
    packages::installed(&Path::new(env!("CARGO_MANIFEST_DIR")).join("provider"), &FILES).await
}
