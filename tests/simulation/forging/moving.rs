//! The statements of a move: each field of each is under its signature. No link carries one yet, so
//! whom it is for is asked nothing here.

use std::any::type_name;
use std::collections::BTreeSet;

use stafett_protocol::id::SuccessionId;
use stafett_protocol::signed::{Statement, StatementHash};
use stafett_protocol::succession::leaving::LateWord;
use stafett_protocol::succession::package::{Line, PackageHash, Packed};
use stafett_protocol::succession::statement::{
    Answer, Answered, CaseOpened, Course, Ended, Late, Offer, PackageStored, Stage, Transferred,
};
use stafett_protocol::time::UnixMillis;
use stafett_tests::names::{key, organisation, service_code};

use super::refused;

const PACKED: Packed = Packed { revision: 1, package: PackageHash([3; 32]) };
const HASH: StatementHash = StatementHash([4; 32]);

/// The types of statement that have their case here.
pub(super) fn covered() -> [&'static str; 7] {
    [
        type_name::<Offer>(),
        type_name::<Answer>(),
        type_name::<PackageStored>(),
        type_name::<Ended>(),
        type_name::<Transferred>(),
        type_name::<CaseOpened>(),
        type_name::<Late>(),
    ]
}

fn course() -> Course {
    Course {
        succession: SuccessionId::from_bytes([1; 16]),
        from: organisation("997391853"),
        to: organisation("840029212"),
    }
}

fn assert_refused<T: Statement>(statement: T) {
    let signed = key(1).sign(statement).expect("signs");
    refused::<T>(signed.token(), signed.key());
}

#[test]
fn mutation_of_any_field_of_a_statement_of_a_move_is_refused() {
    let services = BTreeSet::from([service_code("school"), service_code("ppt")]);
    let wished = "2027-08-01".parse().expect("a day");
    let holder = Line::of("Pål Vik").expect("a line");
    assert_refused(Offer {
        course: course(),
        services,
        stage: Stage::BeforeSchool,
        wished,
        lapses_at: UnixMillis(7),
    });
    let accepted = Answered::Accepted { holder, service: service_code("school") };
    let declined = Answered::Declined { reason: Some("Vi har ingen ledige".parse().expect("a line")) };
    for answered in [accepted, declined] {
        assert_refused(Answer { course: course(), offer: HASH, answered });
    }
    assert_refused(PackageStored { course: course(), packed: PACKED });
    assert_refused(Ended { course: course() });
    assert_refused(Transferred { course: course(), answer: HASH, packed: PACKED });
    assert_refused(CaseOpened { course: course(), packed: PACKED });
    for word in [LateWord::ConsentTakenBack, LateWord::AddressProtected] {
        assert_refused(Late { course: course(), number: 0, word });
    }
}
