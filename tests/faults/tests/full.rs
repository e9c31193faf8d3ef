//! A disk without room.

use stafett_faults::beside::Closing;
use stafett_faults::{cast, workloads};
use stafett_protocol::transaction::Transaction;

async fn closing(name: &str) -> Closing {
    let workload = workloads::all().into_iter().find(|one| one.name == name);
    Closing::of(workload.expect("there")).await.expect("prepares")
}

#[tokio::test]
async fn on_a_full_disk_everything_that_closes_is_taken_and_nothing_else() {
    for name in ["withdrawing a consent", "protecting an address", "closing an entry", "filing a receipt"] {
        let closing = closing(name).await;
        let (world, store) = closing.world().expect("opens");
        world.disk().fill();
        let goal = || Transaction::of(cast::own_goal(77, &"Lese en bok ".repeat(20)));

        let refused = store.commit(goal()).await;
        closing.close(&store).await.unwrap_or_else(|fault| panic!("{name}: {fault:?}"));
        let looked = store.commit_with(Transaction::default(), vec![cast::look(Some(cast::CASE), 9)]).await;

        assert!(refused.is_err(), "the control: {name} on a disk that is not full");
        assert!(looked.is_ok(), "nobody can look on a full disk");
        world.disk().mend();
        store.commit(goal()).await.expect("there is room again");
        drop(store);
        let look = stafett_faults::view::look(world.paths()).await.expect("opens");
        assert_eq!(look.problems, Vec::<String>::new());
    }
}

#[tokio::test]
async fn consents_are_taken_back_one_after_the_other_while_the_disk_stays_full() {
    let closing = closing("withdrawing a consent").await;
    let (world, store) = closing.world().expect("opens");
    world.disk().fill();
    closing.close(&store).await.expect("is taken");

    for number in 0..100 {
        let looked =
            store.commit_with(Transaction::default(), vec![cast::look(Some(cast::CASE), number)]).await;
        assert!(looked.is_ok(), "look {number} on a full disk");
    }
    assert_eq!(store.orders_waiting(cast::them()).await.expect("reads").len(), 1);
}
