use super::*;

const SUBJECT: PersonId = PersonId::from_bytes([1; 16]);
const MOTHER: PersonId = PersonId::from_bytes([2; 16]);
const FATHER: PersonId = PersonId::from_bytes([3; 16]);
const OTHER: PersonId = PersonId::from_bytes([4; 16]);
const NOW: UnixMillis = UnixMillis(1_000);

fn parties(father: Capacity, more: &[Capacity]) -> Vec<Party> {
    let mut parties = vec![
        Party { person: SUBJECT, capacity: Capacity::Subject },
        Party { person: MOTHER, capacity: Capacity::GuardianWithParentalResponsibility },
        Party { person: FATHER, capacity: father },
    ];
    parties.extend(more.iter().map(|capacity| Party { person: OTHER, capacity: *capacity }));
    parties
}

fn joint() -> Vec<Party> {
    parties(Capacity::GuardianWithParentalResponsibility, &[])
}

/// Somebody who turns 15, 16 and 18 at 900, 1000 and 1200.
fn turning() -> Birthdays {
    Birthdays(BTreeMap::from([(15, UnixMillis(900)), (16, UnixMillis(1_000)), (18, UnixMillis(1_200))]))
}

fn asked(
    kind: SubjectKind,
    parties: &[Party],
    birthdays: &Birthdays,
    rule: &GiverRule,
    now: u64,
) -> Vec<PersonId> {
    let family = Family { subject_kind: kind, parties, birthdays };
    family.required_givers(rule, UnixMillis(now)).into_iter().collect()
}

fn rule(youth_age: u8, youth: YouthConsent) -> GiverRule {
    GiverRule { youth, ..RuleTable::new(youth_age, Vec::new()).at(None, NOW).clone() }
}

#[test]
fn both_guardians_of_a_child_must_say_yes_and_a_sole_guardian_alone() {
    let unknown = Birthdays::default();
    let rule = rule(16, YouthConsent::Alone);
    let sole = parties(Capacity::ParentWithoutParentalResponsibility, &[]);

    assert_eq!(asked(SubjectKind::Child, &joint(), &unknown, &rule, 1), [MOTHER, FATHER]);
    assert_eq!(asked(SubjectKind::Child, &sole, &unknown, &rule, 1), [MOTHER]);
}

#[test]
fn appointed_guardian_stands_beside_guardians_and_child_welfare_in_their_place() {
    let unknown = Birthdays::default();
    let rule = rule(16, YouthConsent::Alone);
    let joint = Capacity::GuardianWithParentalResponsibility;
    let beside = parties(joint, &[Capacity::AppointedGuardian]);
    let instead = parties(joint, &[Capacity::ChildWelfareService]);
    let foster = parties(joint, &[Capacity::FosterParent]);

    assert_eq!(asked(SubjectKind::Child, &beside, &unknown, &rule, 1), [MOTHER, FATHER, OTHER]);
    assert_eq!(asked(SubjectKind::Child, &instead, &unknown, &rule, 1), [OTHER]);
    assert_eq!(asked(SubjectKind::Child, &foster, &unknown, &rule, 1), [MOTHER, FATHER]);
}

#[test]
fn pregnant_woman_is_asked_alone_whatever_her_age() {
    let rule = rule(16, YouthConsent::Alone);

    assert_eq!(asked(SubjectKind::PregnantWoman, &joint(), &turning(), &rule, 1), [SUBJECT]);
}

#[test]
fn youth_is_asked_from_the_first_millisecond_of_the_birthday() {
    let rule = rule(16, YouthConsent::Alone);
    let at = |now| asked(SubjectKind::Child, &joint(), &turning(), &rule, now);

    assert_eq!(at(999), [MOTHER, FATHER]);
    assert_eq!(at(1_000), [SUBJECT]);
}

#[test]
fn rule_may_ask_the_youth_and_the_guardians_until_eighteen() {
    let rule = rule(15, YouthConsent::WithGuardians);
    let at = |now| asked(SubjectKind::Child, &joint(), &turning(), &rule, now);

    assert_eq!(at(899), [MOTHER, FATHER]);
    assert_eq!(at(900), [SUBJECT, MOTHER, FATHER]);
    assert_eq!(at(1_199), [SUBJECT, MOTHER, FATHER]);
    assert_eq!(at(1_200), [SUBJECT], "an adult alone");
}

#[test]
fn service_has_its_own_row_and_the_latest_row_that_has_begun_holds() {
    let child_welfare: ServiceCode = "child-welfare".parse().expect("valid");
    let row = |from, service: Option<&ServiceCode>, youth_age| GiverRule {
        from: UnixMillis(from),
        service: service.cloned(),
        youth_age,
        youth: YouthConsent::Alone,
        guardian_areas: BTreeSet::new(),
    };
    let table = RuleTable::new(
        16,
        vec![
            row(100, Some(&child_welfare), 15),
            row(200, None, 14),
            row(300, None, 13),
            row(9_000, None, 12),
        ],
    );
    let school: ServiceCode = "school".parse().expect("valid");

    assert_eq!(table.at(Some(&child_welfare), UnixMillis(99)).youth_age, 16);
    assert_eq!(table.at(Some(&child_welfare), NOW).youth_age, 15);
    assert_eq!(table.at(Some(&school), UnixMillis(250)).youth_age, 14);
    assert_eq!(table.at(None, NOW).youth_age, 13);
    assert_eq!(table.ages(NOW), BTreeSet::from([13, 15, 18]));
}

#[test]
fn case_without_a_registered_guardian_requires_nobody_and_so_opens_nothing() {
    let alone = [Party { person: SUBJECT, capacity: Capacity::Subject }];
    let rule = rule(16, YouthConsent::Alone);

    assert!(asked(SubjectKind::Child, &alone, &Birthdays::default(), &rule, 1).is_empty());
}
