//! Pages of one node with many cases, for somebody with a session and twenty cases of her own.
//!
//! The node is a process of its own, its store sealed and durable as ever. Its cases are opened
//! over its own API, each by one of the people who then holds it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;
use reqwest::{Client, Method, header};
use serde::Serialize;
use serde_json::{Value, json};
use stafett_config::Person;
use stafett_config::templates::people_toml;
use stafett_node::clock;
use stafett_node::store::{TokenRecord, beside};
use stafett_protocol::id::{AccountId, TokenId};
use stafett_protocol::person::Role;
use stafett_protocol::time::DAY;
use stafett_tests::real::cast::Place as Municipality;
use stafett_tests::real::folder::make;
use stafett_tests::real::node::RunningNode;
use stafett_tests::real::person::Person as Program;

use super::figures::{Figure, Place, print};

/// Cases that one person holds.
const CASES_EACH: usize = 20;
/// Entries in each of the other cases.
const ENTRIES_EACH: usize = 2;
/// Requests that are under way at the same time while the node is filled.
const AT_ONCE: usize = 16;
/// A word that stands in one entry alone.
const RARE: &str = "sjiraffhals";

#[derive(Args)]
pub(crate) struct Arguments {
    /// Cases in the store
    #[arg(long, default_value_t = 5_000)]
    cases: usize,
    /// Entries of the case that is shown
    #[arg(long, default_value_t = 200)]
    entries: usize,
    /// How often each page is fetched
    #[arg(long, default_value_t = 100)]
    times: usize,
    /// Prints JSON
    #[arg(long)]
    json: bool,
    /// Fails if the case takes more milliseconds than this at the median
    #[arg(long, default_value_t = 50.0)]
    case_ms_max: f64,
}

/// What is printed as JSON.
#[derive(Serialize)]
struct Report {
    place: Place,
    cases: usize,
    entries: usize,
    filled_s: f64,
    figures: Vec<Figure>,
}

pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let begun = Instant::now();
    let filled = Filled::make(arguments).await?;
    let filled_s = begun.elapsed().as_secs_f64();
    let mut browser = Browser::log_in(&filled.node.web, filled.holder).await?;
    let case = format!("/cases/{}", filled.case);
    let titles: Vec<String> = (0..arguments.entries).map(title).collect();
    let mut figures = Vec::new();
    let mut measure = async |what: &str, asked: Asked<'_>, holds: &dyn Fn(&str) -> bool| {
        let (mut taken, mut bytes) = (Vec::new(), 0);
        let before = filled.node.processor_time()?;
        for _ in 0..arguments.times.max(1) {
            let (time, page) = browser.ask(&asked).await?;
            ensure!(holds(&page), "{what} lacks what it must show");
            taken.push(time);
            bytes = page.len();
        }
        let processor = filled.node.processor_time()?.saturating_sub(before);
        figures.push(Figure::of(what, taken, processor, bytes)?);
        anyhow::Ok(())
    };
    let own = CASES_EACH.min(arguments.cases);
    let lists = |page: &str| page.matches("<dt>Stafettholder</dt>").count() == own;
    measure("my cases", Asked::Page("/cases"), &lists).await?;
    measure("the case", Asked::Page(&case), &|page| titles.iter().all(|title| page.contains(title))).await?;
    measure("searching, one hit", Asked::Search(RARE), &|page| page.contains("én oppføring")).await?;
    measure("searching, no hit", Asked::Search("ingenting-slikt"), &|page| !page.contains("én oppføring"))
        .await?;
    let entry = format!("{case}/write?kind=note");
    measure("a form to write", Asked::Page(&entry), &|page| page.contains("<textarea")).await?;
    measure("a page of nothing", Asked::Page("/search"), &|page| page.contains("name=\"query\"")).await?;
    let of_case = figures.iter().find(|figure| figure.what == "the case").map(|figure| figure.p50_ms);
    let (cases, entries) = (arguments.cases, arguments.entries);
    let report = Report { place: Place::here(), cases, entries, filled_s, figures };
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        println!("{cases} cases, {entries} entries in the one shown, filled in {filled_s:.0} s");
        print(&report.place, &report.figures);
    }
    let (took, most) = (of_case.context("no figure for the case")?, arguments.case_ms_max);
    ensure!(took <= most, "a case takes {took:.1} ms, and may take {most:.1}");
    Ok(())
}

/// What an entry of the case is called.
fn title(number: usize) -> String {
    format!("Oppføring nummer {number} av mange")
}

/// A node with everything in it.
struct Filled {
    node: RunningNode,
    holder: AccountId,
    case: String,
    _root: tempfile::TempDir,
}

