//! Who takes part. All of them are invented.

use anyhow::Context;
use serde::Serialize;
use stafett_protocol::person::Role;

/// A municipality of the story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Place {
    Inderoy,
    Steinkjer,
    Snasa,
}

impl Place {
    /// Every municipality; Steinkjer first, because the others dial it.
    pub(super) const ALL: [Self; 3] = [Self::Steinkjer, Self::Inderoy, Self::Snasa];

    /// Whose node hands something to whose, as (from, to).
    pub(super) const LINKS: [(Self, Self); 4] = [
        (Self::Inderoy, Self::Steinkjer),
        (Self::Snasa, Self::Steinkjer),
        (Self::Steinkjer, Self::Inderoy),
        (Self::Steinkjer, Self::Snasa),
    ];

    /// The name of its folder, and in documents.
    pub(super) const fn key(self) -> &'static str {
        match self {
            Self::Inderoy => "inderoy",
            Self::Steinkjer => "steinkjer",
            Self::Snasa => "snasa",
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Inderoy => "Inderøy kommune",
            Self::Steinkjer => "Steinkjer kommune",
            Self::Snasa => "Snåsa kommune",
        }
    }

    /// The municipality number (kommunenummer).
    pub(super) const fn municipality(self) -> &'static str {
        match self {
            Self::Inderoy => "5053",
            Self::Steinkjer => "5006",
            Self::Snasa => "5041",
        }
    }

    pub(super) const fn organisation(self) -> &'static str {
        match self {
            Self::Inderoy => "997391853",
            Self::Steinkjer => "840029212",
            Self::Snasa => "964982031",
        }
    }
}

/// Somebody with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Who {
    Marte,
    Siri,
    Jo,
    Berit,
    Ole,
    Tor,
    Gro,
    Kari,
    Laila,
    Per,
}

impl Who {
    fn part(self) -> anyhow::Result<&'static Part> {
        CAST.iter().find(|part| part.who == self).context("somebody of the cast")
    }

    pub(super) fn name(self) -> anyhow::Result<&'static str> {
        Ok(self.part()?.name)
    }

    pub(super) fn place(self) -> anyhow::Result<Place> {
        Ok(self.part()?.place)
    }
}

/// What somebody does, and where.
pub(super) struct Part {
    pub(super) who: Who,
    pub(super) name: &'static str,
    pub(super) place: Place,
    /// None for who runs the node or coordinates.
    pub(super) service: Option<&'static str>,
    pub(super) role: Role,
}

impl Part {
    /// The word for the role on the command line.
    pub(super) const fn role_word(&self) -> &'static str {
        match self.role {
            Role::ServiceLeader => "service-leader",
            Role::ItOperator => "it-operator",
            Role::BtiCoordinator => "bti-coordinator",
            _ => "employee",
        }
    }
}

const fn part(who: Who, name: &'static str, place: Place, service: Option<&'static str>, role: Role) -> Part {
    Part { who, name, place, service, role }
}

/// The cast: teacher and stafettholder, public health nurse and operator in Inderøy; leader of PPT,
/// adviser, teacher, operator and BTI coordinator in Steinkjer; teacher and operator in Snåsa.
pub(super) static CAST: [Part; 10] = [
    part(Who::Marte, "Marte", Place::Inderoy, Some("school"), Role::Employee),
    part(Who::Siri, "Siri", Place::Inderoy, Some("health-station"), Role::Employee),
    part(Who::Jo, "Jo", Place::Inderoy, None, Role::ItOperator),
    part(Who::Berit, "Berit", Place::Steinkjer, Some("ppt"), Role::ServiceLeader),
    part(Who::Ole, "Ole", Place::Steinkjer, Some("ppt"), Role::Employee),
    part(Who::Tor, "Tor", Place::Steinkjer, Some("school"), Role::Employee),
    part(Who::Gro, "Gro", Place::Steinkjer, None, Role::ItOperator),
    part(Who::Kari, "Kari", Place::Steinkjer, None, Role::BtiCoordinator),
    part(Who::Laila, "Laila", Place::Snasa, Some("school"), Role::Employee),
    part(Who::Per, "Per", Place::Snasa, None, Role::ItOperator),
];
