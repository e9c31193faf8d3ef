//! Objects that are not this case's, or not this person's: the answer is that of an object that
//! there is not, byte for byte.

use serde_json::Value;

use super::sent::{Route, as_column, send};
use super::table::{API, PAGES};
use super::world::{Case, Column, Kind, UNKNOWN, World, columns};
use super::{assert_secured, routes_of};
use crate::web::tests::support::{Answer, form, request};

/// Routes with an object below the case.
fn routes_with_objects() -> Vec<Route<'static>> {
    let mut routes = routes_of(&[PAGES, API]);
    let is_below = |path: &str| path.contains("{case}/") && path.matches('{').count() > 1;
    routes.retain(|route| is_below(route.path));
    routes
}

/// A case whose objects are these, under the address of another.
fn with_objects_of(case: &Case, objects: &Case) -> Case {
    Case { id: case.id.clone(), ..objects.clone() }
}

/// A case without any object.
fn nothing_in(case: &Case) -> Case {
    let unknown = || UNKNOWN.to_owned();
    Case {
        id: case.id.clone(),
        mother: unknown(),
        father: unknown(),
        child: unknown(),
        entry: unknown(),
        hidden: unknown(),
        closed: unknown(),
        meeting: unknown(),
        asked: unknown(),
        given: unknown(),
        draft: unknown(),
        offer: unknown(),
        registration: unknown(),
        opening: unknown(),
        coming: unknown(),
        arrived: unknown(),
        baton: unknown(),
    }
}

/// What a column is told of a case's objects, with a body that is the same for all of them.
async fn answer(world: &World, route: Route<'_>, column: Column, case: &Case) -> Answer {
    let mut browser = world.browser(column);
    let answer = send(route, column, &mut browser, (&route.path_in(case), &world.case)).await;
    assert_secured(&answer, &format!("{route:?} {}", column.letter));
    answer
}

/// The ids of a path may stand in the address that a fresh login leads back to.
fn without_ids(answer: &Answer, case: &Case) -> (u16, String, String) {
    let to = answer.headers.get("location").map(|to| to.to_str().expect("text").to_owned());
    let ids = [&case.entry, &case.meeting, &case.asked, &case.given, &case.draft, &case.offer];
    let ids = ids.into_iter().chain([&case.registration, &case.mother]);
    let bare = |text: String| ids.clone().fold(text, |text, id| text.replace(id.as_str(), UNKNOWN));
    (answer.status.as_u16(), bare(to.unwrap_or_default()), bare(answer.text()))
}

/// Holds what everybody is told of objects against what is told of none.
async fn assert_as_if_nothing(world: &World, objects: &Case, columns: &[Column]) {
    let none = nothing_in(&world.case);
    for route in routes_with_objects() {
        for column in columns {
            let told = answer(world, route, *column, objects).await;
            let missing = answer(world, route, *column, &none).await;
            let of = format!("{route:?} {}", column.letter);
            assert!(told.status.as_u16() >= 300, "{of}: {}", told.text());
            assert_eq!(without_ids(&told, objects), without_ids(&missing, &none), "{of}");
            if told.status.as_u16() == 404 {
                assert_eq!(told, missing, "{of}");
            }
        }
    }
}

#[tokio::test]
async fn objects_of_another_case_are_not_there_in_this_one_for_anybody() {
    let world = World::start().await;
    let foreign = with_objects_of(&world.case, &world.other);
    let before = super::rows(&world.node);

    assert_as_if_nothing(&world, &foreign, &columns()).await;

    assert_eq!(super::rows(&world.node), before);
}

#[tokio::test]
async fn objects_of_another_municipalitys_case_are_not_there_in_this_one_for_anybody() {
    let world = World::start().await;
    let foreign = Case { entry: world.received.entry.clone(), ..nothing_in(&world.case) };

    assert_as_if_nothing(&world, &foreign, &columns()).await;
}

/// What a route that reads or changes an entry tells of one that its reader may not read.
async fn assert_entry_is_not_there(world: &World, entry: &str, letters: &str) {
    let hidden = Case { entry: entry.to_owned(), ..nothing_in(&world.case) };
    let columns: Vec<_> = columns().into_iter().filter(|column| letters.contains(column.letter)).collect();
    let none = nothing_in(&world.case);
    for route in routes_with_objects().into_iter().filter(|route| route.path.contains("{entry}")) {
        for column in &columns {
            let told = answer(world, route, *column, &hidden).await;
            let missing = answer(world, route, *column, &none).await;
            let of = format!("{route:?} {}", column.letter);
            assert!(told.status.as_u16() >= 400, "{of}: {}", told.text());
            assert_eq!(without_ids(&told, &hidden), without_ids(&missing, &none), "{of}");
            assert!(column.kind == Kind::Nobody || told == missing, "{of}");
        }
    }
}

#[tokio::test]
async fn entry_that_its_reader_may_not_read_is_not_there() {
    let world = World::start().await;

    // The child's words are not for guardians, and what the family closed not for the service.
    assert_entry_is_not_there(&world, &world.case.hidden, "MFCEULOBRIDGN").await;
    assert_entry_is_not_there(&world, &world.case.closed, "ACEULOBRIDGN").await;
    assert_entry_is_not_there(&world, &world.case.entry, "CEULOBRIDGN").await;
}