impl Filled {
    async fn make(arguments: &Arguments) -> anyhow::Result<Self> {
        let root = tempfile::tempdir()?;
        let made = make(root.path(), Municipality::Inderoy, &[]).await?;
        let settings = made.folder.join("stafett.toml");
        let text = std::fs::read_to_string(&settings)?;
        let text = text.replacen("[development]\n", "[development]\ndemo_login = true\n", 1);
        let recorded = text.lines().filter(|line| !line.starts_with("record_frames"));
        std::fs::write(&settings, recorded.collect::<Vec<_>>().join("\n"))?;
        let holders: Vec<AccountId> = (0..arguments.cases.div_ceil(CASES_EACH).max(1))
            .map(|_| AccountId::from_random(clock::random()))
            .collect();
        let people: Vec<_> =
            holders.iter().enumerate().map(|(number, id)| person(number, *id)).collect::<Result<_, _>>()?;
        std::fs::write(made.folder.join("people.toml"), people_toml(&people))?;
        let config = stafett_config::load(&settings, &stafett_config::Environment::default())?;
        let tokens = holders.iter().map(|id| token(&config.store.folder, *id));
        let tokens = tokens.collect::<anyhow::Result<Vec<_>>>()?;
        let node = RunningNode::start(&made.folder).await?;
        let programs = tokens.iter().map(|token| Program::new(&node.web, token));
        let programs: Arc<Vec<Program>> = Arc::new(programs.collect::<anyhow::Result<_>>()?);
        let turns = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
        let mut filling = tokio::task::JoinSet::new();
        for number in 1..arguments.cases {
            let turn = Arc::clone(&turns).acquire_owned().await?;
            let programs = Arc::clone(&programs);
            filling.spawn(async move {
                let program = programs.get(number / CASES_EACH).context("a holder")?;
                let case = open(program).await?;
                for entry in 0..ENTRIES_EACH {
                    write(program, &case, &format!("Notat {entry} i sak {number}"), "").await?;
                }
                drop(turn);
                anyhow::Ok(())
            });
            while let Some(done) = filling.try_join_next() {
                done??;
            }
        }
        while let Some(done) = filling.join_next().await {
            done??;
        }
        let first = programs.first().context("a holder")?;
        let case = open(first).await?;
        for number in 0..arguments.entries {
            let rare = if number == 0 { RARE } else { "" };
            write(first, &case, &title(number), rare).await?;
        }
        Ok(Self { node, holder: *holders.first().context("a holder")?, case, _root: root })
    }
}

fn person(number: usize, id: AccountId) -> anyhow::Result<Person> {
    Ok(Person {
        id,
        name: format!("Ansatt {number}"),
        service: Some("school".parse()?),
        roles: [Role::Employee].into(),
        unit: None,
        person: None,
        staff_login: None,
        family_login: None,
    })
}

fn token(store: &std::path::Path, account: AccountId) -> anyhow::Result<String> {
    let token = format!("bench-{account}");
    let now = clock::now();
    let record = TokenRecord {
        id: TokenId::from_random(clock::random()),
        hash: sha2::Digest::finalize(<sha2::Sha256 as sha2::Digest>::new_with_prefix(&token)).into(),
        account,
        role: Role::Employee,
        created_at: now,
        expires_at: now.plus(DAY),
        revoked_at: None,
    };
    beside::put_token(store, &record)?;
    Ok(token)
}

async fn open(program: &Program) -> anyhow::Result<String> {
    let case = json!({
        "subject_kind": "child",
        "level": 1,
        "subject": { "name": "Ane Testesen", "birth_date": "2015-03-14" },
        "guardians": [{ "name": "Inga Testesen", "relation": "mother", "parental_responsibility": true }],
    });
    let opened: Value = program.send(Method::POST, "/cases", Some(&case)).await?;
    Ok(opened.get("case").and_then(Value::as_str).context("an id")?.to_owned())
}

async fn write(program: &Program, case: &str, title: &str, rare: &str) -> anyhow::Result<()> {
    let said = format!("{title}. Ane leser høyt hver dag og teller til ti. {rare}");
    let entry =
        json!({ "kind": "note", "areas": ["language"], "fields": { "title": title, "description": said } });
    let path = format!("/cases/{case}/entries");
    program.send::<Value>(Method::POST, &path, Some(&entry)).await.map(drop)
}

/// What is asked of the pages.
enum Asked<'a> {
    Page(&'a str),
    Search(&'a str),
}

/// One person's browser, with a session.
struct Browser {
    http: Client,
    web: String,
    cookie: String,
}

impl Browser {
    async fn log_in(web: &str, account: AccountId) -> anyhow::Result<Self> {
        let http = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build()?;
        let mut browser = Self { http, web: web.to_owned(), cookie: String::new() };
        let answer = browser.post("/login/demo", &format!("as={account}%2Femployee")).send().await?;
        ensure!(answer.status().as_u16() == 303, "the login: {}", answer.status());
        let cookies = answer.headers().get_all(header::SET_COOKIE).iter();
        let mut pairs = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        browser.cookie = pairs.find(|pair| pair.contains("-session=")).context("a session")?.to_owned();
        Ok(browser)
    }

    fn post(&self, path: &str, body: &str) -> reqwest::RequestBuilder {
        let kind = "application/x-www-form-urlencoded";
        let request = self.http.post(format!("{}{path}", self.web)).header("sec-fetch-site", "same-origin");
        request.header(header::CONTENT_TYPE, kind).body(body.to_owned())
    }

    /// Asks and returns how long the whole answer took, and what it was.
    async fn ask(&mut self, asked: &Asked<'_>) -> anyhow::Result<(Duration, String)> {
        let request = match asked {
            Asked::Page(path) => self.http.get(format!("{}{path}", self.web)),
            Asked::Search(words) => self.post("/search", &format!("query={words}")),
        };
        let request = request.header(header::COOKIE, &self.cookie).header(header::ACCEPT, "text/html");
        let begun = Instant::now();
        let answer = request.send().await?;
        let status = answer.status();
        let page = answer.text().await?;
        let took = begun.elapsed();
        ensure!(status.as_u16() == 200, "{status}: {page}");
        Ok((took, page))
    }
}
