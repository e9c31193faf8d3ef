//! Who must say yes, from the parties of a case.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::id::PersonId;

/// Whom a case is about; decides who must say yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// A child: everybody with parental responsibility says yes.
    Child,
    /// A youth who consents on their own, from the age that the municipality's rule names.
    Youth,
    /// A pregnant woman: she alone.
    PregnantWoman,
    /// A parent: that parent alone.
    Parent,
}

/// What a person is to the subject of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capacity {
    /// The subject itself.
    Subject,
    /// A guardian with parental responsibility (foreldreansvar), shared or alone.
    GuardianWithParentalResponsibility,
    /// A parent without parental responsibility: may ask for information, cannot consent.
    ParentWithoutParentalResponsibility,
    /// An appointed guardian (verge), or the child-welfare service with a care order.
    AppointedGuardian,
}

/// A person of a case, by id: names are in the private case document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Party {
    /// Who.
    pub person: PersonId,
    /// What that person is to the subject.
    pub capacity: Capacity,
}

/// Returns everybody whose yes a consent in this case needs.
///
/// The safe default of both parents with shared parental responsibility (Udir). An appointed
/// guardian stands beside guardians, never instead of them, until a rule says otherwise. With
/// nobody to ask the answer is empty, and an empty answer opens nothing.
pub fn required_givers(kind: SubjectKind, parties: &[Party]) -> BTreeSet<PersonId> {
    let asked = |capacity: Capacity| match kind {
        SubjectKind::Child => {
            matches!(capacity, Capacity::GuardianWithParentalResponsibility | Capacity::AppointedGuardian)
        }
        SubjectKind::Youth | SubjectKind::PregnantWoman | SubjectKind::Parent => {
            capacity == Capacity::Subject
        }
    };
    parties.iter().filter(|party| asked(party.capacity)).map(|party| party.person).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBJECT: PersonId = PersonId::from_bytes([1; 16]);
    const MOTHER: PersonId = PersonId::from_bytes([2; 16]);
    const FATHER: PersonId = PersonId::from_bytes([3; 16]);

    fn parties(father: Capacity) -> Vec<Party> {
        vec![
            Party { person: SUBJECT, capacity: Capacity::Subject },
            Party { person: MOTHER, capacity: Capacity::GuardianWithParentalResponsibility },
            Party { person: FATHER, capacity: father },
        ]
    }

    #[test]
    fn both_guardians_of_a_child_must_say_yes() {
        let required =
            required_givers(SubjectKind::Child, &parties(Capacity::GuardianWithParentalResponsibility));

        assert_eq!(required, BTreeSet::from([MOTHER, FATHER]));
    }

    #[test]
    fn parent_without_parental_responsibility_is_not_asked() {
        let required =
            required_givers(SubjectKind::Child, &parties(Capacity::ParentWithoutParentalResponsibility));

        assert_eq!(required, BTreeSet::from([MOTHER]));
    }

    #[test]
    fn pregnant_woman_is_asked_alone() {
        let required = required_givers(
            SubjectKind::PregnantWoman,
            &parties(Capacity::GuardianWithParentalResponsibility),
        );

        assert_eq!(required, BTreeSet::from([SUBJECT]));
    }

    #[test]
    fn case_without_a_registered_guardian_requires_nobody_and_so_opens_nothing() {
        let alone = [Party { person: SUBJECT, capacity: Capacity::Subject }];

        assert!(required_givers(SubjectKind::Child, &alone).is_empty());
    }
}
