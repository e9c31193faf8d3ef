//! Every route, for everybody, by every method: what it answers stands in a table that a person
//! can read, and the tables have every route that the router has.

mod objects;
mod refused;
mod sent;
mod table;
mod transport;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{StatusCode, header};
use rusqlite::Connection;

use self::sent::{Route, send};
use self::table::{API, HEALTH, PAGES, RECEIVED, YOUTH};
use self::world::{Case, Column, UNKNOWN, World, columns};
use super::support::{Answer, Node};
use crate::web::layers::SECURITY_HEADERS;
use crate::web::{Api, limits, router, routes};

/// One line of a table: a route, and what each column gets.
struct Line<'a> {
    route: Route<'a>,
    cells: Vec<(Column, &'a str)>,
}

/// Reads a table: the first line names the columns.
fn lines(table: &str) -> Vec<Line<'_>> {
    let mut rows = table.lines().map(str::trim).filter(|line| !line.is_empty());
    let heading = rows.next().expect("a heading").split_whitespace().skip(2);
    let all = columns();
    let of_letter =
        |letter: &str| *all.iter().find(|column| letter.starts_with(column.letter)).expect("known");
    let headed: Vec<_> = heading.map(of_letter).collect();
    let line = |row| {
        let mut words = str::split_whitespace(row);
        let (Some(method), Some(path)) = (words.next(), words.next()) else { panic!("{row}") };
        let cells: Vec<_> = headed.iter().copied().zip(words).collect();
        assert_eq!(cells.len(), headed.len(), "{row}");
        Line { route: Route { method, path }, cells }
    };
    rows.map(line).collect()
}

/// What a cell says of an answer: its status, or that it leads to a fresh login.
fn said(answer: &Answer) -> String {
    let to = answer.headers.get(header::LOCATION).and_then(|to| to.to_str().ok()).unwrap_or_default();
    // What was written in a form that is not taken is given back on a page that leads there.
    let leads = answer.status == StatusCode::FORBIDDEN && answer.text().contains("href=\"/login/again?");
    if leads || to.starts_with("/login/again?") {
        "ask".to_owned()
    } else {
        answer.status.as_u16().to_string()
    }
}

/// Whether a cell is an act that was carried out.
fn is_done(route: Route<'_>, cell: &str) -> bool {
    !route.reads() && !cell.starts_with(['4', '5', 'a'])
}

fn assert_secured(answer: &Answer, of: &str) {
    for (name, value) in SECURITY_HEADERS {
        let found: Vec<_> = answer.headers.get_all(&name).iter().collect();
        let may_be_kept = name == header::CACHE_CONTROL && of.contains("/assets/") && answer.status == 200;
        assert!(found == [&value] || may_be_kept, "{of}: {name}: {found:?}");
    }
    // These nodes are reached by plain HTTP.
    assert!(!answer.headers.contains_key(header::STRICT_TRANSPORT_SECURITY), "{of}");
}

/// The rows of every table of the store but the log of looks and what sessions and clock write.
fn rows(node: &Node) -> BTreeMap<String, i64> {
    let store = Connection::open(node.folder.path().join("data/store.sqlite")).expect("the store");
    let mut tables = store.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").expect("a query");
    let names = tables.query_map([], |row| row.get::<_, String>(0)).expect("tables");
    let names = names.map(|name| name.expect("a name"));
    let counted = names.filter(|name| !matches!(name.as_str(), "access_log" | "session" | "clock"));
    let count = |name: String| {
        let query = format!("SELECT count(*) FROM \"{name}\"");
        let rows = store.query_row(&query, [], |row| row.get(0)).expect("a count");
        (name, rows)
    };
    counted.map(count).collect()
}

/// How the cells of a table are filled.
struct Filling {
    world: World,
    born: &'static str,
    /// Whether the table is about the case that another municipality owns.
    is_received: bool,
}

impl Filling {
    async fn about_somebody_born(born: &'static str) -> Self {
        Self { world: World::about_somebody_born(born).await, born, is_received: false }
    }

    fn case(&self) -> &Case {
        if self.is_received { &self.world.received } else { &self.world.case }
    }

    /// Fills one line: first what is refused, which changes nothing, then each act in a case of
    /// its own. Outside of a case, nobody can tell whether it is there.
    async fn line(&self, line: &Line<'_>) -> Vec<String> {
        let mut filled = vec![String::new(); line.cells.len()];
        let before = rows(&self.world.node);
        for (at, (column, cell)) in line.cells.iter().enumerate() {
            if !is_done(line.route, cell) {
                let answer = self.cell(line.route, *column, self.case()).await;
                self.assert_tells_nothing(line.route, *column, &answer).await;
                filled[at] = said(&answer);
            }
        }
        let is_kept = line.route.reads() || rows(&self.world.node) == before;
        assert!(is_kept, "{:?}: what is refused is written", line.route);
        for (at, (column, cell)) in line.cells.iter().enumerate() {
            if is_done(line.route, cell) {
                filled[at] = said(&self.act(line.route, *column).await);
            }
        }
        filled
    }

    async fn cell(&self, route: Route<'_>, column: Column, case: &Case) -> Answer {
        let mut browser = self.world.browser(column);
        let answer = send(route, column, &mut browser, (&route.path_in(case), self.case())).await;
        assert_secured(&answer, &format!("{route:?} {}", column.letter));
        answer
    }

