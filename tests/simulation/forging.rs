//! Nothing is forged (P7): the mutation of each field of each signed statement is refused by whom
//! it is for. What is signed by the right node and says the wrong thing is in [`moved`].

mod answered;
mod batons;
mod by_hand;
mod cast;
mod moved;
mod moving;
mod mutation;

use std::collections::BTreeSet;
use std::path::Path;

use stafett_protocol::erasure::{EraseOrder, Receipt};
use stafett_protocol::grant::Grant;
use stafett_protocol::id::{AccountId, CaseId};
use stafett_protocol::ledger::LedgerView;
use stafett_protocol::ledger::statement::{LedgerStatement, Said};
use stafett_protocol::mark::LinkMark;
use stafett_protocol::protection::{Protection, ProtectionStatement};
use stafett_protocol::signed::{PublicKey, Signed, Statement, StatementHash, VerifyError};
use stafett_protocol::succession::by_hand::PackageByHand;
use stafett_protocol::time::UnixMillis;
use stafett_protocol::uptake::Uptake;

use crate::greeted::Greeted;
use cast::{Cast, frame_of, frames_of_every_kind};
use mutation::{mutations, with_payload};

/// The types of signed statement, by the last part of their names.
fn covered() -> BTreeSet<String> {
    fn name<T: Statement>() -> String {
        std::any::type_name::<T>().rsplit("::").next().expect("a name").to_owned()
    }
    let of_a_case = [name::<LedgerStatement>(), name::<ProtectionStatement>()];
    let of_a_link = [name::<Grant>(), name::<EraseOrder>(), name::<Receipt>(), name::<LinkMark>()];
    let of_a_move = moving::covered().map(|name| name.rsplit("::").next().expect("a name").to_owned());
    of_a_case
        .into_iter()
        .chain(of_a_link)
        .chain([name::<Uptake>(), name::<PackageByHand>()])
        .chain(of_a_move)
        .chain(batons::covered())
        .collect()
}

/// Every type that the sources say is signed; their own tests, which are indented, aside.
fn declared(folder: &Path, found: &mut BTreeSet<String>) {
    for file in std::fs::read_dir(folder).expect("a folder of sources") {
        let path = file.expect("a file").path();
        if path.is_dir() {
            declared(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source");
            let named = text.lines().filter_map(|line| line.strip_prefix("impl Statement for "));
            found.extend(named.filter_map(|rest| rest.split_whitespace().next()).map(str::to_owned));
        }
    }
}

#[test]
fn every_type_of_signed_statement_has_its_case_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = BTreeSet::new();
    for folder in ["protocol/src", "node/src", "config/src"] {
        declared(&root.join(folder), &mut found);
    }

    assert_eq!(found, covered());
}

