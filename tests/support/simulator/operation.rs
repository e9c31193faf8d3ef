//! What is done in a run, and what befalls it: a closed set, written as one line of JSON each.

use serde::{Deserialize, Serialize};

/// The number of the operation that made something; names it for the others.
pub type Key = u32;
/// A node, by its place.
pub type NodeAt = u8;

/// Somebody of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Person {
    /// One guardian.
    Mother,
    /// The other guardian.
    Father,
    /// The child.
    Child,
}

/// Whom an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Concerned {
    /// The child.
    Subject,
    /// The mother.
    Mother,
    /// The father.
    Father,
    /// A sibling.
    Sibling,
}

/// Which way writing goes under a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// The service reads.
    Give,
    /// The service writes and reads its own writing alone.
    Receive,
    /// Both.
    Both,
}

/// How an address is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Not.
    None,
    /// Fortrolig.
    Confidential,
    /// Strengt fortrolig.
    Strict,
}

/// What an operator does to an agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Terms {
    /// It holds as it was made.
    Whole,
    /// It covers one area less.
    FewerAreas,
    /// It covers one service less.
    FewerServices,
    /// It is over.
    Ended,
    /// The partner's identity is revoked.
    Revoked,
}

/// What happens to the baton.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pass {
    /// It is offered.
    Offer,
    /// The one that it is offered to takes it.
    Accept,
    /// Somebody else says that it takes it.
    AcceptByAnother,
    /// The one that it is offered to says no.
    Decline,
    /// The holder takes the offer back.
    Recall,
    /// The leader gives it to somebody.
    Reassign,
}

/// What became of the commits under way when a node stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// Unsynced writes are lost.
    Lost,
    /// All are there.
    Kept,
    /// So many tenths are there, in their order; the next is torn and so not there.
    Torn(u8),
}

/// A lie of a partner's node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lie {
    /// A frame that is cut short.
    BadFrame,
    /// A frame on the wrong stream.
    WrongStream,
    /// An entry of the other's is announced as the liar's own.
    Transplant,
    /// Changes of a generation that its entry has left, as if they were of the present one.
    OldGeneration,
    /// A change in the name of the other's actor.
    ForeignActor,
    /// A change whose number leaves a gap.
    Gap,
    /// The same questions over and over.
    Flood,
    /// A receipt for what it does not erase.
    LyingReceipt,
    /// A receipt that nobody signed.
    ForgedReceipt,
    /// A receipt that answers something else.
    WrongReceipt,
    /// What was sent before is sent again, whatever was withdrawn since.
    SentAgain,
    /// It says that it was restored, again and again.
    Asks,
    /// It shows marks that nobody signed.
    ForgedMark,
    /// It grants what is not its own.
    ForeignGrant,
    /// A grant that nobody signed.
    ForgedGrant,
    /// An order for what is not its own.
    ForeignOrder,
    /// An order that nobody signed.
    ForgedOrder,
    /// It proposes under grants that it does not have.
    ProposesWithoutGrant,
    /// It relates entries that it does not have.
    ForeignRelation,
    /// It says that it holds what it does not.
    Acknowledges,
    /// It refuses everything.
    Refuses,
    /// It does not know any kind of frame.
    KnowsNothing,
    /// It writes where it may read alone.
    WritesAsReader,
    /// A good change, and after it many that each break another rule of their document.
    BrokenChanges,
    /// It greets once more, in another version.
    GreetsAgain,
    /// It compares what nobody has, and wants what nobody knows.
    FalseComparison,
    /// It says what it carried of what is not its own.
    FalseCarrying,
    /// It shows what it holds and what lives, unasked.
    FalseHolding,
    /// An answer that nobody signed, and word that one is kept.
    ForgedAnswer,
}

