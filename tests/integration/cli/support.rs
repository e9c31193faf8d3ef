//! Nodes in temporary folders, commands on them, and what they answered.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// The program that is tested.
pub(crate) const STAFETT: &str = env!("CARGO_BIN_EXE_stafett");

pub(crate) const INDEROY: &str = "997391853";
pub(crate) const STEINKJER: &str = "840029212";

/// A command of the program, without variables that change what a node does.
pub(crate) fn stafett<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(STAFETT);
    command.args(arguments).stdin(Stdio::null());
    for name in ["STAFETT_LOG", "STAFETT_WEB_LISTEN", "STAFETT_QUIC_LISTEN"] {
        command.env_remove(name);
    }
    command
}

/// What a command wrote, and how it ended.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs a command to its end.
pub(crate) fn answer(command: &mut Command) -> Answer {
    let output = command.output().expect("the program runs");
    Answer {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
        err: String::from_utf8(output.stderr).expect("UTF-8 on standard error"),
    }
}

impl Answer {
    /// The standard output of a command that must have succeeded.
    pub(crate) fn out(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{}", self.out);
        self.out
    }

    /// The JSON that a command wrote, whatever its exit code.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A node's folder that is removed with the value.
pub(crate) struct Node {
    around: TempDir,
    pub(crate) organisation: &'static str,
}

impl Node {
    /// Makes Inderøy's node.
    pub(crate) fn inderoy() -> Self {
        Self::init("5053", INDEROY, "Inderøy kommune")
    }

    /// Makes Steinkjer's node.
    pub(crate) fn steinkjer() -> Self {
        Self::init("5006", STEINKJER, "Steinkjer kommune")
    }

    fn init(municipality: &str, organisation: &'static str, name: &str) -> Self {
        let around = tempfile::tempdir().expect("a temporary folder");
        let node = Self { around, organisation };
        let folder = node.folder();
        let folder = folder.to_str().expect("UTF-8");
        let given = ["init", folder, "--municipality", municipality, "--organisation", organisation];
        let listen = ["--name", name, "--web", "127.0.0.1:0", "--quic", "127.0.0.1:0"];
        answer(&mut stafett(given.into_iter().chain(listen))).out();
        node
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.around.path().join("node")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a readable file")
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a writable folder");
    }

    /// Puts `right` in the place of `wrong` in a file, where it stands exactly once.
    pub(crate) fn replace(&self, name: &str, wrong: &str, right: &str) {
        let text = self.read(name);
        assert_eq!(text.matches(wrong).count(), 1, "{wrong:?} in {text}");
        self.write(name, &text.replace(wrong, right));
    }

    /// A command on this node.
    pub(crate) fn command<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = stafett(arguments);
        command.arg("--data").arg(self.folder());
        command
    }

    /// Runs a command on this node; paths in what it writes start at the node's folder.
    pub(crate) fn run<'a>(&self, arguments: impl IntoIterator<Item = &'a str>) -> Answer {
        self.relative(answer(&mut self.command(arguments)))
    }

    /// What was answered, with paths from the node's folder on.
    pub(crate) fn relative(&self, answer: Answer) -> Answer {
        let folder = self.folder().display().to_string();
        let from_folder = |text: String| text.replace(&format!("{folder}/"), "").replace(&folder, "NODE");
        Answer { out: from_folder(answer.out), err: from_folder(answer.err), ..answer }
    }

    /// Starts to serve and waits until it does.
    pub(crate) fn serve(&self) -> Serving {
        Serving::start(&mut self.command(["serve"]))
    }

    /// Writes the file that describes this node at a partner, with an agreement in force.
    pub(crate) fn partner_file(&self, address: Option<&str>) -> PathBuf {
        let mut command = self.command(["identity", "--toml", "--reference", "2026/1042-3"]);
        command.args([
            "--processor-agreement",
            "2026/1042-4",
            "--from",
            "2026-01-01",
            "--until",
            "2199-12-31",
        ]);
        if let Some(address) = address {
            command.args(["--address", address]);
        }
        let path = self.around.path().join(format!("{}.toml", self.organisation));
        let text = answer(&mut command).out();
        assert!(text.contains("\nour_services = []\n"), "{text}");
        let text = text.replace("our_services = []", "our_services = [\"school\"]");
        std::fs::write(&path, text).expect("a writable folder");
        path
    }

    /// Adds `partner` to this node's partners.
    pub(crate) fn add(&self, partner: &Node, address: Option<&str>) {
        let file = partner.partner_file(address);
        self.run(["partner", "add", file.to_str().expect("UTF-8")]).out();
    }

    /// Adds a person and returns the id.
    pub(crate) fn add_person(&self, number: u8, roles: &str, service: Option<&str>) -> String {
        let id = format!("6f1d2c7e-9d0b-4a57-8a35-0c1f1e8f4b{number:02x}");
        let service = service.map(|code| format!("service = \"{code}\"\n")).unwrap_or_default();
        let person =
            format!("\n[[person]]\nid = \"{id}\"\nname = \"Person {number}\"\nroles = [{roles}]\n{service}");
        let people = self.read("people.toml");
        self.write("people.toml", &(people + &person));
        id
    }

    /// Every file and folder of the node, with mode and content.
    pub(crate) fn listing(&self) -> Listing {
        listing(&self.folder())
    }
}

