//! The people with access to a node that has no login provider.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use stafett_protocol::id::{AccountId, PersonId};
use stafett_protocol::municipality::ServiceCode;
use stafett_protocol::person::Role;
use toml::de::DeValue;

use crate::NodeConfig;
use crate::document::{Document, Located, Section, Visibility};
use crate::error::ConfigError;
use crate::value::{FromValue, Name, quoted};

/// A person with access. `Debug` shows the id and roles, never the name.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// The account.
    pub id: AccountId,
    /// The name as others read it.
    pub name: String,
    /// The own service that the person works in or leads; none for other roles.
    pub service: Option<ServiceCode>,
    /// What the person is to the node; at least one.
    pub roles: BTreeSet<Role>,
    /// The unit (enhet), such as a school, within the service.
    pub unit: Option<String>,
    /// Which person of a case this is, for a guardian or the subject.
    pub person: Option<PersonId>,
    /// What the staff's login provider calls the person.
    pub staff_login: Option<String>,
    /// What the families' login provider calls the person.
    pub family_login: Option<String>,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").field("id", &self.id).field("roles", &self.roles).finish_non_exhaustive()
    }
}

/// All people with access, each account once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct People(BTreeMap<AccountId, Person>);

pub(crate) const KEYS: &[&str] = &["person"];
pub(crate) const PERSON_KEYS: &[&str] =
    &["id", "name", "service", "roles", "unit", "person", "staff_login", "family_login"];

impl People {
    /// Reads the file of people that the settings name.
    ///
    /// # Errors
    /// [`ConfigError`] for the first thing that is wrong; it names line and key, and repeats
    /// nothing that the file holds.
    pub fn load(config: &NodeConfig) -> Result<Self, ConfigError> {
        Self::load_file(&config.web.people, config)
    }

    /// Reads another file of people, for a check before it takes the place of the first.
    ///
    /// # Errors
    /// As [`People::load`].
    pub fn load_file(path: &Path, config: &NodeConfig) -> Result<Self, ConfigError> {
        Document::open(path, Visibility::Hidden)?.read(|root| {
            root.only(KEYS)?;
            let mut people = BTreeMap::new();
            let mut persons = BTreeSet::new();
            let mut logins = BTreeSet::new();
            for section in root.sections("person")? {
                let person = Person::read(&section, config, &people, &mut persons)?;
                let person = person.with_logins(&section, &mut logins)?;
                people.insert(person.id, person);
            }
            Ok(Self(people))
        })
    }

    /// Returns the person with this account.
    pub fn get(&self, account: AccountId) -> Option<&Person> {
        self.0.get(&account)
    }

    /// Returns everyone, by account.
    pub fn iter(&self) -> impl Iterator<Item = &Person> {
        self.0.values()
    }

    /// Returns everyone with `role`, by account.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = &Person> {
        self.iter().filter(move |person| person.roles.contains(&role))
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Person {
    fn read(
        section: &Section<'_>,
        config: &NodeConfig,
        people: &BTreeMap<AccountId, Person>,
        persons: &mut BTreeSet<PersonId>,
    ) -> Result<Self, ConfigError> {
        section.only(PERSON_KEYS)?;
        let id = section.require::<AccountId>("id")?;
        if people.contains_key(&id.value) {
            return Err(id.refuse_found("each id once", "an id that stands above"));
        }
        let roles = roles(section)?;
        let service = service(section, config, &roles)?;
        Ok(Self {
            id: id.value,
            name: section.require::<Name>("name")?.value.0,
            unit: unit(section, service.as_ref())?,
            person: person(section, &roles, persons)?,
            staff_login: None,
            family_login: None,
            service,
            roles,
        })
    }

    /// What the providers call the person; the same name twice would let one person be another.
    fn with_logins(
        mut self,
        section: &Section<'_>,
        logins: &mut BTreeSet<(&'static str, String)>,
    ) -> Result<Self, ConfigError> {
        let mut login = |key: &'static str, has_role: bool| -> Result<Option<String>, ConfigError> {
            let Some(found) = section.get::<Name>(key)? else { return Ok(None) };
            if !has_role {
                return Err(found.refuse_found("a login only of those who have a role there", "one"));
            }
            if !logins.insert((key, found.value.0.clone())) {
                return Err(found.refuse_found("each login once", "one that stands above"));
            }
            Ok(Some(found.value.0))
        };
        let (is_staff, is_family) = (
            self.roles.iter().any(|role| !is_of_a_family(*role)),
            self.roles.iter().copied().any(is_of_a_family),
        );
        self.staff_login = login("staff_login", is_staff)?;
        self.family_login = login("family_login", is_family)?;
        Ok(self)
    }
}

pub(crate) struct RoleWord(Role);

impl FromValue for RoleWord {
    const EXPECTED: &'static str = "employee, unit-leader, service-leader, bti-coordinator, archive, \
                                    it-operator, data-protection-officer, guardian or subject";