#[tokio::test]
async fn draft_is_not_there_for_anybody_but_its_author() {
    let world = World::start().await;
    let (own, none) = (&world.case, nothing_in(&world.case));
    let before = super::rows(&world.node);
    for column in columns().into_iter().filter(|column| !matches!(column.letter, 'H' | 'S' | 'T')) {
        let mut told = Vec::new();
        for case in [own, &none] {
            let path = format!("/cases/{}/write?draft={}", case.id, case.draft);
            let mut browser = world.browser(column);
            told.push(browser.send(as_column(column, request(None, "get", &path, &Value::Null))).await);
            let path = format!("/cases/{}/drafts/{}/delete", case.id, case.draft);
            told.push(post(&world, column, &path, &[]).await);
            let path = format!("/cases/{}/write", case.id);
            let fields = [
                ("do", "draft"),
                ("entry-kind", "note"),
                ("description", "y"),
                ("entry-about", "subject"),
                ("entry-draft", case.draft.as_str()),
                ("entry-revision", "1"),
            ];
            told.push(post(&world, column, &path, &fields).await);
        }
        let (of_own, of_none) = told.split_at(3);
        for (one, other) in of_own.iter().zip(of_none) {
            assert!(one.status.as_u16() >= 400, "{}: {}", column.letter, one.text());
            assert_eq!(without_ids(one, own), without_ids(other, &none), "{}", column.letter);
        }
    }
    assert_eq!(super::rows(&world.node), before);
}

async fn post(world: &World, column: Column, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut posted = form(path, fields);
    posted.headers_mut().insert("sec-fetch-site", "same-origin".parse().expect("a value"));
    world.browser(column).send(as_column(column, posted)).await
}

/// A form, its field that names an object, and what else the form needs.
type Naming = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const NAMING: [Naming; 8] = [
    ("/cases/{case}/write", "entry-towards", &WRITTEN),
    ("/cases/{case}/write", "entry-about", &WRITTEN),
    ("/cases/{case}/meeting/{meeting}/write", "point", &[("what", "measure"), ("title", "x")]),
    ("/cases/{case}/consents/{consent}", "entry", &[("act", "except"), ("giver", "{mother}")]),
    ("/cases/{case}/consents/{consent}", "giver", &[("act", "except"), ("entry", "{entry}")]),
    ("/cases/{case}/consents/{consent}/answer", "giver", &[("answer", "yes"), ("evidence", "oral")]),
    ("/cases/{case}/consents/{consent}/withdraw", "giver", &[("part", "whole")]),
    ("/cases/{case}/family", "act", &[("document", "x")]),
];

const WRITTEN: [(&str, &str); 4] =
    [("do", "review"), ("entry-kind", "note"), ("description", "x"), ("entry-area", "language")];

/// Sends a form that names one object of a case.
async fn named(world: &World, column: Column, (path, field, others): Naming, value: &str) -> Answer {
    let own = &world.case;
    let filled = |text: &str| text.replace("{mother}", &own.mother).replace("{entry}", &own.entry);
    let others: Vec<_> = others.iter().map(|(name, value)| (*name, filled(value))).collect();
    let mut fields: Vec<_> = others.iter().map(|(name, value)| (*name, value.as_str())).collect();
    fields.push((field, value));
    post(world, column, &Route { method: "post", path }.path_in(own), &fields).await
}

#[tokio::test]
async fn form_that_names_an_object_of_another_case_is_answered_as_one_that_names_none() {
    let world = World::start().await;
    let (other, received) = (&world.other, &world.received);
    let before = super::rows(&world.node);
    for naming in NAMING {
        let (path, field, _) = naming;
        let wrap = |id: &str| match (path, field) {
            (_, "entry-about") => format!("guardian-{id}"),
            ("/cases/{case}/family", _) => format!("approve {id}"),
            _ => id.to_owned(),
        };
        let ids = match field {
            "giver" | "entry-about" => vec![&other.mother, &other.child],
            "act" => vec![&other.registration],
            _ => vec![&other.entry, &other.meeting, &received.entry, &world.case.draft],
        };
        // Somebody of the family answers in the own name, whatever the form says.
        let is_named = |column: &Column| field != "giver" || !matches!(column.letter, 'M' | 'F');
        for column in columns().into_iter().filter(|column| column.kind != Kind::Stale).filter(is_named) {
            let missing = named(&world, column, naming, &wrap(UNKNOWN)).await;
            for id in &ids {
                let told = named(&world, column, naming, &wrap(id)).await;
                let text = without_form_id(&told.text()).replace(id.as_str(), UNKNOWN);
                assert_eq!(
                    (told.status, text),
                    (missing.status, without_form_id(&missing.text())),
                    "{path} {field} {}",
                    column.letter
                );
            }
        }
    }
    assert_eq!(super::rows(&world.node), before);
}

/// A page without the id that each form that is shown draws anew.
fn without_form_id(page: &str) -> String {
    const START: &str = "name=\"form-id\" value=\"";
    let Some((before, rest)) = page.split_once(START) else { return page.to_owned() };
    format!("{before}{START}{}", rest.trim_start_matches(|one: char| one.is_ascii_hexdigit()))
}
