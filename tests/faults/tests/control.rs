//! That the faults are real ones, and that a loss would be seen.

use std::sync::Arc;

use rusqlite::Connection;
use stafett_faults::beside::Closing;
use stafett_faults::disk::{Call, Cut, Disk, Fault, Image};
use stafett_faults::points;
use stafett_faults::run::{prepare, run_on_a_liar};
use stafett_faults::vfs::Mounted;
use stafett_faults::{view, workloads};

const ROWS: i64 = 50;

/// Commits rows one after the other, cuts the power, and counts what is left.
fn left_after_a_power_cut(synchronous: &str, cut: Cut) -> i64 {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let disk = Arc::new(Disk::new(folder.path(), &Image::new()));
    let mounted = Mounted::new(folder.path(), disk);
    let path = folder.path().join("rows.sqlite");
    let connection = Connection::open(&path).expect("opens");
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous};
             CREATE TABLE row (number INTEGER PRIMARY KEY) STRICT;"
        ))
        .expect("prepares");
    for number in 0..ROWS {
        connection.execute("INSERT INTO row VALUES (?1)", [number]).expect("commits");
    }
    let left = mounted.disk().after(cut);
    drop(connection);
    drop(mounted);

    let again = Mounted::new(folder.path(), Arc::new(Disk::new(folder.path(), &left)));
    let rows = Connection::open(&path)
        .and_then(|connection| connection.query_row("SELECT count(*) FROM row", [], |row| row.get(0)));
    drop(again);
    rows.unwrap_or(0)
}

#[test]
fn rows_that_are_forced_to_the_disk_survive_every_power_cut_and_others_do_not() {
    let mut lost = 0;
    for seed in 0..40 {
        for cut in [Cut::Nothing, Cut::Some(seed), Cut::Torn(seed)] {
            assert_eq!(left_after_a_power_cut("FULL", cut), ROWS, "{cut:?}");
            lost += usize::from(left_after_a_power_cut("OFF", cut) < ROWS);
        }
    }
    assert!(lost > 60, "only {lost} power cuts cost anything");
}

/// What is sealed is drawn anew each time it is written, so it is read and not compared.
#[tokio::test]
async fn what_a_store_says_holds_the_text_of_every_entry() {
    let workload = workloads::all().into_iter().find(|one| one.name == "editing").expect("there");
    let closing = Closing::of(workload).await.expect("prepares");
    for (is_edited, title) in [(false, "Lese tre bøker"), (true, "Lese fire bøker")] {
        let (world, store) = closing.world().expect("opens");
        if is_edited {
            closing.close(&store).await.expect("edits");
        }
        drop(store);

        let look = view::look(world.paths()).await.expect("opens");

        let read: Vec<_> = look.view.0.iter().filter(|line| line.starts_with("entry ")).collect();
        assert!(read.iter().any(|line| line.contains(&format!("{title:?}"))), "{read:?}");
    }
}

#[tokio::test]
async fn disk_that_lies_about_forcing_loses_what_was_acknowledged_and_is_found_out() {
    let workload = workloads::all().into_iter().find(|one| one.name == "publishing").expect("there");
    let prepared = prepare(workload).await.expect("nothing fails without a fault");
    let (mut cuts, mut found) = (0, 0);

    for plan in points::points(&prepared) {
        if plan.fault == Fault::Cut(Cut::Nothing) && prepared.trace[plan.at] == Call::Sync {
            let outcome = run_on_a_liar(&prepared, plan).await.expect("runs");
            cuts += 1;
            found +=
                usize::from(outcome.problems.iter().any(|problem| problem.contains("transactions, missing")));
        }
    }

    assert!(found > 0, "none of {cuts} power cuts on a disk that lies is found");
}
