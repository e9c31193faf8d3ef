//! What each operation does to the world, and to the facts that the oracle judges by.
//!
//! Nobody does what a page would not offer: what makes no sense when its turn comes is passed over.
//! Words of a family count from the moment they are said.

use stafett_protocol::entry::About;
use stafett_protocol::id::{AccountId, PersonId};
use stafett_protocol::ledger::statement::Said;
use stafett_protocol::protection::ProtectionSaid;

use super::operation::{Concerned, Do, Key, NodeAt, Operation, Person, Stop};
use super::run::Run;
use crate::federation::Crash;
use crate::names::{CHILD, FATHER, MOTHER};

pub(super) const HOLDER: AccountId = AccountId::from_bytes([0xb1; 16]);
pub(super) const COLLEAGUE: AccountId = AccountId::from_bytes([0xb2; 16]);
pub(super) const LEADER: AccountId = AccountId::from_bytes([0xb3; 16]);

pub(super) fn person_id(person: Person) -> PersonId {
    match person {
        Person::Mother => MOTHER,
        Person::Father => FATHER,
        Person::Child => CHILD,
    }
}

pub(super) fn about(concerned: Concerned) -> About {
    match concerned {
        Concerned::Subject => About::Subject,
        Concerned::Mother => About::Guardian(MOTHER),
        Concerned::Father => About::Guardian(FATHER),
        Concerned::Sibling => About::Sibling,
    }
}

pub(super) fn crash(stop: Stop) -> Crash {
    match stop {
        Stop::Lost => Crash::BeforeCommits,
        Stop::Kept => Crash::AfterCommits,
        Stop::Torn(tenths) => Crash::SomeCommits { tenths: tenths.min(10) },
    }
}

impl Run {
    /// A text that nobody can guess, for one place.
    pub(super) fn marker(&self, name: &str) -> String {
        let bytes = self.chance.half(format!("{name} marker"));
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Does an operation; whether it did something.
    pub(super) fn apply(&mut self, operation: &Operation, name: &str) -> bool {
        let key = operation.key;
        match &operation.what {
            Do::OpenCase { .. }
            | Do::Publish { .. }
            | Do::Card { .. }
            | Do::Edit { .. }
            | Do::Propose { .. }
            | Do::Relate { .. }
            | Do::Renew { .. } => self.write(key, &operation.what, name),
            Do::Ask { .. } => self.ask(key, &operation.what, name),
            Do::Give { consent, giver, about_self } => self.give(*consent, *giver, *about_self, name),
            Do::GiveAll { consent } => self.give_all(*consent, name),
            Do::Refuse { consent, giver } => self.refuse(*consent, *giver, name),
            Do::Withdraw { consent, giver } => self.withdraw(*consent, *giver, name),
            Do::Narrow { consent, giver, areas } => self.narrow(*consent, *giver, areas, name),
            Do::WithdrawAbout { consent, giver } => self.withdraw_about(*consent, *giver, name),
            Do::Except { consent, giver, entry } => self.except(*consent, *giver, *entry, name),
            Do::Review { consent } => self.review(*consent, name),
            Do::Protect { case, grade } => self.protect(*case, *grade, name),
            Do::Approve { consent } => self.approve(*consent, name),
            Do::Custody { case, guardians } => self.register(*case, Some(guardians), None, name),
            Do::Birthday { case, youth_in } => self.register(*case, None, Some(*youth_in), name),
            Do::Baton { case, pass } => self.pass_baton(*case, *pass, name),
            Do::CloseCase { case } => self.close_case(*case, name),
            Do::Answer { consent, takes } => self.answer(*consent, *takes, name),
            Do::AccountCloses { case } => self.account_closes(*case, name),
            Do::Agree { own, partner, terms } => self.agree(*own, *partner, *terms),
            Do::Lie { node, to, lie } => self.lie(*node, *to, *lie, name),
            other => self.befall(key, other),
        }
    }

    /// Says something about a case; whether it was said.
    pub(super) fn say(&mut self, case: Key, by: AccountId, said: Vec<Said>, name: &str) -> bool {
        self.say_both(case, by, said, Vec::new(), name)
    }

    pub(super) fn say_both(
        &mut self,
        case: Key,
        by: AccountId,
        said: Vec<Said>,
        of_protection: Vec<ProtectionSaid>,
        name: &str,
    ) -> bool {
        let Some(at) = self.cases.get(&case).copied() else { return false };
        if !self.world.node(at.owner).store.ledgers.contains_key(&at.case) {
            return false;
        }
        let label = name.to_owned();
        let outcome = self.world.named(name, |world| world.try_say(at, &label, by, said, of_protection));
        match outcome {
            Ok(was_said) => was_said,
            // Nothing more is said in a case that is closed; what is refused there says nothing.
            Err(_) if self.facts.cases.get(&case).is_some_and(|facts| facts.is_closed) => false,
            // What it speaks of was lost in a restore.
            Err(_) if self.was_restored(self.place(at.owner)) => false,
            Err(error) => {
                self.violated("the core takes every word that can be said", format!("{name}: {error}"));
                false
            }
        }
    }

    /// Whether staff of a node can write.
    pub(super) fn can_write(&self, node: NodeAt) -> bool {
        let number = self.number(node);
        !self.world.is_full(number) && !self.world.is_sealed(number)
    }
}
