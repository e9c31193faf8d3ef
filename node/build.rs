//! Fetches what the pages take from elsewhere, Designsystemet and htmx, and writes down where it lies.
//!
//! `npm ci` takes exactly what `look/package-lock.json` names, checks it against the hashes there
//! and runs none of its scripts. Where that cannot be done, the node has its own plain look, and
//! the build says so; with the feature `packaging` it ends instead.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What is embedded: the name in addresses, and where the package has it.
const TAKEN: [(&str, &str); 4] = [
    ("designsystemet-theme.css", "@digdir/designsystemet-css/dist/theme/designsystemet.css"),
    ("designsystemet.css", "@digdir/designsystemet-css/dist/src/index.css"),
    ("htmx.js", "htmx.org/dist/htmx.min.js"),
    ("htmx-sse.js", "htmx.org/dist/ext/hx-sse.min.js"),
];
/// Files of one package that are read to fetch it.
const NAMED: [&str; 2] = ["package.json", "package-lock.json"];
/// How long npm may take, retries included.
const FETCH_TIME: Duration = Duration::from_secs(120);

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=look/package-lock.json");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=STAFETT_LOOK");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    let packaging = std::env::var_os("CARGO_FEATURE_PACKAGING").is_some();
    let plain = std::env::var_os("STAFETT_LOOK").is_some_and(|look| look == "plain");
    let fetched = if plain { Err("STAFETT_LOOK=plain asks for none".into()) } else { fetch(&out) };
    let taken = match fetched {
        Ok(modules) => TAKEN.map(|(name, path)| (name, modules.join(path))).to_vec(),
        Err(reason) if packaging => {
            return Err(format!(
                "Designsystemet and htmx cannot be fetched: {reason}\n\
                 A package needs them. Install Node.js 20 or newer with npm (Debian: apt-get install npm), \
                 let it reach a registry, and build again."
            )
            .into());
        }
        Err(reason) => {
            println!(
                "cargo::warning=the pages get their plain look, because Designsystemet and htmx cannot be \
                 fetched: {reason}; with npm, touch node/look/package-lock.json and build again"
            );
            Vec::new()
        }
    };
    std::fs::write(out.join("taken.rs"), listed(&taken)?)?;
    Ok(())
}

/// Fetches the packages into `out` and returns the folder that they lie in.
fn fetch(out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let folder = out.join("look");
    std::fs::create_dir_all(&folder)?;
    for name in NAMED {
        std::fs::copy(Path::new("look").join(name), folder.join(name))?;
    }
    let log = std::fs::File::create(folder.join("npm.log"))?;
    let mut npm = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"])
        .args(["--fetch-retries=1", "--fetch-timeout=20000"])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .map_err(|error| format!("npm cannot be run: {error}"))?;
    let start = Instant::now();
    let status = loop {
        if let Some(status) = npm.try_wait()? {
            break status;
        }
        if start.elapsed() > FETCH_TIME {
            npm.kill()?;
            npm.wait()?;
            return Err(format!("npm took longer than {} seconds", FETCH_TIME.as_secs()).into());
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    if !status.success() {
        return Err(format!("npm ended with {status}; see {}", folder.join("npm.log").display()).into());
    }
    let modules = folder.join("node_modules");
    match TAKEN.iter().find(|(_, path)| !modules.join(path).is_file()) {
        None => Ok(modules),
        Some((_, missing)) => Err(format!("{missing} is not in its package").into()),
    }
}

fn listed(taken: &[(&str, PathBuf)]) -> Result<String, std::fmt::Error> {
    let mut text = "&[\n".to_owned();
    for (name, path) in taken {
        writeln!(text, "    ({name:?}, include_bytes!({:?})),", path.display().to_string())?;
    }
    text.push_str("]\n");
    Ok(text)
}
