//! What comes from outside to the protocol and the settings, byte by byte: one function for each
//! decoder, to be called with any bytes. None may panic, and what is taken must hold.
//!
//! The fuzzer calls them with what it makes up; the tests of the simulation call them with the
//! seeds, with mutations of them, and with files that other programs have stumbled over.

mod entry;
mod lengths;
mod package;
mod seeds;
mod session;
mod settings;
mod watched;
mod words;

pub use lengths::{split, with_length};
pub use seeds::seeds;
pub use session::{found_in_what_was_sent, told_of_what_is_shared};

/// A decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decoder {
    /// Frames of a link.
    Frame,
    /// Changes of an entry: their form, the check of a genesis, and taking one into a document.
    Change,
    /// What people write into an entry, as JSON.
    Fields,
    /// Signed statements as tokens.
    Statement,
    /// What a statement says, as JSON, once its signature is good.
    Said,
    /// What a service of the partner's answers, as JSON, once its signature is good.
    Uptake,
    /// What is said of a baton at a partner, as JSON, once its signature is good.
    Baton,
    /// The package of a case that moves: its document, and its sealed bytes.
    Package,
    /// The journal.
    Journal,
    /// A node's settings.
    Settings,
    /// The file of a partner.
    Partner,
    /// The file of people.
    People,
    /// Set reconciliation.
    Reconcile,
    /// Everything that can happen to a session.
    Session,
}

impl Decoder {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Frame,
        Self::Change,
        Self::Fields,
        Self::Statement,
        Self::Said,
        Self::Uptake,
        Self::Baton,
        Self::Package,
        Self::Journal,
        Self::Settings,
        Self::Partner,
        Self::People,
        Self::Reconcile,
        Self::Session,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Frame => "frame",
            Self::Change => "change",
            Self::Fields => "fields",
            Self::Statement => "statement",
            Self::Said => "said",
            Self::Uptake => "uptake",
            Self::Baton => "baton",
            Self::Package => "package",
            Self::Journal => "journal",
            Self::Settings => "settings",
            Self::Partner => "partner",
            Self::People => "people",
            Self::Reconcile => "reconcile",
            Self::Session => "session",
        }
    }

    /// Gives it some bytes.
    pub fn run(self, bytes: &[u8]) {
        match self {
            Self::Frame => entry::frame(bytes),
            Self::Change => entry::change(bytes),
            Self::Fields => entry::fields(bytes),
            Self::Statement => words::statement(bytes),
            Self::Said => words::said(bytes),
            Self::Uptake => session::uptake(bytes),
            Self::Baton => session::baton(bytes),
            Self::Package => package::package(bytes),
            Self::Journal => words::journal(bytes),
            Self::Settings => settings::node(bytes),
            Self::Partner => settings::partner(bytes),
            Self::People => settings::people(bytes),
            Self::Reconcile => session::reconcile(bytes),
            Self::Session => session::inputs(bytes),
        }
    }
}
