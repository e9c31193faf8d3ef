//! Late edits through several generations: each was followed by the next, and what is written late
//! in one is carried into the next, and from there on, up to the present.

use super::{CarryError, Span, carried_heads, carry};
use crate::entry::check::{ChangeRefusal, CheckedChange};
use crate::entry::document::{Accepted, EditError, EntryDocument, Side};
use crate::entry::operation::Change;
use crate::entry::{Actor, Heads};

/// An earlier generation, and how far it stands in the one that followed it.
#[derive(Debug, Clone)]
pub struct Earlier {
    /// Its document.
    pub document: EntryDocument,
    /// Its heads up to which it was carried.
    pub carried: Heads,
    /// Heads of the next generation that hold exactly that.
    pub onto: Heads,
    /// What was added to it here, in order: late changes, what was carried into it from an older
    /// one, and what puts its texts into normalization form C.
    pub added: Vec<CheckedChange>,
}

impl Earlier {
    /// Starts with what is stored.
    pub const fn new(document: EntryDocument, carried: Heads, onto: Heads) -> Self {
        Self { document, carried, onto, added: Vec::new() }
    }
}

/// The generations of one entry that late edits go through, and what was added to each.
#[derive(Debug, Clone)]
pub struct Chain {
    /// The earlier ones, oldest first.
    pub earlier: Vec<Earlier>,
    /// The present one.
    pub present: EntryDocument,
    /// What was added to the present one, in order.
    pub added: Vec<CheckedChange>,
}

/// Why late changes are not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LateError {
    /// There is no such earlier generation.
    #[error("the generation is not kept")]
    NotKept,
    /// A change does not pass the check of its own generation.
    #[error("a late change is refused")]
    Change(#[source] ChangeRefusal),
    /// The changes pass and cannot be made in a later generation.
    #[error("a late change cannot be carried over")]
    Carry(#[source] CarryError),
}

impl Chain {
    /// Starts with what is stored.
    pub const fn new(earlier: Vec<Earlier>, present: EntryDocument) -> Self {
        Self { earlier, present, added: Vec::new() }
    }

    /// Takes changes that a partner made in the earlier generation at `place`, checked as if it
    /// were the present one (law 8), and carries them up to the present. Changes that are there
    /// already are passed over: they have been carried.
    ///
    /// `fresh_actor` draws a new actor for each change that is made.
    ///
    /// # Errors
    /// [`LateError`]; the chain is as it was.
    pub fn take_late(
        &mut self,
        place: usize,
        changes: Vec<Change>,
        mut fresh_actor: impl FnMut() -> Actor,
    ) -> Result<(), LateError> {
        let mut copy = self.clone();
        let late = copy.earlier.get_mut(place).ok_or(LateError::NotKept)?;
        let mut steps = Vec::new();
        for change in changes {
            if let Accepted::New(checked) =
                late.document.accept(change, Side::Partner).map_err(LateError::Change)?
            {
                late.added.push(checked);
                steps.push(late.document.heads());
            }
        }
        if let Err(error) = copy.carry_in_parts(place, &steps, &mut fresh_actor) {
            if !is_about_a_text(&error) {
                return Err(LateError::Carry(error));
            }
            let steps = copy.normalize(place, steps).map_err(LateError::Carry)?;
            copy.carry_in_parts(place, &steps, &mut fresh_actor).map_err(LateError::Carry)?;
        }
        *self = copy;
        Ok(())
    }

    /// Carries all steps at once, or in two parts if they are too much for one change.
    fn carry_in_parts(
        &mut self,
        place: usize,
        steps: &[Heads],
        fresh_actor: &mut impl FnMut() -> Actor,
    ) -> Result<(), CarryError> {
        let Some(last) = steps.last() else { return Ok(()) };
        let mut copy = self.clone();
        match copy.carry_from(place, last, fresh_actor) {
            Ok(()) => {
                *self = copy;
                Ok(())
            }
            Err(error) if is_about_size(&error) && steps.len() > 1 => {
                let (first, rest) = steps.split_at(steps.len().div_ceil(2));
                self.carry_in_parts(place, first, fresh_actor)?;
                self.carry_in_parts(place, rest, fresh_actor)
            }
            Err(error) => Err(error),
        }
    }

    fn carry_from(
        &mut self,
        place: usize,
        until: &Heads,
        fresh_actor: &mut impl FnMut() -> Actor,
    ) -> Result<(), CarryError> {
        let Self { earlier, present, added } = self;
        let mut until = until.clone();
        let mut rest = earlier.get_mut(place..).unwrap_or_default();
        while let Some((one, later)) = rest.split_first_mut() {
            let (next, next_added) = match later.first_mut() {
                Some(next) => (&mut next.document, &mut next.added),
                None => (&mut *present, &mut *added),
            };
            let span = Span { carried: &one.carried, until: &until, onto: &one.onto };
            let made = carry(&one.document, span, next, &mut *fresh_actor)?;
            one.onto = carried_heads(&one.onto, &made);
            one.carried = until;
            next_added.extend(made);
            until = next.heads();
            rest = later;
        }
        Ok(())
    }

    /// Puts the texts of the generation at `place` into normalization form C: concurrent edits can
    /// leave a mark after a letter that it was not written for, and no change may write that.
    fn normalize(&mut self, place: usize, mut steps: Vec<Heads>) -> Result<Vec<Heads>, CarryError> {
        let late = self.earlier.get_mut(place).ok_or(CarryError::Apart)?;
        if let Some(change) = late.document.normalize(Side::Owner)? {
            late.added.push(change);
            // What stood before it cannot be carried by itself.
            steps = vec![late.document.heads()];
        }
        Ok(steps)
    }
}

const fn is_about_size(error: &CarryError) -> bool {
    matches!(
        error,
        CarryError::Edit(
            EditError::TooLarge { .. }
                | EditError::Refused(ChangeRefusal::TooManyOperations | ChangeRefusal::TooLarge)
        )
    )
}

const fn is_about_a_text(error: &CarryError) -> bool {
    matches!(
        error,
        CarryError::Edit(EditError::Refused(ChangeRefusal::Value(_)))
            | CarryError::Refused(ChangeRefusal::Value(_))
    )
}

#[cfg(test)]
mod tests;
