//! Cases that move while either node is killed with SIGKILL at any moment: each ends with one owner and one
//! stafettholder, and nothing that the family let go is lost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use stafett_protocol::id::{CaseId, ConsentId, PersonId};
use stafett_tests::real::cast::{Place, Who};
use stafett_tests::real::chance::Chance;
use stafett_tests::real::person::Person;
use stafett_tests::real::relay::Disturbance;
use stafett_tests::real::world::World;
use stafett_tests::real::{moves, opened};
use tokio::sync::watch;

/// Moves of a run, unless the environment variable `STAFETT_MOVES` asks for more.
const MOVES: u64 = 30;
/// Cases that move at once.
const AT_ONCE: u64 = 10;
/// Kills while they do: before each of them, as many of the cases begin to move.
const KILLS: u64 = 3;
/// A kill comes within this time after one of those that have begun has come as far as was drawn.
const KILL_WITHIN_MS: u64 = 60;
/// How long that may take.
const COMES_SO_FAR: Duration = Duration::from_mins(1);
/// How long one wave may take once nobody is killed any more.
const SETTLES: Duration = Duration::from_mins(2);

/// What its people mean to do with a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    CarriedOut,
    Recalled(Step),
    Withdrawn(Step),
    Declined,
}

/// How far a move is, as both sides say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Written,
    Offered,
    Accepted,
    Stored,
    Transferred,
    Settled,
}

#[derive(Debug, Clone)]
struct Moving {
    case: CaseId,
    consent: ConsentId,
    mother: PersonId,
    plan: Plan,
    /// What is written in an entry that goes along, and in one that the family keeps back.
    goes: String,
    kept: String,
    succession: Option<String>,
    step: Step,
    /// The case at Steinkjer.
    came: Option<CaseId>,
}

/// Who does it, with the addresses that the nodes have now.
#[derive(Clone)]
struct People {
    marte: Person,
    kari: Person,
    tor: Person,
    /// Tor's account.
    account: String,
    wished: String,
}

