//! Whoever the receiving leader names: how long the person works with the case, and why no longer.

use super::*;

#[tokio::test]
async fn whoever_was_named_and_then_held_the_baton_reads_no_longer_than_anybody_who_gives_it_on() {
    let moving = named().await;
    moving.give_baton(Who::HealthNurse).await;
    moving.ask(204, Who::HealthNurse, "post", "/end", &json!({ "how": "done" })).await;

    moving.give_on(Who::HealthNurse, Who::Colleague).await;

    assert_eq!(moving.reads(Who::HealthNurse).await, 404, "being named was another task, and is over");
}

#[tokio::test]
async fn whoever_was_named_for_what_came_to_nothing_reads_it_no_longer() {
    let moving = named().await;

    moving.ask(204, Who::Holder, "post", "/end", &json!({ "how": "given-up" })).await;

    assert_eq!(moving.reads(Who::HealthNurse).await, 404);
}

#[tokio::test]
async fn whoever_was_named_reads_no_longer_than_the_transition_lasts_though_another_has_the_baton() {
    let moving = named().await;
    moving.ask(204, Who::Holder, "post", "/end", &json!({ "how": "done" })).await;

    assert_eq!(moving.reads(Who::HealthNurse).await, 404);
}

#[tokio::test]
async fn whoever_is_named_where_no_baton_goes_works_with_the_case_until_the_child_leaves_there() {
    let node = Node::start().await;
    let family = Family::of(&node).await;
    let moving = Moving { node, family };
    let line = |who: Who| match who {
        Who::HealthNurse | Who::OtherLeader => {
            who.line().replace("service = \"health-station\"", "service = \"kindergarten\"")
        }
        _ => who.line(),
    };
    moving.node.people_are(&Who::ALL.map(line).concat());
    moving.family.consent(&moving.node, "997391853", "kindergarten").await;
    moving.ask(201, Who::Holder, "post", "", &json!({ "to": "kindergarten", "on": ON })).await;
    let nurse = json!({ "contact": Who::HealthNurse.account() });
    moving.ask(204, Who::OtherLeader, "post", "/receive", &nurse).await;
    let end = |how: &str| json!({ "how": how });
    moving.ask(204, Who::Holder, "post", "/end", &end("done")).await;
    assert_eq!(moving.reads(Who::HealthNurse).await, 200, "nobody else there follows up");

    let on = json!({ "from": { "service": "kindergarten", "unit": null }, "to": "school", "on": ON });
    moving.ask(201, Who::Holder, "post", "", &on).await;
    moving.ask(204, Who::Holder, "post", "/end", &end("given-up")).await;
    assert_eq!(moving.reads(Who::HealthNurse).await, 200, "the child stays");
    moving.ask(201, Who::Holder, "post", "", &on).await;
    moving.ask(204, Who::Holder, "post", "/end", &end("done")).await;

    assert_eq!(moving.reads(Who::HealthNurse).await, 404);
}
