//! Who takes part. The municipalities exist and take no part; the persons are invented.

use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::person::Role;

/// A municipality with a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Owns the cases of the stories.
    Inderoy,
    /// Hosts PPT for all of them.
    Steinkjer,
    /// A third one, which is not to know.
    Snasa,
    /// One of [`MORE`], by its place there.
    More(usize),
}

/// More municipalities with nodes, as key, name, municipality number and organisation number.
pub static MORE: [[&str; 4]; 10] = [
    ["verdal", "Verdal kommune", "5038", "938587418"],
    ["levanger", "Levanger kommune", "5037", "938587051"],
    ["namsos", "Namsos kommune", "5007", "942875967"],
    ["grong", "Grong kommune", "5045", "940010853"],
    ["frosta", "Frosta kommune", "5036", "944482253"],
    ["lierne", "Lierne kommune", "5042", "972417963"],
    ["overhalla", "Overhalla kommune", "5047", "939896600"],
    ["hoylandet", "Høylandet kommune", "5046", "940171148"],
    ["meraker", "Meråker kommune", "5034", "835231712"],
    ["stjordal", "Stjørdal kommune", "5035", "939958851"],
];

impl Place {
    /// The name of its folder.
    pub fn key(self) -> &'static str {
        match self {
            Self::Inderoy => "inderoy",
            Self::Steinkjer => "steinkjer",
            Self::Snasa => "snasa",
            Self::More(number) => MORE[number][0],
        }
    }

    /// The name as people read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inderoy => "Inderøy kommune",
            Self::Steinkjer => "Steinkjer kommune",
            Self::Snasa => "Snåsa kommune",
            Self::More(number) => MORE[number][1],
        }
    }

    /// The municipality number.
    pub fn municipality(self) -> &'static str {
        match self {
            Self::Inderoy => "5053",
            Self::Steinkjer => "5006",
            Self::Snasa => "5041",
            Self::More(number) => MORE[number][2],
        }
    }

    /// The organisation number as it is written.
    pub fn organisation(self) -> &'static str {
        match self {
            Self::Inderoy => "997391853",
            Self::Steinkjer => "840029212",
            Self::Snasa => "964982031",
            Self::More(number) => MORE[number][3],
        }
    }

    /// The organisation number.
    pub fn number(self) -> OrganisationNumber {
        self.organisation().parse().expect("a valid organisation number")
    }
}

/// Somebody with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Teacher in Inderøy; stafettholder of the cases that she opens.
    Marte,
    /// Public health nurse in Inderøy.
    Siri,
    /// Operator in Inderøy.
    Jo,
    /// BTI coordinator in Inderøy.
    Bente,
    /// Leads PPT in Steinkjer.
    Berit,
    /// Adviser at PPT; works with the case.
    Ole,
    /// Adviser at PPT; has no task in the case.
    Ida,
    /// Teacher in Steinkjer.
    Tor,
    /// Operator in Steinkjer.
    Gro,
    /// BTI coordinator in Steinkjer.
    Kari,
    /// Teacher in Snåsa.
    Laila,
    /// Operator in Snåsa.
    Per,
    /// BTI coordinator in Snåsa.
    Unni,
}

/// What somebody does, and where.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Who.
    pub who: Who,
    /// In which municipality.
    pub place: Place,
    /// In which service; none for who runs the node or coordinates.
    pub service: Option<&'static str>,
    /// The role.
    pub role: Role,
    /// The word for the role on the command line.
    pub role_word: &'static str,
}

const EMPLOYEE: (Role, &str) = (Role::Employee, "employee");
const LEADER: (Role, &str) = (Role::ServiceLeader, "service-leader");
const OPERATOR: (Role, &str) = (Role::ItOperator, "it-operator");
const COORDINATOR: (Role, &str) = (Role::BtiCoordinator, "bti-coordinator");

const fn part(
    who: Who,
    place: Place,
    service: Option<&'static str>,
    (role, role_word): (Role, &'static str),
) -> Part {
    Part { who, place, service, role, role_word }
}

/// Everybody.
pub static CAST: [Part; 13] = [
    part(Who::Marte, Place::Inderoy, Some("school"), EMPLOYEE),
    part(Who::Siri, Place::Inderoy, Some("health-station"), EMPLOYEE),
    part(Who::Jo, Place::Inderoy, None, OPERATOR),
    part(Who::Bente, Place::Inderoy, None, COORDINATOR),
    part(Who::Berit, Place::Steinkjer, Some("ppt"), LEADER),
    part(Who::Ole, Place::Steinkjer, Some("ppt"), EMPLOYEE),
    part(Who::Ida, Place::Steinkjer, Some("ppt"), EMPLOYEE),
    part(Who::Tor, Place::Steinkjer, Some("school"), EMPLOYEE),
    part(Who::Gro, Place::Steinkjer, None, OPERATOR),
    part(Who::Kari, Place::Steinkjer, None, COORDINATOR),
    part(Who::Laila, Place::Snasa, Some("school"), EMPLOYEE),
    part(Who::Per, Place::Snasa, None, OPERATOR),
    part(Who::Unni, Place::Snasa, None, COORDINATOR),
];

impl Who {
    /// What the person does.
    pub fn part(self) -> &'static Part {
        CAST.iter().find(|part| part.who == self).expect("everybody has a part")
    }
}