/// Asks; no answer and a refusal for what has changed meanwhile are both none. A node never answers that it
/// has failed.
async fn ask(
    person: &Person,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> anyhow::Result<Option<Value>> {
    let Ok(answer) = person.ask(method.clone(), path, body).await else { return Ok(None) };
    let said = String::from_utf8_lossy(&answer.body);
    ensure!(answer.status < 500 || answer.status == 503, "{method} {path}: {} {said}", answer.status);
    ensure!(answer.status != 422, "{method} {path}: {said}");
    if !(200..300).contains(&answer.status) {
        return Ok(None);
    }
    Ok(Some(if answer.body.is_empty() { Value::Null } else { serde_json::from_slice(&answer.body)? }))
}

impl Moving {
    /// Looks where it is and does the next thing.
    async fn go_on(&mut self, people: &People) -> anyhow::Result<()> {
        let path = format!("/cases/{}/move", self.case);
        let Some(view) = ask(&people.marte, Method::GET, &path, None).await? else { return Ok(()) };
        if !view["moved"].is_null() {
            self.step = self.step.max(Step::Transferred);
            return self.arrive(people, &view).await;
        }
        if let Some(ended) = view["ended"].as_array().and_then(|ended| ended.first()) {
            ensure!(self.plan != Plan::CarriedOut, "a move came to nothing: {ended}");
            // The other side has the end, and has deleted what it had.
            if ended["is_kept"] == true {
                self.step = Step::Settled;
            }
            return Ok(());
        }
        let open = &view["open"];
        if open.is_null() {
            let body = moves::offer(self.consent, &people.wished);
            ask(&people.marte, Method::POST, &path, Some(&body)).await?;
            return Ok(());
        }
        self.succession = open["succession"].as_str().map(str::to_owned);
        let step = match open["step"].as_str().context("a step")? {
            "offered" => Step::Offered,
            "stored" => Step::Stored,
            _ => Step::Accepted,
        };
        ensure!(step >= self.step, "a move went back from {:?} to {step:?}", self.step);
        self.step = step;
        self.decide(people, &path, step).await
    }

    /// What somebody does with an open move.
    async fn decide(&self, people: &People, path: &str, step: Step) -> anyhow::Result<()> {
        let (marte, post) = (&people.marte, Method::POST);
        match (self.plan, step) {
            (Plan::Recalled(at), _) if step >= at => {
                ask(marte, post, &format!("{path}/recall"), None).await?;
            }
            (Plan::Withdrawn(at), _) if step >= at => {
                let path = format!("/cases/{}/consents/{}/withdrawal", self.case, self.consent);
                ask(marte, post, &path, Some(&json!({ "giver": self.mother }))).await?;
            }
            (_, Step::Offered) => self.answer(people).await?,
            (_, Step::Stored) => {
                ask(marte, post, &format!("{path}/transfer"), None).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Kari asks Tor, who says yes; or she says no.
    async fn answer(&self, people: &People) -> anyhow::Result<()> {
        let path = format!("/moves/{}", self.succession.as_deref().context("a move")?);
        let Some(seen) = ask(&people.kari, Method::GET, &path, None).await? else { return Ok(()) };
        if seen["step"] != "offered" {
            return Ok(());
        }
        if self.plan == Plan::Declined {
            ask(&people.kari, Method::POST, &format!("{path}/refusal"), Some(&json!({}))).await?;
        } else if seen["asked"].is_null() {
            let body = json!({ "account": people.account });
            ask(&people.kari, Method::POST, &format!("{path}/request"), Some(&body)).await?;
        } else {
            ask(&people.tor, Method::POST, &format!("{path}/acceptance"), None).await?;
        }
        Ok(())
    }

    /// It is Steinkjer's: settled once Tor has the case and Inderøy knows that.
    async fn arrive(&mut self, people: &People, view: &Value) -> anyhow::Result<()> {
        ensure!(self.plan == Plan::CarriedOut, "it moved, though it was {:?}", self.plan);
        let path = format!("/moves/{}", self.succession.as_deref().context("a move")?);
        let Some(seen) = ask(&people.tor, Method::GET, &path, None).await? else { return Ok(()) };
        if seen["step"] != "here" {
            return Ok(());
        }
        let case: CaseId = serde_json::from_value(seen["case"].clone())?;
        ensure!(self.came.is_none_or(|known| known == case), "it was opened twice");
        self.came = Some(case);
        if view["moved"]["is_confirmed"] == true {
            self.step = Step::Settled;
        }
        Ok(())
    }
}

/// Goes on with all of them until somebody says stop, or all are settled; says how far the furthest of the
/// last `new` has come.
async fn go_on(
    people: People,
    mut all: Vec<Moving>,
    new: usize,
    stop: Arc<AtomicBool>,
    come: watch::Sender<Step>,
) -> anyhow::Result<Vec<Moving>> {
    while !stop.load(Ordering::SeqCst) && all.iter().any(|one| one.step != Step::Settled) {
        let first_new = all.len() - new;
        for (place, one) in all.iter_mut().enumerate().filter(|(_, one)| one.step != Step::Settled) {
            if stop.load(Ordering::SeqCst) {
                break;
            }
            one.go_on(&people).await.with_context(|| format!("{:?} at {:?}", one.plan, one.step))?;
            if place >= first_new && one.step > *come.borrow() {
                come.send_replace(one.step);
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(all)
}

fn people(world: &World) -> anyhow::Result<People> {
    Ok(People {
        marte: world.person(Who::Marte)?,
        kari: world.person(Who::Kari)?,
        tor: world.person(Who::Tor)?,
        account: world.made[&Place::Steinkjer].accounts[&Who::Tor].to_string(),
        wished: world.day_ahead(Place::Inderoy, 30)?,
    })
}

fn plan_of(chance: &Chance, number: u64) -> Plan {
    let step = |label: &str| match chance.below(&format!("{label} {number}"), 3) {
        0 => Step::Offered,
        1 => Step::Accepted,
        _ => Step::Stored,
    };
    match number % 9 {
        2 => Plan::Recalled(step("recall")),
        5 => Plan::Withdrawn(step("withdrawal")),
        7 => Plan::Declined,
        _ => Plan::CarriedOut,
    }
}

/// A family that has said yes to its move.
async fn written(world: &World, chance: &Chance, number: u64) -> anyhow::Result<Moving> {
    let family = world.open_case(Who::Marte, ["Ante", "Eva", "Nils"]).await?;
    let goes = format!("følger med {}", chance.marker(&format!("goes {number}")));
    let kept = format!("blir igjen {}", chance.marker("kept back"));
    world.write(Who::Marte, family.case, &["language"], &goes).await?;
    let stays = world.write(Who::Marte, family.case, &["language"], &kept).await?;
    let consent = world.let_move(family, &["language"], &[stays]).await?;
    Ok(Moving {
        case: family.case,
        consent,
        mother: family.mother,
        plan: plan_of(chance, number),
        goes,
        kept,
        succession: None,
        step: Step::Written,
        came: None,
    })
}

/// How many moves were where when a node was killed.
type Interrupted = BTreeMap<Step, u64>;

async fn wave(
    world: &mut World,
    chance: &Chance,
    number: u64,
    interrupted: &mut Interrupted,
) -> anyhow::Result<Vec<Moving>> {
    let mut waiting = Vec::new();
    for place in 0..AT_ONCE {
        waiting.push(written(world, chance, number * AT_ONCE + place).await?);
    }
    let mut all = Vec::new();
    for kill in 0..KILLS {
        let new = waiting.len().div_ceil(usize::try_from(KILLS - kill)?);
        all.extend(waiting.drain(..new));
        all = until_killed(world, chance, &format!("{number}/{kill}"), all, new).await?;
        for one in &all {
            *interrupted.entry(one.step).or_default() += 1;
        }
    }
    let work = go_on(people(world)?, all, 0, Arc::default(), watch::Sender::new(Step::Written));
    let settled = tokio::time::timeout(SETTLES, work).await;
    settled.context("the moves are not settled")?
}

/// Goes on with all of them until one of the last `new` has come to a step that is drawn; kills either node
/// there, and starts it again.
async fn until_killed(
    world: &mut World,
    chance: &Chance,
    label: &str,
    all: Vec<Moving>,
    new: usize,
) -> anyhow::Result<Vec<Moving>> {
    let (stop, come) = (Arc::<AtomicBool>::default(), watch::Sender::new(Step::Written));
    let mut has_come = come.subscribe();
    let work = tokio::spawn(go_on(people(world)?, all, new, Arc::clone(&stop), come));
    let steinkjer = chance.below(&format!("victim {label}"), 2) == 0;
    let victim = if steinkjer { Place::Steinkjer } else { Place::Inderoy };
    let at = match chance.below(&format!("step {label}"), 4) {
        0 => Step::Offered,
        1 => Step::Accepted,
        2 => Step::Stored,
        _ => Step::Transferred,
    };
    // Whoever fails says so itself, in what the work returns.
    let reached = tokio::time::timeout(COMES_SO_FAR, has_come.wait_for(|step| *step >= at)).await;
    drop(reached.with_context(|| format!("none came to {at:?}"))?);
    let after = chance.below(&format!("moment {label}"), KILL_WITHIN_MS);
    tokio::time::sleep(Duration::from_millis(after)).await;
    world.kill(victim).await?;
    stop.store(true, Ordering::SeqCst);
    let all = work.await??;
    world.start(victim).await?;
    Ok(all)
}

/// One owner, one stafettholder, and what the family let go, once.
async fn check(world: &World, one: &Moving) -> anyhow::Result<()> {
    let (marte, tor) = (world.person(Who::Marte)?, world.person(Who::Tor)?);
    let note = json!({ "kind": "note", "areas": ["language"], "fields": { "description": "etterpå" } });
    let writes = async |person: &Person, case: CaseId| {
        let path = format!("/cases/{case}/entries");
        anyhow::Ok(person.ask(Method::POST, &path, Some(&note)).await?.status)
    };
    let baton = async |person: &Person, case: CaseId| {
        let baton: Value = person.get(&format!("/cases/{case}/baton")).await?;
        anyhow::Ok(baton["part"] == "holder")
    };
    let texts = async |person: &Person, case: CaseId| {
        let view: Value = person.get(&format!("/cases/{case}")).await?;
        let entries = view["entries"].as_array().context("entries")?.clone();
        let text = |entry: &Value| entry["fields"]["description"].as_str().map(str::to_owned);
        anyhow::Ok(entries.iter().filter_map(text).collect::<Vec<_>>())
    };
    match one.came {
        Some(case) => {
            ensure!(writes(&marte, one.case).await? == 409, "two write");
            ensure!(writes(&tor, case).await? == 201, "nobody writes");
            ensure!(baton(&tor, case).await?, "nobody holds the baton");
            let there = texts(&tor, case).await?;
            ensure!(there.iter().filter(|text| **text == one.goes).count() == 1, "{there:?}");
            ensure!(!there.contains(&one.kept), "what was kept back has gone along");
        }
        None => {
            ensure!(writes(&marte, one.case).await? == 201, "nobody writes");
            ensure!(baton(&marte, one.case).await?, "nobody holds the baton");
            let here = texts(&marte, one.case).await?;
            ensure!(here.contains(&one.goes) && here.contains(&one.kept), "{here:?}");
        }
    }
    Ok(())
}

/// What Steinkjer has altogether: the cases that came and no other, and nothing that was kept back.
async fn check_all(world: &World, chance: &Chance, all: &[Moving]) -> anyhow::Result<()> {
    let store = opened::open(world.folder(Place::Steinkjer))?;
    let came = all.iter().filter(|one| one.came.is_some()).count();
    let owned = store.cases_owned().await?.len();
    ensure!(owned == came, "{came} cases have moved, and Steinkjer owns {owned}");
    let kept = store.search_everything(chance.marker("kept back").as_bytes()).await?;
    ensure!(kept.hits.is_empty(), "what was kept back is at Steinkjer: {:?}", kept.hits);
    let control = all.iter().find(|one| one.came.is_some()).context("a case that moved")?;
    let found = store.search_everything(control.goes.as_bytes()).await?;
    ensure!(!found.hits.is_empty(), "the search finds nothing of what is there");
    for one in all.iter().filter(|one| one.came.is_none()) {
        let gone = store.search_everything(one.goes.as_bytes()).await?;
        ensure!(gone.hits.is_empty(), "of a case that stayed something is at Steinkjer: {:?}", gone.hits);
    }
    Ok(())
}

fn number_of_moves() -> u64 {
    std::env::var("STAFETT_MOVES").map_or(MOVES, |moves| moves.parse().expect("a number"))
}

async fn story() -> anyhow::Result<()> {
    let (chance, begun) = (Chance::seeded(83), Instant::now());
    let mut world = World::two().await?;
    let mut interrupted = Interrupted::new();
    let (mut all, waves) = (Vec::new(), number_of_moves().div_ceil(AT_ONCE));
    for number in 0..waves {
        // Every other time the line between them is a bad one.
        world.line(Place::Inderoy, Place::Steinkjer).disturb((number % 2 == 1).then_some(Disturbance {
            chance,
            lost_percent: 8,
            late_percent: 15,
            late_ms_max: 30,
        }));
        let of_wave = wave(&mut world, &chance, number, &mut interrupted).await?;
        for one in &of_wave {
            check(&world, one).await.with_context(|| format!("{:?}, wave {number}", one.plan))?;
        }
        all.extend(of_wave);
    }
    check_all(&world, &chance, &all).await?;
    report(&all, &interrupted, waves * KILLS, begun.elapsed())?;
    world.end().await
}

/// A run in which nothing was at stake proves nothing.
#[expect(clippy::print_stdout, reason = "what was at stake in a run belongs to its report")]
fn report(all: &[Moving], interrupted: &Interrupted, kills: u64, took: Duration) -> anyhow::Result<()> {
    let came = all.iter().filter(|one| one.came.is_some()).count();
    let under_way: u64 = [Step::Offered, Step::Accepted, Step::Stored, Step::Transferred]
        .iter()
        .filter_map(|step| interrupted.get(step))
        .sum();
    println!(
        "{} moves, {came} carried over, {} came to nothing, {kills} kills in {took:?}; when a node was killed: {interrupted:?}",
        all.len(),
        all.len() - came
    );
    ensure!(came * 2 > all.len(), "too few were carried over: {came} of {}", all.len());
    ensure!(under_way >= kills, "of {kills} kills too few came while a case was moving: {under_way}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn cases_that_move_while_nodes_are_killed_end_with_one_owner_one_holder_and_nothing_lost() {
    story().await.expect("the story holds");
}