/// Path to mode and SHA-256; a folder has no hash. SQLite's index of its log and a log without
/// content hold nothing that lasts, and come and go with every reader: they are left out.
pub(crate) type Listing = BTreeMap<PathBuf, (u32, Option<[u8; 32]>)>;

pub(crate) fn listing(folder: &Path) -> Listing {
    let mut found = Listing::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for inside in std::fs::read_dir(&folder).expect("a readable folder") {
            let path = inside.expect("a readable folder").path();
            let metadata = std::fs::symlink_metadata(&path).expect("a file that stays");
            let name = path.to_string_lossy();
            if name.ends_with(".sqlite-shm") || name.ends_with(".sqlite-wal") && metadata.len() == 0 {
                continue;
            }
            let hash =
                metadata.is_file().then(|| Sha256::digest(std::fs::read(&path).expect("readable")).into());
            if metadata.is_dir() {
                folders.push(path.clone());
            }
            found.insert(path, (metadata.permissions().mode() & 0o777, hash));
        }
    }
    found
}

/// A node that serves in a process of its own; killed with the value.
pub(crate) struct Serving {
    child: Child,
    pub(crate) web: String,
    pub(crate) quic: String,
    log: std::thread::JoinHandle<String>,
}

impl Serving {
    /// Starts the command and waits for its line `ready`.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program runs");
        let mut err = child.stderr.take().expect("a pipe");
        let log = std::thread::spawn(move || {
            let mut text = String::new();
            err.read_to_string(&mut text).expect("UTF-8 on standard error");
            text
        });
        let mut first = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        out.read_line(&mut first).expect("UTF-8 on standard output");
        let Some((web, quic)) = first
            .trim_end()
            .strip_prefix("ready web=http://")
            .and_then(|addresses| addresses.split_once(" quic="))
        else {
            let _ = child.kill();
            panic!("{first:?}: {}", log.join().expect("a log"));
        };
        Self { web: web.to_owned(), quic: quic.to_owned(), child, log }
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Sends a signal and waits; returns how the process ended, how long it took and its log.
    pub(crate) fn stop(mut self, signal: &str) -> (ExitStatus, Duration, String) {
        let begun = Instant::now();
        self.signal(signal);
        let status = self.child.wait().expect("a child");
        let took = begun.elapsed();
        let log = std::mem::replace(&mut self.log, std::thread::spawn(String::new));
        (status, took, log.join().expect("a log"))
    }

    /// Asks the API with one request and returns status and body.
    pub(crate) fn get(&self, path: &str, bearer: &str) -> (u16, String) {
        use std::io::Write;
        let mut stream = std::net::TcpStream::connect(&self.web).expect("the API listens");
        let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {bearer}\r\n", self.web);
        stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).expect("a request is taken");
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("an answer in UTF-8");
        let status = text.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        (status, text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks until the answer is yes, and fails after some time.
pub(crate) fn wait_until(what: &str, mut asked: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !asked() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}