    fn from_value(value: &DeValue<'_>) -> Option<Self> {
        let text = value.as_str()?;
        ROLES.into_iter().find(|role| word(*role) == text).map(Self)
    }
}

pub(crate) const ROLES: [Role; 9] = [
    Role::Employee,
    Role::UnitLeader,
    Role::ServiceLeader,
    Role::BtiCoordinator,
    Role::Archive,
    Role::ItOperator,
    Role::DataProtectionOfficer,
    Role::Guardian,
    Role::Subject,
];

/// Returns the word for a role, the same as in JSON. A role that is added here joins [`ROLES`].
pub(crate) fn word(role: Role) -> &'static str {
    match role {
        Role::Employee => "employee",
        Role::UnitLeader => "unit-leader",
        Role::ServiceLeader => "service-leader",
        Role::BtiCoordinator => "bti-coordinator",
        Role::Archive => "archive",
        Role::ItOperator => "it-operator",
        Role::DataProtectionOfficer => "data-protection-officer",
        Role::Guardian => "guardian",
        Role::Subject => "subject",
    }
}

fn works_in_a_service(role: Role) -> bool {
    matches!(role, Role::Employee | Role::UnitLeader | Role::ServiceLeader)
}

/// Whether a role is one of a family: those log in elsewhere than staff.
pub fn is_of_a_family(role: Role) -> bool {
    matches!(role, Role::Guardian | Role::Subject)
}

fn roles(section: &Section<'_>) -> Result<BTreeSet<Role>, ConfigError> {
    let mut roles = BTreeSet::new();
    for word in section.list::<RoleWord>("roles")? {
        if !roles.insert(word.value.0) {
            return Err(word.refuse_found("each role once", "a role that stands before"));
        }
    }
    if roles.is_empty() {
        return Err(section.missing("roles", "at least one role"));
    }
    Ok(roles)
}

fn service(
    section: &Section<'_>,
    config: &NodeConfig,
    roles: &BTreeSet<Role>,
) -> Result<Option<ServiceCode>, ConfigError> {
    let needed = roles.iter().copied().any(works_in_a_service);
    let given: Option<Located<ServiceCode>> = section.get("service")?;
    match given {
        None if needed => Err(section.missing("service", "the service that an employee or leader works in")),
        None => Ok(None),
        Some(given) if !needed => {
            Err(given.refuse_found("no service without the role of employee or leader", "a service"))
        }
        Some(given) if config.service(&given.value).is_none() => {
            // A code is no secret and names no person: showing it makes a slip easy to find.
            let found = quoted(given.value.as_str());
            Err(given.refuse_found("a service of the node's own settings", found))
        }
        Some(given) => Ok(Some(given.value)),
    }
}

fn unit(section: &Section<'_>, service: Option<&ServiceCode>) -> Result<Option<String>, ConfigError> {
    match section.get::<Name>("unit")? {
        Some(unit) if service.is_none() => Err(unit.refuse_found("no unit without a service", "a unit")),
        unit => Ok(unit.map(|unit| unit.value.0)),
    }
}

/// Two accounts that are one person of a case would read what was meant for the other.
fn person(
    section: &Section<'_>,
    roles: &BTreeSet<Role>,
    persons: &mut BTreeSet<PersonId>,
) -> Result<Option<PersonId>, ConfigError> {
    let Some(person) = section.get::<PersonId>("person")? else {
        return Ok(None);
    };
    if !roles.iter().copied().any(is_of_a_family) {
        return Err(person.refuse_found("no person of a case without the role of guardian or subject", "one"));
    }
    if !persons.insert(person.value) {
        return Err(person.refuse_found("each person of a case once", "one that stands above"));
    }
    Ok(Some(person.value))
}