impl Lie {
    /// Every lie.
    pub const ALL: [Self; 29] = [
        Self::BadFrame,
        Self::WrongStream,
        Self::Transplant,
        Self::OldGeneration,
        Self::ForeignActor,
        Self::Gap,
        Self::Flood,
        Self::LyingReceipt,
        Self::ForgedReceipt,
        Self::WrongReceipt,
        Self::SentAgain,
        Self::Asks,
        Self::ForgedMark,
        Self::ForeignGrant,
        Self::ForgedGrant,
        Self::ForeignOrder,
        Self::ForgedOrder,
        Self::ProposesWithoutGrant,
        Self::ForeignRelation,
        Self::Acknowledges,
        Self::Refuses,
        Self::KnowsNothing,
        Self::WritesAsReader,
        Self::BrokenChanges,
        Self::GreetsAgain,
        Self::FalseComparison,
        Self::FalseCarrying,
        Self::FalseHolding,
        Self::ForgedAnswer,
    ];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::BadFrame => "lie: frame cut short",
            Self::WrongStream => "lie: wrong stream",
            Self::Transplant => "lie: transplant",
            Self::OldGeneration => "lie: left generation",
            Self::ForeignActor => "lie: foreign actor",
            Self::Gap => "lie: gap",
            Self::Flood => "lie: flood",
            Self::LyingReceipt => "lie: lying receipt",
            Self::ForgedReceipt => "lie: forged receipt",
            Self::WrongReceipt => "lie: wrong receipt",
            Self::SentAgain => "lie: sent again",
            Self::Asks => "lie: asks again and again",
            Self::ForgedMark => "lie: forged mark",
            Self::ForeignGrant => "lie: foreign grant",
            Self::ForgedGrant => "lie: forged grant",
            Self::ForeignOrder => "lie: foreign order",
            Self::ForgedOrder => "lie: forged order",
            Self::ProposesWithoutGrant => "lie: proposes without a grant",
            Self::ForeignRelation => "lie: foreign relation",
            Self::Acknowledges => "lie: acknowledges what it lacks",
            Self::Refuses => "lie: refuses everything",
            Self::KnowsNothing => "lie: knows nothing",
            Self::WritesAsReader => "lie: writes as a reader",
            Self::BrokenChanges => "lie: broken changes",
            Self::GreetsAgain => "lie: greets again",
            Self::FalseComparison => "lie: false comparison",
            Self::FalseCarrying => "lie: false carrying",
            Self::FalseHolding => "lie: false holding",
            Self::ForgedAnswer => "lie: forged answer",
        }
    }
}

/// One thing that is done, or befalls a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
#[allow(missing_docs, reason = "a field is named for what it is")]
pub enum Do {
    /// A case of a child with two guardians is opened.
    OpenCase {
        owner: NodeAt,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        youth_in: Option<u64>,
    },
    /// An entry is written and published.
    Publish { case: Key, areas: Vec<String>, kind: String, about: Vec<Concerned> },
    /// A case card is made for one consent.
    Card { consent: Key },
    /// Somebody edits an entry, if it is there.
    Edit { node: NodeAt, entry: Key, field: String },
    /// A partner's staff write a new entry, if a grant lets them.
    Propose {
        node: NodeAt,
        case: Key,
        service: String,
        areas: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        towards: Option<Key>,
    },
    /// Two entries are related.
    Relate { case: Key, from: Key, to: Key },
    /// An entry goes on in a new generation.
    Renew { entry: Key },
    /// The family is asked.
    Ask {
        case: Key,
        node: NodeAt,
        service: String,
        areas: Vec<String>,
        way: Way,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        except: Vec<Key>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from_in: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        for_ms: Option<u64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replaces: Option<Key>,
        #[serde(default, skip_serializing_if = "is_false")]
        private: bool,
        #[serde(default, skip_serializing_if = "is_false")]
        card: bool,
        #[serde(default, skip_serializing_if = "is_false")]
        place: bool,
    },
    /// Somebody says yes.
    Give {
        consent: Key,
        giver: Person,
        #[serde(default, skip_serializing_if = "is_false")]
        about_self: bool,
    },
    /// Everybody whose yes is needed says it.
    GiveAll { consent: Key },
    /// Somebody says no.
    Refuse { consent: Key, giver: Person },
    /// Somebody takes the yes back.
    Withdraw { consent: Key, giver: Person },
    /// Somebody takes areas back.
    Narrow { consent: Key, giver: Person, areas: Vec<String> },
    /// Somebody takes back what is about that person.
    WithdrawAbout { consent: Key, giver: Person },
    /// Somebody closes one entry.
    Except { consent: Key, giver: Person, entry: Key },
    /// The stafettholder looks through what was held.
    Review { consent: Key },
    /// The protection of the address is set.
    Protect { case: Key, grade: Grade },
    /// The leader lets a consent count under a confidential address.
    Approve { consent: Key },
    /// The guardians are others.
    Custody { case: Key, guardians: Vec<Person> },
    /// The child comes of age at another moment.
    Birthday { case: Key, youth_in: u64 },
    /// Something happens to the baton.
    Baton { case: Key, pass: Pass },
    /// The stafettholder closes the case for good.
    CloseCase { case: Key },
    /// A service that has a case by a consent says whether it takes it.
    Answer { consent: Key, takes: bool },
    /// The stafettholder's account is closed.
    AccountCloses { case: Key },
    /// An operator changes one side's agreement.
    Agree { own: NodeAt, partner: NodeAt, terms: Terms },
    /// The link is cut.
    Cut { one: NodeAt, other: NodeAt },
    /// The link is whole again, both ways.
    Heal { one: NodeAt, other: NodeAt },
    /// The link is lost and comes again.
    Reconnect { one: NodeAt, other: NodeAt },
    /// Nothing gets through one way.
    Mute { from: NodeAt, to: NodeAt },
    /// The transport takes no data frames.
    Stall { own: NodeAt, partner: NodeAt },
    /// It takes them again.
    Flow { own: NodeAt, partner: NodeAt },
    /// A node stops and starts again.
    Restart { node: NodeAt, stop: Stop },
    /// A node stops after so many more effects, and starts again.
    StopAfter { node: NodeAt, effects: u64, stop: Stop },
    /// The disk is full.
    Full { node: NodeAt },
    /// The disk has room again.
    Room { node: NodeAt },
    /// The next write fails.
    FailNext { node: NodeAt },
    /// A backup is taken.
    Backup { node: NodeAt },
    /// It takes the place of what is there.
    Restore { node: NodeAt, backup: Key, journal: bool },
    /// The clock is found elsewhere at a start.
    ClockJumps { node: NodeAt, ahead: bool },
    /// The operator puts it right.
    ClockRight { node: NodeAt },
    /// The node signs with another key from here on.
    RotateKey { node: NodeAt },
    /// Time passes while nobody is connected.
    Skip { ms: u64 },
    /// A partner lies.
    Lie { node: NodeAt, to: NodeAt, lie: Lie },
}

