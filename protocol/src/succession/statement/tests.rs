//! What each statement looks like, and what none of them says.

use super::*;
use crate::signed::Signed;
use crate::signed::tests::key_from_seed;
use crate::succession::package::PackageHash;

fn course() -> Course {
    Course {
        succession: SuccessionId::from_bytes([1; 16]),
        from: "997391853".parse().expect("valid"),
        to: "840029212".parse().expect("valid"),
    }
}

fn offer() -> Offer {
    Offer {
        course: course(),
        services: BTreeSet::from(["kindergarten".parse().expect("a code")]),
        stage: Stage::BeforeSchool,
        wished: "2027-08-01".parse().expect("a day"),
        lapses_at: UnixMillis(7),
    }
}

#[test]
fn offer_says_services_stage_and_day_and_nothing_else() {
    let json = serde_json::to_value(offer()).expect("writes");

    let expected = serde_json::json!({
        "succession": "01010101-0101-0101-0101-010101010101",
        "from": "997391853",
        "to": "840029212",
        "services": ["kindergarten"],
        "stage": "before-school",
        "wished": "2027-08-01",
        "lapses_at": 7,
    });
    assert_eq!(json, expected);
}

#[test]
fn end_says_which_move_and_neither_when_nor_why() {
    let json = serde_json::to_value(Ended { course: course() }).expect("writes");

    let keys: BTreeSet<&str> = json.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(keys, BTreeSet::from(["succession", "from", "to"]));
}

#[test]
fn offer_names_one_to_eight_services_and_packages_count_from_one() {
    let code = |number: usize| format!("service-{number}").parse::<ServiceCode>().expect("a code");
    let of = |count: usize| Offer { services: (0..count).map(code).collect(), ..offer() };
    let stored = |revision| {
        let packed = Packed { revision, package: PackageHash([2; 32]) };
        PackageStored { course: course(), packed }.is_well_formed()
    };

    assert_eq!([0, 1, 8, 9].map(|count| of(count).is_well_formed()), [false, true, true, false]);
    assert_eq!([0, 1].map(stored), [false, true]);
}

#[test]
fn statement_of_one_kind_is_not_read_as_another() {
    let key = key_from_seed(1);
    let ended = key.sign(Ended { course: course() }).expect("signs");
    let packed = Packed { revision: 1, package: PackageHash([2; 32]) };
    let stored = key.sign(PackageStored { course: course(), packed }).expect("signs");
    let keys = [key.public()];

    assert!(Signed::<Ended>::from_token(ended.token().to_owned()).verify(&keys).is_ok());
    assert!(Signed::<Ended>::from_token(stored.token().to_owned()).verify(&keys).is_err());
    assert!(Signed::<CaseOpened>::from_token(stored.token().to_owned()).verify(&keys).is_err());
    assert!(Signed::<PackageStored>::from_token(ended.token().to_owned()).verify(&keys).is_err());
}

#[test]
fn answers_read_back_and_print_no_name() {
    let answered = Answered::Accepted {
        holder: Line::of("Pål Vik").expect("a line"),
        service: "ppt".parse().expect("a code"),
    };
    let yes = Answer { course: course(), offer: StatementHash([3; 32]), answered };
    let no = Answer { answered: Answered::Declined { reason: None }, ..yes.clone() };

    for answer in [yes.clone(), no] {
        let json = serde_json::to_string(&answer).expect("writes");
        assert_eq!(serde_json::from_str::<Answer>(&json).expect("reads"), answer);
    }
    assert!(!format!("{yes:?}").contains("Pål"));
}
