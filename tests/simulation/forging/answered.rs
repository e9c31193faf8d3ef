//! A service's answer counts for the grant that it names, from the node whose service it is, and for
//! nothing else.

use stafett_protocol::grant::Grant;
use stafett_protocol::id::{CaseId, GrantId};
use stafett_protocol::link::output::Output;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::signed::Verified;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::uptake::{Uptake, UptakeAnswer};
use stafett_protocol::wire::error_code::ErrorCode;
use stafett_protocol::wire::{Frame, Refused, UptakeFrame};

use super::cast::{Cast, frame_of};
use super::refused;
use crate::greeted::Greeted;

fn answer(grant: &Grant) -> Uptake {
    let reason = "Vi har ingen ledig før jul.".parse().expect("a line");
    Uptake::of(grant, UptakeAnswer::CannotTake { reason }, None, UnixMillis(1_790_000_100_000))
}

fn signed(cast: &Cast, by: OrganisationNumber, uptake: Uptake) -> Frame {
    let token = cast.story.world.key(by).sign(uptake).expect("signs").token().to_owned();
    Frame::Uptake(UptakeFrame::Said { token })
}

/// What the partner's first service would say of the owner's first grant.
pub(super) fn declined(cast: &Cast) -> Verified<Uptake> {
    let grant = cast.grants_of_owner().remove(0);
    cast.story.world.key(cast.partner()).sign(answer(grant.statement())).expect("signs")
}

#[test]
fn mutation_of_any_field_of_a_services_answer_is_refused_by_the_owner() {
    let cast = Cast::new();
    let uptake = declined(&cast);
    let mut owner = Greeted::new(&cast.story.world, cast.owner(), cast.partner());

    for (what, token) in refused::<Uptake>(uptake.token(), uptake.key()) {
        owner.takes_for_forged(frame_of::<Uptake>(token), &what);
    }
}

#[test]
fn services_answer_that_another_node_signed_or_that_is_for_another_is_a_forgery() {
    let cast = Cast::new();
    let (owner, partner, third) = (cast.owner(), cast.partner(), cast.story.third);
    let genuine = answer(cast.grants_of_owner().remove(0).statement());
    for (what, by, uptake) in [
        ("signed by the third node", third, genuine.clone()),
        ("signed by the owner itself", owner, genuine.clone()),
        ("in the name of the third node", partner, Uptake { partner: third, ..genuine.clone() }),
        ("for the third node", partner, Uptake { owner: third, ..genuine.clone() }),
        ("turned round", partner, Uptake { owner: partner, partner: owner, ..genuine.clone() }),
    ] {
        let frame = signed(&cast, by, uptake);
        Greeted::new(&cast.story.world, owner, partner).takes_for_forged(frame, what);
    }
    let outputs = Greeted::new(&cast.story.world, owner, partner).frame(signed(&cast, partner, genuine));
    assert!(matches!(outputs[..], [Output::Commit { .. }]), "the control: {outputs:?}");
}

/// What is not given, what has ended and what is another's are one answer (law 5).
#[test]
fn services_answer_to_a_grant_that_is_not_its_own_is_refused_in_the_same_words() {
    let mut cast = Cast::new();
    let (owner, partner, third) = (cast.owner(), cast.partner(), cast.story.third);
    let grants = cast.grants();
    let of_third =
        grants.iter().find(|grant| grant.statement().owner == owner && grant.statement().partner == third);
    let of_third = of_third.expect("a grant for the third node").statement().clone();
    let mut ended = cast.grants_of_owner();
    ended.retain(|grant| grant.statement().case == cast.other.case);
    let ended = ended.remove(0).statement().clone();
    cast.story.world.protect(cast.other);
    cast.story.world.run();
    let mut own = cast.grants_of_owner();
    own.retain(|grant| grant.statement().case == cast.story.case.case);
    let genuine = answer(own.remove(0).statement());
    let elsewhere = answer(own.remove(0).statement());
    let expected = Frame::Refused(Refused { kind: 25, code: ErrorCode::NotShared });

    for (what, uptake) in [
        ("nobody's grant", Uptake { grant: GrantId::from_bytes([77; 16]), ..genuine.clone() }),
        ("nobody's case", Uptake { case: CaseId::from_bytes([78; 16]), ..genuine.clone() }),
        ("the grant of the third node", Uptake { partner, ..answer(&of_third) }),
        ("a grant that has ended", answer(&ended)),
        ("another case of the owner's", Uptake { case: cast.other.case, ..genuine.clone() }),
        ("the partner's own case", Uptake { case: cast.of_partner.case, ..genuine.clone() }),
        ("the grant of another service", Uptake { grant: elsewhere.grant, ..genuine.clone() }),
        ("another service", Uptake { service: "skole".parse().expect("a code"), ..genuine.clone() }),
    ] {
        let mut receiver = Greeted::new(&cast.story.world, owner, partner);
        let before = receiver.state();
        let outputs = receiver.frame(signed(&cast, partner, uptake));

        let refused = Output::Send { frame: expected.clone(), rows: Vec::new() };
        assert_eq!(outputs, [refused], "{what}");
        assert!(receiver.state() == before, "{what}: something was believed");
    }
}