    async fn act(&self, route: Route<'_>, column: Column) -> Answer {
        let mut browser = self.world.own_browser(column).await;
        let is_coming = route.path.contains("{succession}");
        let is_arrived = route.path.contains("{arrival}");
        if is_coming || is_arrived || route.path.contains("{baton}") {
            let node = &self.world.node;
            let case = if is_coming {
                Case { coming: world::coming(node).await, ..self.case().clone() }
            } else if is_arrived {
                Case { arrived: world::arrived(node).await, ..self.case().clone() }
            } else {
                Case { baton: world::baton(node).await, ..self.case().clone() }
            };
            return send(route, column, &mut browser, (&route.path_in(&case), &case)).await;
        }
        if self.is_received || !route.path.contains("{case}") {
            return send(route, column, &mut browser, (&route.path_in(self.case()), self.case())).await;
        }
        let case = self.world.fresh(self.born, !route.needs_no_offer()).await;
        let answer = send(route, column, &mut browser, (&route.path_in(&case), &case)).await;
        assert_secured(&answer, &format!("{route:?} {}", column.letter));
        self.world.people_of(&self.world.case);
        answer
    }

    /// Whoever is outside gets the same bytes for a case that there is and for one that there is
    /// not, and so does everybody for whom it is not found.
    async fn assert_tells_nothing(&self, route: Route<'_>, column: Column, answer: &Answer) {
        let works = self.is_received && matches!(column.letter, 'L' | 'C');
        let oversees = column.letter == 'D' && route.path.ends_with("/looks");
        let receives = column.letter == 'O' && route.path.contains("/transition") && !self.is_received;
        let is_outside =
            if self.is_received { !works } else { column.is_outside() } && !oversees && !receives;
        let is_coming = ["{succession}", "{baton}", "{arrival}"].iter().any(|id| route.path.contains(id));
        let is_told = if is_coming { answer.status != 404 } else { !(is_outside || answer.status == 404) };
        if !(is_coming || route.path.contains("{case}")) || is_told {
            return;
        }
        let unknown = Case { id: UNKNOWN.to_owned(), coming: UNKNOWN.to_owned(), ..self.case().clone() };
        let unknown = Case { baton: UNKNOWN.to_owned(), arrived: UNKNOWN.to_owned(), ..unknown };
        let missing = self.cell(route, column, &unknown).await;
        let of = format!("{route:?} {}", column.letter);
        // Who is asked to log in comes back to the address that was asked for.
        let back =
            |text: String| if answer.status == 401 { text.replace(&self.case().id, UNKNOWN) } else { text };
        assert_eq!(back(answer.text()), missing.text(), "{of}");
        assert_eq!((answer.status, &answer.headers), (missing.status, &missing.headers), "{of}");
    }
}

/// Holds every cell of a table against what the node answers.
async fn fill(table: &str, mut filling: Filling) {
    let mut wrong = Vec::new();
    for line in lines(table) {
        let node = &mut filling.world.node;
        // The count of opened cases starts anew: the tables open more than a person may in an hour.
        node.router =
            router(Api::new(node.engine.clone(), &node.engine.config().web), limits::Times::default());
        let filled = filling.line(&line).await;
        let expected: Vec<_> = line.cells.iter().map(|(_, cell)| *cell).collect();
        if filled != expected {
            let Route { method, path } = line.route;
            wrong.push(format!("{method:6} {path:58} {}", filled.join(" ")));
        }
    }
    assert!(wrong.is_empty(), "these lines are otherwise:\n{}", wrong.join("\n"));
}

fn routes_of<'a>(tables: &[&'a str]) -> Vec<Route<'a>> {
    tables.iter().flat_map(|table| lines(table)).map(|line| line.route).collect()
}

#[test]
fn tables_have_every_route_of_the_router_once_and_no_other() {
    let all = [routes::pages(), routes::api(), routes::health()];
    let routed: BTreeSet<_> =
        all.iter().flat_map(|of| of.listed()).map(|(method, path)| Route { method, path }).collect();
    let listed = routes_of(&[PAGES, API, HEALTH]);

    assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), routed);
    assert_eq!(listed.len(), routed.len(), "no line stands twice");
    for again in routes_of(&[RECEIVED, YOUTH]) {
        assert!(routed.contains(&again), "{again:?}");
    }
    let below = routed.iter().filter(|route| route.path.contains("/cases/{case}"));
    let received = routes_of(&[RECEIVED]);
    assert!(below.clone().all(|route| received.contains(route)), "{:?}", {
        below.filter(|route| !received.contains(route)).collect::<Vec<_>>()
    });
}

#[tokio::test]
async fn every_page_answers_everybody_as_its_line_says() {
    fill(PAGES, Filling::about_somebody_born("2015-03-14").await).await;
}

#[tokio::test]
async fn every_route_of_the_api_answers_everybody_as_its_line_says() {
    fill(API, Filling::about_somebody_born("2015-03-14").await).await;
    fill(HEALTH, Filling::about_somebody_born("2015-03-14").await).await;
}

#[tokio::test]
async fn youth_who_decides_gets_what_a_child_does_not() {
    fill(YOUTH, Filling::about_somebody_born("2010-03-14").await).await;
}

#[tokio::test]
async fn case_of_another_municipality_is_there_for_those_alone_who_work_with_it() {
    let filling = Filling::about_somebody_born("2015-03-14").await;
    fill(RECEIVED, Filling { is_received: true, ..filling }).await;
}