/// What can be said about a case, as the format itself lists it.
fn sayable() -> BTreeSet<String> {
    let refusal = serde_json::from_str::<Said>(r#"{"said":"?"}"#).expect_err("nothing of that name");
    let listed = refusal.to_string();
    let (_, names) = listed.split_once("expected one of ").expect("the names");
    names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_thing_that_can_be_said_about_a_case_has_its_example_here() {
    let said = cast::everything_said();
    let examples = said.iter().map(|said| serde_json::to_value(said).expect("JSON")["said"].clone());
    let examples: BTreeSet<String> = examples.map(|name| name.as_str().expect("a name").to_owned()).collect();

    assert_eq!(examples, sayable());
}

/// Asserts that no mutation of a token's payload verifies; returns the mutated tokens.
fn refused<T: Statement>(token: &str, key: PublicKey) -> Vec<(String, String)> {
    let genuine = Signed::<T>::from_token(token.to_owned()).verify(&[key]);
    assert!(genuine.is_ok(), "the control: the genuine statement verifies");
    let mutated: Vec<_> = mutations(token)
        .into_iter()
        .map(|(what, payload)| (format!("{} {what}", T::TYPE), with_payload(token, &payload)))
        .collect();
    assert!(mutated.len() > 20, "{} mutations of a {} are too few", mutated.len(), T::TYPE);
    for (what, token) in &mutated {
        let verified = Signed::<T>::from_token(token.clone()).verify(&[key]);
        assert_eq!(verified.err(), Some(VerifyError::Signature), "{what}");
    }
    mutated
}

#[test]
fn mutation_of_any_field_of_a_grant_is_refused_by_the_partner() {
    let cast = Cast::new();
    let grant = &cast.grants_of_owner()[0];
    let mut partner = Greeted::new(&cast.story.world, cast.partner(), cast.owner());

    for (what, token) in refused::<Grant>(grant.token(), grant.key()) {
        partner.takes_for_forged(frame_of::<Grant>(token), &what);
    }
}

#[test]
fn mutation_of_any_field_of_an_order_is_refused_by_the_partner() {
    let cast = Cast::new();
    let order = cast.order_for(&cast.grants_of_owner()[0]);
    let mut partner = Greeted::new(&cast.story.world, cast.partner(), cast.owner());

    for (what, token) in refused::<EraseOrder>(order.token(), order.key()) {
        partner.takes_for_forged(frame_of::<EraseOrder>(token), &what);
    }
}

#[test]
fn mutation_of_any_field_of_a_receipt_is_refused_by_the_owner() {
    let cast = Cast::with_orders_waiting();
    let receipt = &cast.receipts()[0];
    let mut owner = Greeted::new(&cast.story.world, cast.owner(), cast.partner());

    for (what, token) in refused::<Receipt>(receipt.token(), receipt.key()) {
        owner.takes_for_forged(frame_of::<Receipt>(token), &what);
    }
}

#[test]
fn mutation_of_any_field_of_a_mark_is_refused_by_the_partner() {
    let cast = Cast::new();
    let mark = cast.story.world.key(cast.owner()).sign(cast.mark()).expect("signs");
    let mut partner = Greeted::new(&cast.story.world, cast.partner(), cast.owner());

    for (what, token) in refused::<LinkMark>(mark.token(), mark.key()) {
        partner.takes_for_forged(frame_of::<LinkMark>(token), &what);
    }
}

#[test]
fn mark_of_another_link_or_of_the_partner_itself_is_refused() {
    let cast = Cast::new();
    let (owner, partner, third) = (cast.owner(), cast.partner(), cast.story.third);
    let mark = cast.mark();
    for (what, by, mark) in [
        ("for the third node", owner, LinkMark { partner: third, ..mark }),
        ("of the third node", third, LinkMark { signer: third, ..mark }),
        ("in the third node's name", owner, LinkMark { signer: third, ..mark }),
        ("the partner's own", partner, LinkMark { signer: partner, partner: owner, ..mark }),
    ] {
        let signed = cast.story.world.key(by).sign(mark).expect("signs");
        let frame = frame_of::<LinkMark>(signed.token().to_owned());

        Greeted::new(&cast.story.world, partner, owner).takes_for_forged(frame, what);
    }
}

#[test]
fn mutation_of_any_field_of_anything_said_about_a_case_is_refused() {
    let key = stafett_tests::names::key(1);
    for statement in cast::everything_as_statements() {
        let signed = key.sign(statement).expect("signs");

        refused::<LedgerStatement>(signed.token(), key.public());
    }
}

#[test]
fn mutation_of_any_field_of_anything_said_about_a_protection_is_refused() {
    let key = stafett_tests::names::key(1);
    for said in cast::everything_said_of_protection() {
        let statement = ProtectionStatement {
            case: CaseId::from_bytes([9; 16]),
            number: 3,
            previous: Some(StatementHash::of("the one before")),
            at: UnixMillis(1_000),
            by: Some(AccountId::from_bytes([1; 16])),
            said,
        };
        let signed = key.sign(statement).expect("signs");

        refused::<ProtectionStatement>(signed.token(), key.public());
    }
}

#[test]
fn statement_about_a_protection_moved_to_another_case_or_place_is_refused() {
    let key = stafett_tests::names::key(1);
    let (case, other) = (CaseId::from_bytes([9; 16]), CaseId::from_bytes([8; 16]));
    let mut chain = Protection::default();
    for said in cast::everything_said_of_protection() {
        let next = key.sign(chain.next(case, said, None, UnixMillis(1))).expect("signs");
        let before = chain.clone();

        assert!(chain.append(other, &next).is_err(), "in another case");
        assert_eq!(chain, before);
        chain.append(case, &next).expect("in its own place");
        let after = chain.clone();
        assert!(chain.append(case, &next).is_err(), "twice");
        assert_eq!(chain, after);
        assert!(Protection::default().append(case, &next).is_err() || before == Protection::default());
    }
}

#[test]
fn statement_of_one_kind_passes_for_no_other() {
    let cast = Cast::with_orders_waiting();
    let said = cast::chain(1, 7).remove(0);
    let tokens = [
        (Grant::TYPE, cast.grants_of_owner()[0].token().to_owned()),
        (EraseOrder::TYPE, cast.order_for(&cast.grants_of_owner()[0]).token().to_owned()),
        (Receipt::TYPE, cast.receipts()[0].token().to_owned()),
        (LedgerStatement::TYPE, said.token().to_owned()),
        (Uptake::TYPE, answered::declined(&cast).token().to_owned()),
        (
            LinkMark::TYPE,
            cast.story.world.key(cast.owner()).sign(cast.mark()).expect("signs").token().to_owned(),
        ),
    ];
    for (kind, token) in tokens {
        for (taken_as, frame) in frames_of_every_kind(&token) {
            if taken_as == kind {
                continue;
            }
            let what = format!("a {kind} as a {taken_as}");
            Greeted::new(&cast.story.world, cast.partner(), cast.owner())
                .takes_for_forged(frame.clone(), &what);
            Greeted::new(&cast.story.world, cast.owner(), cast.partner()).takes_for_forged(frame, &what);
        }
    }
}

#[test]
fn statement_about_a_case_follows_in_its_own_chain_at_its_own_place_alone() {
    let (one, other) = (cast::chain(1, 7), cast::chain(1, 8));
    for length in 1..one.len() {
        for (place, statement) in one.iter().enumerate() {
            let mut view = LedgerView::replay(one[..length].iter()).expect("a chain");
            let before = view.clone();

            let follows = view.append(statement).is_ok();

            assert_eq!(follows, place == length, "number {place} after {length}");
            assert!(follows || view == before, "number {place} after {length} was believed in part");
        }
        for (place, statement) in other.iter().enumerate() {
            let mut view = LedgerView::replay(one[..length].iter()).expect("a chain");
            let before = view.clone();

            assert!(view.append(statement).is_err(), "number {place} of another case");
            assert!(view == before, "number {place} of another case was believed in part");
        }
    }
}

#[test]
fn statement_that_names_another_case_number_or_predecessor_follows_nowhere() {
    let key = stafett_tests::names::key(1);
    let (one, other) = (cast::chain(1, 7), cast::chain(1, 8));
    for (place, signed) in one.iter().enumerate().skip(1) {
        let said = signed.statement();
        let moved = [
            LedgerStatement { case: other[0].statement().case, ..said.clone() },
            LedgerStatement { number: said.number + 1, ..said.clone() },
            LedgerStatement { number: said.number - 1, ..said.clone() },
            LedgerStatement { previous: None, ..said.clone() },
            LedgerStatement { previous: other[place].statement().previous, ..said.clone() },
        ];
        for (which, moved) in moved.into_iter().enumerate() {
            let moved = key.sign(moved).expect("signs");
            let mut view = LedgerView::replay(one[..place].iter()).expect("a chain");

            assert!(view.append(&moved).is_err(), "number {place}, way {which}");
        }
    }
}

#[test]
fn statement_about_a_case_that_another_node_signed_is_not_read() {
    let key = stafett_tests::names::key(1);
    for signed in cast::chain(2, 7) {
        let verified =
            Signed::<LedgerStatement>::from_token(signed.token().to_owned()).verify(&[key.public()]);

        assert_eq!(verified.err(), Some(VerifyError::Signature));
    }
}
