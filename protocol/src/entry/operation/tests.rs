use crate::entry::tests::{PARTNER, decoded, edited, encoded, measure, opened};

/// The hash must never change: partners have it in their stores.
const MEASURE_GENESIS: &str = "db22ff2443cdb1b8ec89b147e2efba063a5a6e18ed8d3b1d19e9da10cc9850a3";

#[test]
fn a_change_on_the_wire_has_these_bytes() {
    let (document, genesis) = measure();
    let mut partner = opened(&document, PARTNER);
    let change = edited(&mut partner, r#"{"status":"done"}"#);

    let bytes = encoded(change.change());

    let expected = [
        "02".repeat(16),                       // actor
        format!("01{}", "01".repeat(16)),      // the other actor
        "01".to_owned(),                       // seq
        "28".to_owned(),                       // the genesis has 39 operations
        format!("01{MEASURE_GENESIS}"),        // its one parent
        "01010d0004646f6e65010125".to_owned(), // put field 13, text of 4, for operation 37
    ]
    .concat();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(genesis.hash().to_string(), MEASURE_GENESIS);
    assert_eq!(hex, expected);
    assert_eq!(decoded(&bytes).as_ref(), Some(change.change()));
}

#[test]
fn the_hash_is_the_one_that_automerge_gives_the_change() {
    let (document, genesis) = measure();

    let heads = document.tree().get_heads();

    assert_eq!(heads, [automerge::ChangeHash(genesis.hash().0)]);
}

#[test]
fn what_people_write_stays_out_of_debug_output() {
    let (_, genesis) = measure();

    let debug = format!("{:?}", genesis.change());

    assert!(!debug.contains("Lesetrening") && !debug.contains("Ole"), "{debug}");
}

#[test]
fn the_bound_of_encoded_bytes_is_never_below_what_is_encoded() {
    let (mut document, genesis) = measure();
    let change = edited(&mut document, r#"{"title":"Æ","description":null,"at_home":null}"#);

    for change in [genesis.change(), change.change()] {
        assert!(encoded(change).len() <= change.encoded_bytes_max());
    }
}
