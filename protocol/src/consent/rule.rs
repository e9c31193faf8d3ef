//! Who must say yes: a dated table of the municipality, by service, age and custody.
//!
//! Practice differs between municipalities and services, and statutes change, so every age here
//! is data (domain rules: both guardians as the safe default, Udir; a youth from 15 or 16; the
//! subject alone from 18; a pregnant woman alone; child welfare in the guardians' place while it
//! has a care order).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::PersonId;
use crate::municipality::{AreaCode, CodeError, ServiceCode};
use crate::planted::planted;
use crate::time::UnixMillis;

/// Full years of age at which parental responsibility ends (vergemålsloven § 8).
pub const ADULT_AGE: u8 = 18;

/// Whom a case is about; decides who must say yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubjectKind {
    /// A child: everybody with parental responsibility says yes, until the child is old enough.
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
    /// An appointed guardian (verge).
    AppointedGuardian,
    /// A foster parent: cares for the child, cannot consent for it.
    FosterParent,
    /// The child-welfare service with a care order: says yes in the guardians' place.
    ChildWelfareService,
}

/// A person of a case, by id: names are in the private case document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Party {
    /// Who.
    pub person: PersonId,
    /// What that person is to the subject.
    pub capacity: Capacity,
}

/// The first moment of each year of age of the subject, in the municipality's time zone: at 12,
/// for example, midnight of the twelfth birthday. Empty if the day of birth is not known.
///
/// Written as pairs: as the keys of an object ages would be texts, which a statement does not read
/// back as numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(u8, UnixMillis)>", into = "Vec<(u8, UnixMillis)>")]
pub struct Birthdays(pub BTreeMap<u8, UnixMillis>);

impl From<Vec<(u8, UnixMillis)>> for Birthdays {
    fn from(pairs: Vec<(u8, UnixMillis)>) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl From<Birthdays> for Vec<(u8, UnixMillis)> {
    fn from(birthdays: Birthdays) -> Self {
        birthdays.0.into_iter().collect()
    }
}

impl Birthdays {
    /// Returns whether the subject has reached `age` at `now`; nothing if that is not known.
    pub fn has_reached(&self, age: u8, now: UnixMillis) -> Option<bool> {
        self.0.get(&age).map(|birthday| *birthday <= now)
    }
}

/// Who says yes from the youth's age until 18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum YouthConsent {
    /// The youth alone.
    Alone,
    /// The youth and everybody who said yes before.
    WithGuardians,
}

impl std::str::FromStr for YouthConsent {
    type Err = CodeError;

    fn from_str(text: &str) -> Result<Self, CodeError> {
        match text {
            "alone" => Ok(Self::Alone),
            "with-guardians" => Ok(Self::WithGuardians),
            _ => Err(CodeError),
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GiverRule {
    /// The first moment on which it holds.
    pub from: UnixMillis,
    /// The recipient that it is for; none for every service without a row of its own.
    pub service: Option<ServiceCode>,
    /// Full years of age from which the youth says yes; 12 to 18.
    pub youth_age: u8,
    /// Who says yes from then on.
    pub youth: YouthConsent,
    /// The areas that guardians still read from then on.
    pub guardian_areas: BTreeSet<AreaCode>,
}

/// The municipality's rules, each with the day from which it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleTable {
    /// Latest first.
    rules: Vec<GiverRule>,
    /// What holds before the first one.
    first: GiverRule,
}

impl Default for RuleTable {
    fn default() -> Self {
        Self::new(16, Vec::new())
    }
}

impl RuleTable {
    /// Makes a table: `youth_age` for every service, alone and with nothing left to the guardians,
    /// unless a row says otherwise.
    pub fn new(youth_age: u8, mut rules: Vec<GiverRule>) -> Self {
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.from));
        let first = GiverRule {
            from: UnixMillis(0),
            service: None,
            youth_age,
            youth: YouthConsent::Alone,
            guardian_areas: BTreeSet::new(),
        };
        Self { rules, first }
    }

    /// Returns the row that holds for a service at `now`: its own, or the one for every service.
    pub fn at(&self, service: Option<&ServiceCode>, now: UnixMillis) -> &GiverRule {
        let begun = || self.rules.iter().filter(|rule| rule.from <= now);
        let own = begun().find(|rule| service.is_some() && rule.service.as_ref() == service);
        own.or_else(|| begun().find(|rule| rule.service.is_none())).unwrap_or(&self.first)
    }

    /// Returns the first moment of each row.
    pub fn begins(&self) -> impl Iterator<Item = UnixMillis> {
        self.rules.iter().map(|rule| rule.from)
    }

    /// Returns every age at which the answer may change, for a task ahead of the birthday.
    pub fn ages(&self, now: UnixMillis) -> BTreeSet<u8> {
        let general = self.at(None, now).youth_age;
        let own = self.rules.iter().filter(|rule| rule.from <= now && rule.service.is_some());
        own.map(|rule| rule.youth_age).chain([general, ADULT_AGE]).collect()
    }
}

/// The family at a moment, as a rule asks about it.
#[derive(Debug, Clone, Copy)]
pub struct Family<'a> {
    /// Whom the case is about.
    pub subject_kind: SubjectKind,
    /// Everybody, by id.
    pub parties: &'a [Party],
    /// When the subject reaches which age.
    pub birthdays: &'a Birthdays,
}

impl Family<'_> {
    /// Returns everybody whose yes a consent needs by this rule at `now`.
    ///
    /// With nobody to ask the answer is empty, and an empty answer opens nothing.
    pub fn required_givers(&self, rule: &GiverRule, now: UnixMillis) -> BTreeSet<PersonId> {
        let subject = self.with(|capacity| capacity == Capacity::Subject);
        if matches!(self.subject_kind, SubjectKind::PregnantWoman | SubjectKind::Parent) {
            return subject;
        }
        if planted!("birthday-ignored") {
            return self.guardians();
        }
        if self.birthdays.has_reached(ADULT_AGE, now) == Some(true) {
            return subject;
        }
        if !self.is_youth(rule, now) {
            return self.guardians();
        }
        match rule.youth {
            YouthConsent::Alone => subject,
            YouthConsent::WithGuardians => subject.union(&self.guardians()).copied().collect(),
        }
    }

    /// Whether the subject is old enough to say yes by this rule. Of a youth whose day of birth is
    /// not known the age was checked when the case was opened.
    pub fn is_youth(&self, rule: &GiverRule, now: UnixMillis) -> bool {
        let reached = self.birthdays.has_reached(rule.youth_age, now);
        reached.unwrap_or(self.subject_kind == SubjectKind::Youth)
    }

    /// Everybody with parental responsibility and every appointed guardian; in their place the
    /// child-welfare service, while it has a care order.
    fn guardians(&self) -> BTreeSet<PersonId> {
        let child_welfare = self.with(|capacity| capacity == Capacity::ChildWelfareService);
        if !child_welfare.is_empty() {
            return child_welfare;
        }
        self.with(|capacity| {
            matches!(capacity, Capacity::GuardianWithParentalResponsibility | Capacity::AppointedGuardian)
        })
    }

    fn with(&self, is_asked: impl Fn(Capacity) -> bool) -> BTreeSet<PersonId> {
        self.parties.iter().filter(|party| is_asked(party.capacity)).map(|party| party.person).collect()
    }
}

#[cfg(test)]
mod tests;
