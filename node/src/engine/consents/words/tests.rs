use super::*;

fn line(assurance: &str) -> Option<Evidence> {
    Some(Evidence::ElectronicId { assurance: assurance.to_owned() })
}

fn field(result: Result<impl Sized, EngineError>) -> Option<&'static str> {
    match result.err() {
        Some(EngineError::Invalid { field, .. }) => Some(field),
        _ => None,
    }
}

#[test]
fn paper_needs_the_hash_of_its_scan_or_where_it_is_filed_and_an_identity_its_level() {
    let paper = |scan: &str| Some(Evidence::Paper { scan_sha256: scan.to_owned() });

    for scan in ["", "abc", &"g".repeat(64), &"a".repeat(65)] {
        let refused = evidence_of(Speaker::Stafettholder, paper(scan));
        assert_eq!(field(refused), Some("evidence.scan_sha256"), "{scan}");
    }
    for reference in ["", "  ", "to\nlinjer", &"x".repeat(201)] {
        let filed = Some(Evidence::Filed { reference: reference.to_owned() });
        assert_eq!(
            field(evidence_of(Speaker::Stafettholder, filed)),
            Some("evidence.reference"),
            "{reference}"
        );
    }
    let filed = Evidence::Filed { reference: "27/00123-4".to_owned() };
    assert_eq!(evidence_of(Speaker::Stafettholder, Some(filed.clone())).expect("a line"), filed);
    assert_eq!(field(evidence_of(Speaker::Giver, Some(filed))), Some("evidence"));
    for assurance in ["", " high", "høyt\nnivå", &"x".repeat(101)] {
        let refused = evidence_of(Speaker::Stafettholder, line(assurance));
        assert_eq!(field(refused), Some("evidence.assurance"), "{assurance}");
    }

    let taken = evidence_of(Speaker::Stafettholder, paper(&"A".repeat(64))).expect("a hash");
    assert_eq!(taken, Evidence::Paper { scan_sha256: "a".repeat(64) });
    assert!(evidence_of(Speaker::Stafettholder, line(&"x".repeat(100))).is_ok());
}

#[test]
fn own_account_says_yes_with_an_identity_and_a_stafettholder_says_how_it_was_said() {
    let paper = Some(Evidence::Paper { scan_sha256: "a".repeat(64) });

    assert_eq!(field(evidence_of(Speaker::Giver, Some(Evidence::Oral))), Some("evidence"));
    assert_eq!(field(evidence_of(Speaker::Giver, paper)), Some("evidence"));
    assert_eq!(field(evidence_of(Speaker::Stafettholder, None)), Some("evidence"));
    assert_eq!(
        evidence_of(Speaker::Giver, None).expect("what the login gives"),
        Evidence::ElectronicId { assurance: "node-token".to_owned() }
    );
    assert!(evidence_of(Speaker::Giver, line("idporten-loa-high")).is_ok());
    assert_eq!(evidence_of(Speaker::Stafettholder, Some(Evidence::Oral)).expect("heard"), Evidence::Oral);
}

#[test]
fn only_the_givers_own_account_withdraws_digitally_and_in_no_other_way() {
    assert_eq!(channel_of(Speaker::Giver, None).expect("digital"), Channel::Digital);
    assert_eq!(channel_of(Speaker::Giver, Some(Channel::Digital)).expect("digital"), Channel::Digital);
    assert_eq!(field(channel_of(Speaker::Giver, Some(Channel::Oral))), Some("channel"));
    assert_eq!(channel_of(Speaker::Stafettholder, None).expect("oral"), Channel::Oral);
    assert_eq!(
        channel_of(Speaker::Stafettholder, Some(Channel::Written)).expect("written"),
        Channel::Written
    );
    assert_eq!(field(channel_of(Speaker::Stafettholder, Some(Channel::Digital))), Some("channel"));
}
