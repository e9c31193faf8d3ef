//! What is said of a baton at a partner counts between the two of its case, from the one who may say it, and
//! for nothing else.

use stafett_protocol::baton::there::{About, AnswerThere, Answered, HeldBy, Holds, NowThere, OfferThere};
use stafett_protocol::id::{AccountId, BatonOfferId};
use stafett_protocol::signed::{Statement, StatementHash};
use stafett_protocol::succession::package::Line;
use stafett_protocol::time::UnixMillis;

use super::cast::{Cast, frame_of};
use super::refused;
use crate::greeted::Greeted;

pub(super) fn covered() -> impl Iterator<Item = String> {
    let names = [
        std::any::type_name::<OfferThere>(),
        std::any::type_name::<AnswerThere>(),
        std::any::type_name::<NowThere>(),
    ];
    names.into_iter().map(|name| name.rsplit("::").next().expect("a name").to_owned())
}

fn about(cast: &Cast) -> About {
    let grant = cast.grants_of_owner().remove(0).statement().clone();
    let offer = BatonOfferId::from_bytes([0x81; 16]);
    About { offer, owner: grant.owner, partner: grant.partner, case: grant.case, service: grant.service }
}

fn taken(about: About) -> AnswerThere {
    let name = Line::of("Ole Eksempel").expect("a line");
    AnswerThere { about, answered: Answered::Taken { account: AccountId::from_bytes([0x82; 16]), name } }
}

fn held(about: About) -> NowThere {
    let name = Line::of("Ole Eksempel").expect("a line");
    let (account, answer) = (AccountId::from_bytes([0x82; 16]), StatementHash::of("an answer"));
    NowThere { about, holds: Holds::Held(HeldBy { account, name, answer }) }
}

#[test]
fn mutation_of_any_field_of_what_is_said_of_a_baton_is_refused() {
    let cast = Cast::new();
    let of_owner = cast.story.world.key(cast.owner());
    let offer = of_owner.sign(OfferThere { about: about(&cast), lapses_at: UnixMillis(9) }).expect("signs");
    let now = of_owner.sign(held(about(&cast))).expect("signs");
    let answer = cast.story.world.key(cast.partner()).sign(taken(about(&cast))).expect("signs");

    let mut partner = Greeted::new(&cast.story.world, cast.partner(), cast.owner());
    for (what, token) in refused::<OfferThere>(offer.token(), offer.key()) {
        partner.takes_for_forged(frame_of::<OfferThere>(token), &what);
    }
    for (what, token) in refused::<NowThere>(now.token(), now.key()) {
        partner.takes_for_forged(frame_of::<NowThere>(token), &what);
    }
    let mut owner = Greeted::new(&cast.story.world, cast.owner(), cast.partner());
    for (what, token) in refused::<AnswerThere>(answer.token(), answer.key()) {
        owner.takes_for_forged(frame_of::<AnswerThere>(token), &what);
    }
}

#[test]
fn what_another_node_says_of_a_baton_or_says_to_another_is_a_forgery() {
    let cast = Cast::new();
    let (owner, partner, third) = (cast.owner(), cast.partner(), cast.story.third);
    let genuine = about(&cast);
    let turned = About { owner: partner, partner: owner, ..genuine.clone() };
    for (what, by, about) in [
        ("signed by the third node", third, genuine.clone()),
        ("in the name of the third node", partner, About { partner: third, ..genuine.clone() }),
        ("for the third node", partner, About { owner: third, ..genuine.clone() }),
        ("turned round", partner, turned.clone()),
        ("signed by the owner itself", owner, genuine.clone()),
    ] {
        let token = signed(&cast, by, taken(about));
        let frame = frame_of::<AnswerThere>(token);
        Greeted::new(&cast.story.world, owner, partner).takes_for_forged(frame, what);
    }
    for (what, by, about) in [
        ("signed by the third node", third, genuine.clone()),
        ("turned round", owner, turned),
        ("signed by the partner itself", partner, genuine),
    ] {
        let frame = frame_of::<NowThere>(signed(&cast, by, held(about)));
        Greeted::new(&cast.story.world, partner, owner).takes_for_forged(frame, what);
    }
}

fn signed<T: Statement>(
    cast: &Cast,
    by: stafett_protocol::municipality::OrganisationNumber,
    statement: T,
) -> String {
    cast.story.world.key(by).sign(statement).expect("signs").token().to_owned()
}
