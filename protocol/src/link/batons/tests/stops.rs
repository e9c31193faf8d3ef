//! Either side stops, keeps nothing, or is restored: the two come to one holder all the same.

use super::*;

#[test]
fn either_side_may_stop_after_each_step_and_the_two_come_to_one_holder() {
    for stops in 0..2_u32.pow(4) {
        let mut world = World::shared();
        let stop = |world: &mut World, step: u32| {
            world.cut();
            match stops >> step & 1 {
                0 => world.restart_owner(),
                _ => world.restart_there(),
            }
            world.connect();
        };
        world.offer(ONE);
        stop(&mut world, 0);
        world.is_deaf = true;
        world.takes(ONE);
        stop(&mut world, 1);
        world.is_deaf = false;
        world.wait(BATON_REPEAT_MS);
        assert!(world.is_held_there(), "{stops:b}");
        stop(&mut world, 2);
        world.must_agree();
        world.is_deaf = true;
        world.answers(ONE, At::NotTaken);
        stop(&mut world, 3);
        world.is_deaf = false;
        world.wait(BATON_REPEAT_MS);

        assert_eq!(world.ledger.holder(), Some(LEADER), "{stops:b}");
        assert!(world.rows.is_empty(), "{stops:b}");
    }
}

#[test]
fn store_that_takes_nothing_there_is_told_again() {
    let mut world = World::shared();
    world.is_full = true;
    world.offer(ONE);
    world.connect();
    assert!(world.rows.is_empty());

    world.is_full = false;
    world.wait(BATON_REPEAT_MS);
    assert!(world.rows.contains_key(&ONE));

    world.is_full = true;
    world.takes(ONE);
    assert!(world.is_held_there(), "the owner has it");
    assert_eq!(world.holder_there(), None, "what is not durable is not shown");
    world.is_full = false;
    world.wait(BATON_REPEAT_MS);
    assert_eq!(world.holder_there(), Some(OLE));
}

#[test]
fn owner_that_was_restored_knows_no_offer_and_says_that_it_is_over() {
    let mut world = World::shared();
    let before = world.ledger.clone();
    world.offer(ONE);
    world.connect();
    world.takes(ONE);
    world.ledger = before;
    world.restart_owner();

    world.connect();

    assert_eq!(world.holder(), &Holder::Own(HOLDER));
    assert!(world.rows.is_empty(), "{:?}", world.rows);
}

#[test]
fn owner_that_was_restored_waits_for_the_answer_again_and_is_told_it() {
    let mut world = World::offered();
    let before = world.ledger.clone();
    world.takes(ONE);
    assert!(world.is_held_there());
    world.ledger = before;
    world.is_deaf = true;
    world.restart_owner();
    world.connect();
    assert_eq!(world.holder(), &Holder::Own(HOLDER));
    assert_eq!(world.holder_there(), None, "the owner's ledger says that the offer waits");

    world.is_deaf = false;
    world.wait(BATON_REPEAT_MS);

    assert!(world.is_held_there());
    assert_eq!(world.holder_there(), Some(OLE));
}

#[test]
fn owner_that_was_restored_is_told_again_that_the_baton_is_given_back() {
    let mut world = World::offered();
    let before = world.ledger.clone();
    world.takes(ONE);
    world.is_deaf = true;
    world.answers(ONE, At::NotTaken);
    world.is_deaf = false;
    world.ledger = before;
    world.restart_owner();

    world.connect();

    assert_eq!((world.holder(), world.ledger.baton().offer.as_ref()), (&Holder::Own(HOLDER), None));
    assert!(world.rows.is_empty(), "{:?}", world.rows);
}

#[test]
fn partner_that_was_restored_is_told_who_holds_the_baton() {
    let mut world = World::held();
    world.rows.clear();
    world.restart_there();

    world.connect();

    assert_eq!(world.holder_there(), Some(OLE));
}
