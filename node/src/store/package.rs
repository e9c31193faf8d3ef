//! Packages for the hand: the envelope of each that stands, until it is taken back or the case has moved.

use serde::{Deserialize, Serialize};
use stafett_protocol::id::{CaseId, PackageId, SuccessionId};
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::succession::CivilDay;
use stafett_protocol::transaction::PackageItem;

use crate::store::StoreReader;
use crate::store::case::json;
use crate::store::error::StoreError;
use crate::store::ledger::row_of;
use crate::store::sealed::PACKAGE_BY_HAND;
use crate::store::snapshot::Snapshot;
use crate::store::step::Step;
use crate::store::succession;

/// A package for the hand as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredPackage {
    /// Its id.
    pub package: PackageId,
    /// Of which case.
    pub case: CaseId,
    /// For whom, when, and the envelope.
    pub file: PackageFile,
}

/// What of a package for the hand leaves the house.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageFile {
    /// For which municipality.
    pub to: OrganisationNumber,
    /// The day on which it was made.
    pub made_on: CivilDay,
    /// The key that signed what is in it.
    pub signed_by: [u8; 32],
    /// JWE compact; nobody here has the code word.
    pub envelope: String,
}

impl std::fmt::Debug for StoredPackage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoredPackage({}, {} bytes)", self.package, self.file.envelope.len())
    }
}

impl StoreReader {
    /// Returns the package for the hand that stands for a case; there is never more than one.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn package_by_hand(&self, case: CaseId) -> Result<Option<StoredPackage>, StoreError> {
        self.read(move |snapshot| standing(snapshot, case)).await
    }

    /// Returns the entries that stand in a package for the hand, also in one that was taken back.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn items_by_hand(&self, package: PackageId) -> Result<Vec<PackageItem>, StoreError> {
        self.package_items(place_of(package), 0).await
    }
}

/// Under which id its items stand beside those of packages of the link.
fn place_of(package: PackageId) -> SuccessionId {
    SuccessionId::from_bytes(*package.as_bytes())
}

fn standing(snapshot: &Snapshot<'_>, case: CaseId) -> Result<Option<StoredPackage>, StoreError> {
    snapshot.optional(
        "SELECT package_id, sealed FROM package_by_hand WHERE case_id = ?1",
        [case.as_bytes()],
        |row| {
            let package = PackageId::from_bytes(row.get(0)?);
            let sealed: Vec<u8> = row.get(1)?;
            let place = row_of(&case, package.as_bytes());
            let file = snapshot.open_json(case, &PACKAGE_BY_HAND, &place, &sealed)?;
            Ok(StoredPackage { package, case, file })
        },
    )
}

/// Keeps a package, and which entries stand in it.
pub(crate) fn put(
    step: &mut Step<'_>,
    stored: &StoredPackage,
    items: &[PackageItem],
) -> Result<(), StoreError> {
    let StoredPackage { package, case, file } = stored;
    let place = row_of(case, package.as_bytes());
    let sealed = step.seal(*case, &PACKAGE_BY_HAND, &place, &json(file, PACKAGE_BY_HAND.name)?)?;
    step.execute(
        "INSERT OR IGNORE INTO package_by_hand (package_id, case_id, sealed) VALUES (?1, ?2, ?3)",
        (package.as_bytes(), case.as_bytes(), sealed),
    )?;
    succession::put_items(step, *case, place_of(*package), 0, items)
}

/// Deletes a package. Which entries stood in it stays known.
pub(crate) fn drop_package(step: &Step<'_>, package: PackageId) -> Result<(), StoreError> {
    step.execute("DELETE FROM package_by_hand WHERE package_id = ?1", [package.as_bytes()])?;
    Ok(())
}
