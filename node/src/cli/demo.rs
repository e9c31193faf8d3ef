//! `stafett demo`: three municipalities' nodes on this machine, and one of two stories, each in nine beats.
//!
//! Every node is a process of its own with its own folder, keys and ports on loopback. All that
//! the story does and shows goes through the nodes' HTTP API with the tokens of its persons; only
//! the search opens the stores themselves. Each beat is checked, and the exit code is 0 only if
//! every check held. All persons are invented.

mod cast;
mod client;
mod console;
mod nodes;
mod relay;
mod report;
mod setup;
mod story;
mod words;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use stafett_node::shutdown::StopSignals;

use self::cast::{CAST, Place, Who};
use self::client::{Person, until};
use self::console::{Console, Talk};
use self::nodes::RunningNode;
use self::relay::Relay;
use self::report::{Address, Document};
use self::setup::Made;
use self::story::{Plot, Story};
use self::words::{Language, Words, fill};
use super::{block_on, print};

#[derive(Args)]
pub(crate) struct Arguments {
    /// What is told
    #[arg(long, value_enum, default_value = "sharing")]
    story: Plot,
    /// The language of the story
    #[arg(long, value_enum, default_value = "nb")]
    lang: Language,
    /// Asks nothing, ends the nodes, and exits 0 only if every beat held
    #[arg(long)]
    once: bool,
    /// Prints the whole as one JSON document; asks nothing, as --once
    #[arg(long)]
    json: bool,
    /// A missing or empty folder for the nodes, which is kept; otherwise a temporary one
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    // As text alone: a reader of our output that has gone away is a failure here, because not every
    // beat was played.
    block_on(play(arguments)).map_err(|error| anyhow::anyhow!(print::one_line(&error)))
}

/// The folder of all nodes; a temporary one goes when this is dropped.
struct Root {
    path: PathBuf,
    temporary: Option<tempfile::TempDir>,
}

impl Root {
    fn make(given: Option<&PathBuf>) -> anyhow::Result<Self> {
        let Some(given) = given else {
            let temporary = tempfile::Builder::new().prefix("stafett-demo-").tempdir()?;
            return Ok(Self { path: temporary.path().to_owned(), temporary: Some(temporary) });
        };
        std::fs::create_dir_all(given).with_context(|| given.display().to_string())?;
        if std::fs::read_dir(given)?.next().is_some() {
            bail!("expected an empty folder at {}, found files in it", given.display());
        }
        Ok(Self { path: std::path::absolute(given)?, temporary: None })
    }

    /// Keeps the logs of a story that did not hold, and says where they are.
    fn kept_for_a_look(&mut self) -> String {
        self.keep();
        format!("the nodes and their logs are kept in {}", self.path.display())
    }

    /// Keeps the logs of a story that did not hold.
    fn keep(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            let _ = temporary.keep();
        }
    }
}

/// The three nodes and the lines between them.
struct Nodes {
    made: BTreeMap<Place, Made>,
    running: BTreeMap<Place, RunningNode>,
    lines: BTreeMap<Place, Relay>,
}

impl Nodes {
    async fn start(root: &Root, language: Language) -> anyhow::Result<Self> {
        let mut lines = BTreeMap::new();
        for place in [Place::Inderoy, Place::Snasa] {
            lines.insert(place, Relay::open().await.context("a line on loopback")?);
        }
        let addresses = lines.iter().map(|(place, line)| (*place, line.address())).collect();
        let made = setup::make(&root.path, language.of_nodes(), &addresses).await?;
        let mut running = BTreeMap::new();
        for place in Place::ALL {
            let folder = &made.get(&place).context("a node that is made")?.folder;
            let log = root.path.join(format!("{}.log", place.key()));
            let node = RunningNode::start(folder, log).await.with_context(|| place.name())?;
            if place == Place::Steinkjer {
                let target: SocketAddr = node.quic.parse().context("the QUIC address of a node")?;
                lines.values().for_each(|line| line.lead_to(target));
            }
            running.insert(place, node);
        }
        Ok(Self { made, running, lines })
    }

    /// Returns everybody's program, each with the person's token at the person's node.
    fn persons(&self) -> anyhow::Result<BTreeMap<Who, Person>> {
        let mut persons = BTreeMap::new();
        for part in &CAST {
            let node = self.running.get(&part.place).context("a node that runs")?;
            let made = self.made.get(&part.place).context("a node that is made")?;
            let token = made.tokens.get(&part.who).context("a token")?.clone();
            persons.insert(part.who, Person::new(&node.web, token)?);
        }
        Ok(persons)
    }

    fn addresses(&self) -> BTreeMap<&'static str, Address> {
        let address = |(place, node): (&Place, &RunningNode)| {
            let made = self.made.get(place)?;
            let token = |part: &cast::Part| Some((part.name, made.tokens.get(&part.who)?.clone()));
            let address = Address {
                name: place.name(),
                web: node.web.clone(),
                quic: node.quic.clone(),
                folder: made.folder.clone(),
                tokens: CAST.iter().filter_map(token).collect(),
            };
            Some((place.key(), address))
        };
        self.running.iter().filter_map(address).collect()
    }

    /// Waits until both lines carry a link, as the operators see it.
    async fn until_linked(&self, persons: &BTreeMap<Who, Person>) -> anyhow::Result<()> {
        for who in [Who::Jo, Who::Per] {
            let operator = persons.get(&who).context("an operator")?;
            until("a link to Steinkjer", async || {
                let links: Vec<stafett_node::engine::answer::LinkItem> =
                    operator.get("/links".to_owned()).await?;
                Ok(links.iter().any(|link| link.connected).then_some(()))
            })
            .await?;
        }
        Ok(())
    }

    /// Says whose process has ended by itself, and where its log is.
    fn fallen(&mut self) -> Option<String> {
        self.running.iter_mut().find_map(|(place, node)| {
            node.ended().map(|log| format!("the node of {} has ended: see {}", place.name(), log.display()))
        })
    }

    async fn end(self) {
        for node in self.running.into_values() {
            node.end().await;
        }
    }
}