impl Do {
    /// Of what sort it is, by the name that lists have for it.
    pub fn sort(&self) -> String {
        let value = serde_json::to_value(self).expect("JSON");
        value["do"].as_str().expect("a tag").to_owned()
    }
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Its number.
    pub key: Key,
    /// When, in milliseconds from the start.
    pub at: u64,
    /// Whether the observed partner must not notice it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hidden: bool,
    /// What.
    #[serde(flatten)]
    pub what: Do,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

/// The world that a history is lived in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// What everything is drawn from.
    pub seed: u64,
    /// How many nodes there are.
    pub nodes: u8,
    /// Which of them have an agreement.
    pub links: Vec<(NodeAt, NodeAt)>,
    /// Milliseconds that a commit takes at the most.
    pub commit_max: u64,
    /// Milliseconds that a frame takes at the most.
    pub network_max: u64,
    /// So many of a thousand frames are late.
    pub late: u64,
    /// How late at the most.
    pub late_max: u64,
    /// With so many of a thousand frames the connection is lost.
    pub lost: u64,
    /// When everything is healed, in milliseconds from the first operation on.
    #[serde(default)]
    pub ends: u64,
    /// Whether all is drawn by what it is about. Lists that were kept before it was so draw some by
    /// counters.
    #[serde(default, skip_serializing_if = "is_false")]
    pub by_name: bool,
    /// A node with a program that does not know the newer kinds of frames.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older: Option<NodeAt>,
    /// A node that lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub liar: Option<NodeAt>,
}

/// A world and what is done in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The world.
    pub settings: Settings,
    /// What is done, by time.
    pub operations: Vec<Operation>,
}

impl History {
    /// Writes a history as lines: the world first, then one operation each.
    pub fn to_lines(&self) -> String {
        let settings = serde_json::to_string(&self.settings).expect("JSON");
        let operations = self.operations.iter().map(|one| serde_json::to_string(one).expect("JSON"));
        std::iter::once(settings).chain(operations).map(|line| line + "\n").collect()
    }

    /// Reads what [`to_lines`](Self::to_lines) wrote; lines that begin with `#` say why it is kept.
    ///
    /// # Errors
    /// The line that is none, and why.
    pub fn from_lines(text: &str) -> Result<Self, String> {
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.starts_with('#'));
        let (_, first) = lines.next().ok_or("the list is empty")?;
        let settings = serde_json::from_str(first).map_err(|error| format!("the world: {error}"))?;
        let read = |(number, line): (usize, &str)| {
            serde_json::from_str(line).map_err(|error| format!("line {}: {error}", number + 1))
        };
        let operations = lines.map(read).collect::<Result<_, _>>()?;
        Ok(Self { settings, operations })
    }

    /// The same without what is hidden.
    pub fn bare(&self) -> Self {
        let open = self.operations.iter().filter(|one| !one.hidden).cloned();
        Self { settings: self.settings.clone(), operations: open.collect() }
    }
}
