//! The journal's file, which the system lets grow only so far.

use std::process::Command;

use stafett_faults::beside::{Closing, JOURNAL, limit_files};
use stafett_faults::run::World;
use stafett_faults::{view, workloads};

/// Says to this program that it may limit itself.
const INNER: &str = "STAFETT_FAULTS_INNER";
const NAME: &str = "beside::withdrawal_stands_wherever_the_journal_is_torn_and_the_next_start_mends_it";

async fn withdrawal() -> Closing {
    let workload = workloads::all().into_iter().find(|one| one.name == "withdrawing a consent");
    Closing::of(workload.expect("there")).await.expect("prepares")
}

/// Runs itself once more, because the limit is the whole process's.
#[tokio::test]
async fn withdrawal_stands_wherever_the_journal_is_torn_and_the_next_start_mends_it() {
    if std::env::var_os(INNER).is_some() {
        return inner().await;
    }
    let program = std::env::current_exe().expect("this program");
    let run = "trap '' XFSZ; exec \"$0\" --exact \"$1\" --nocapture";
    let ended = Command::new("sh")
        .args(["-c", run])
        .arg(program)
        .arg(NAME)
        .env(INNER, "1")
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert!(ended.status.success(), "{said}\n{}", String::from_utf8_lossy(&ended.stderr));
    assert!(said.contains("1 passed"), "the program ran no test: {said}");
}

async fn inner() {
    let closing = withdrawal().await;
    let (world, store) = closing.world().expect("opens");
    closing.close(&store).await.expect("closes");
    let whole = world.disk().seen()[JOURNAL].len();
    let before = closing.journal_bytes();
    assert!(whole > before + 100, "a withdrawal writes lines");
    drop(store);

    let mut stopped = 0;
    for bytes in (before..whole).step_by(7) {
        let (world, store) = closing.world().expect("opens");
        limit_files(Some(bytes)).expect("a limit");
        let closed = closing.close(&store).await;
        let is_short = store.is_journal_short();
        limit_files(None).expect("no limit");
        closed.expect("a withdrawal is taken without the journal");
        assert!(is_short, "at {bytes} bytes nobody is told");
        let seen = world.disk().seen();
        assert!(seen[JOURNAL].len() <= bytes);
        drop(store);

        must_be_whole(&seen, whole).await;
        stopped += 1;
    }
    assert!(stopped > 20, "the journal stopped at {stopped} places");
}

/// The store opens, everything in it holds, and the journal has caught up.
async fn must_be_whole(seen: &stafett_faults::disk::Image, bytes: usize) {
    let world = World::new(seen).expect("a world");
    let look = view::look(world.paths()).await.expect("opens");
    assert_eq!(look.problems, Vec::<String>::new());
    let said = look.view.0.iter().find(|line| line.starts_with("journal:")).expect("says");
    assert!(said.contains("missing_here: 0, missing_there: 0"), "{said}");
    assert_eq!(world.disk().seen()[JOURNAL].len(), bytes);
}