async fn play(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let words = arguments.lang.words();
    let talk = Talk::of(arguments.once, arguments.json);
    let mut console = Console::new(words, talk);
    let mut signals = StopSignals::listen().context("signals")?;
    console.say(words.first_line)?;
    if talk == Talk::Tells && !arguments.once {
        console.say(&fill(words.nobody_to_ask, &[("flag", "--once")]))?;
    }
    console.say(words.preparing)?;
    let mut root = Root::make(arguments.data.as_ref())?;
    let started = tokio::select! {
        started = Nodes::start(&root, arguments.lang) => started,
        signal = signals.received() => bail!("stopped by {signal}"),
    };
    let mut nodes = match started {
        Ok(nodes) => nodes,
        Err(error) => return Err(error.context(root.kept_for_a_look())),
    };
    let told = tokio::select! {
        told = tell(&nodes, &mut console, words, arguments.story) => told,
        signal = signals.received() => {
            nodes.end().await;
            bail!("stopped by {signal}");
        }
    };
    // Before anybody is asked: Ctrl-C reaches the nodes as well.
    let fallen = nodes.fallen();
    let outcome = match told {
        Ok(document) => {
            conclude(&document, words, talk, &mut console, &mut signals, &root).await.map(|()| document.held)
        }
        Err(error) => Err(error),
    };
    nodes.end().await;
    if !matches!(outcome, Ok(true)) {
        root.keep();
    }
    match (outcome, fallen) {
        (Ok(true), None) => Ok(ExitCode::SUCCESS),
        (Ok(_), None) => Ok(ExitCode::FAILURE),
        (Ok(_), Some(fallen)) => bail!("{}: {fallen}", root.kept_for_a_look()),
        (Err(error), Some(fallen)) => Err(error.context(fallen).context(root.kept_for_a_look())),
        (Err(error), None) => Err(error.context(root.kept_for_a_look())),
    }
}

/// Tells all beats and collects what came of them.
async fn tell(
    nodes: &Nodes,
    console: &mut Console,
    words: &'static Words,
    plot: Plot,
) -> anyhow::Result<Document> {
    let persons = nodes.persons()?;
    nodes.until_linked(&persons).await?;
    console.say(words.linked)?;
    let told = Story::new(plot, words, console, persons, nodes).tell().await?;
    Ok(Document {
        held: told.beats.len() == plot.beats(words).len() && told.beats.iter().all(|beat| beat.held),
        story: plot,
        first_line: words.first_line,
        beats: told.beats,
        search: told.search,
        receipt: told.receipt,
        moved: told.moved,
        addresses: nodes.addresses(),
    })
}

/// Prints what came of it; with somebody there, leaves the nodes running until they are told to end.
async fn conclude(
    document: &Document,
    words: &Words,
    talk: Talk,
    console: &mut Console,
    signals: &mut StopSignals,
    root: &Root,
) -> anyhow::Result<()> {
    if talk == Talk::Silent {
        return print::json(document);
    }
    let failed: Vec<_> =
        document.beats.iter().filter(|beat| !beat.held).map(|beat| beat.number.to_string()).collect();
    let text = if document.held { words.all_held } else { words.not_all_held };
    console.say(&format!("\n{}", fill(text, &[("beats", &failed.join(", "))])))?;
    if talk == Talk::Tells {
        let folder = root.path.display().to_string();
        let stays = root.temporary.is_none() || !document.held;
        return if stays { console.say(&fill(words.end.kept, &[("folder", &folder)])) } else { Ok(()) };
    }
    leave_running(document, words, console, root)?;
    tokio::select! {
        // Nobody can press Enter once standard input has ended: then a signal ends the nodes.
        Ok(()) = console.wait_for_enter(words.end.enter_ends) => {}
        _ = signals.received() => {}
    }
    Ok(())
}

fn leave_running(document: &Document, words: &Words, console: &Console, root: &Root) -> anyhow::Result<()> {
    let end = &words.end;
    console.say(&format!("\n{}", end.still_running))?;
    for address in document.addresses.values() {
        let folder = address.folder.display().to_string();
        let values =
            [("name", address.name), ("web", &*address.web), ("quic", &*address.quic), ("folder", &*folder)];
        console.say(&fill(end.node, &values))?;
        for (name, token) in &address.tokens {
            console.say(&fill(end.token, &[("name", name), ("token", token)]))?;
        }
    }
    let inderoy = document.addresses.get(Place::Inderoy.key());
    if let Some((address, token)) = inderoy.and_then(|address| Some((address, address.tokens.get("Marte")?)))
    {
        console.say(&fill(end.example, &[("token", token), ("web", &address.web)]))?;
    }
    let folder = root.path.display().to_string();
    let fate = if root.temporary.is_some() && document.held { end.goes_with_them } else { end.kept };
    console.say(&fill(fate, &[("folder", &folder)]))
}
