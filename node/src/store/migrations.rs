//! Forward-only migrations. Each is recorded with the SHA-256 of its text; a store that a newer
//! program wrote, or that another text made, is refused instead of guessed at.

use rusqlite::Connection;
use sha2::{Digest, Sha256};

use crate::clock;
use crate::store::error::StoreError;
use crate::store::value::{self, millis};

/// One step of a schema; its number is its place, from 1.
pub(crate) struct Migration {
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

/// The schema of `store.sqlite`.
pub(crate) const STORE: &[Migration] = &[
    Migration { name: "initial", sql: include_str!("migrations/0001_initial.sql") },
    Migration { name: "protection", sql: include_str!("migrations/0002_protection.sql") },
    Migration { name: "returned_edit", sql: include_str!("migrations/0003_returned_edit.sql") },
    Migration { name: "earlier_generations", sql: include_str!("migrations/0004_earlier_generations.sql") },
    Migration { name: "sealing", sql: include_str!("migrations/0005_sealing.sql") },
    Migration { name: "session", sql: include_str!("migrations/0006_session.sql") },
    Migration { name: "handover_note", sql: include_str!("migrations/0007_handover_note.sql") },
    Migration { name: "grant_handed", sql: include_str!("migrations/0008_grant_handed.sql") },
    Migration { name: "uptake", sql: include_str!("migrations/0009_uptake.sql") },
    Migration {
        name: "acknowledged_generations",
        sql: include_str!("migrations/0010_acknowledged_generations.sql"),
    },
    Migration { name: "emergency_opening", sql: include_str!("migrations/0011_emergency_opening.sql") },
    Migration { name: "assignment_until", sql: include_str!("migrations/0012_assignment_until.sql") },
    Migration { name: "succession", sql: include_str!("migrations/0013_succession.sql") },
    Migration { name: "arrival", sql: include_str!("migrations/0014_arrival.sql") },
    Migration { name: "package_by_hand", sql: include_str!("migrations/0015_package_by_hand.sql") },
    Migration { name: "baton_there", sql: include_str!("migrations/0016_baton_there.sql") },
    Migration { name: "hand_arrival", sql: include_str!("migrations/0017_hand_arrival.sql") },
];

/// The schema of `keys.sqlite`.
pub(crate) const KEYS: &[Migration] =
    &[Migration { name: "keys_initial", sql: include_str!("migrations/keys_0001_initial.sql") }];

const RECORD: &str = "CREATE TABLE IF NOT EXISTS migration (
    number     INTEGER PRIMARY KEY,
    name       TEXT NOT NULL,
    sha256     BLOB NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT";

/// Brings a database to the newest schema, each migration in a transaction of its own.
pub(crate) fn migrate(connection: &mut Connection, known: &[Migration]) -> Result<(), StoreError> {
    connection.execute(RECORD, [])?;
    let applied = check(connection, known)?;
    for (number, migration) in numbered(known).filter(|(number, _)| *number > applied) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(migration.sql)?;
        transaction.execute(
            "INSERT INTO migration (number, name, sha256, applied_at) VALUES (?1, ?2, ?3, ?4)",
            (number, migration.name, checksum(migration), millis(clock::now())),
        )?;
        transaction.commit()?;
    }
    Ok(())
}

/// Refuses a database that does not have exactly the newest schema.
pub(crate) fn must_be_current(connection: &Connection, known: &[Migration]) -> Result<(), StoreError> {
    let found = check(connection, known)?;
    let newest = newest(known);
    if found == newest { Ok(()) } else { Err(StoreError::Older { found, known: newest }) }
}

/// Returns the newest migration that the database has.
fn check(connection: &Connection, known: &[Migration]) -> Result<u32, StoreError> {
    let mut rows = connection.prepare("SELECT number, sha256 FROM migration ORDER BY number")?;
    let applied: Vec<(u32, Vec<u8>)> =
        value::collect(rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?)?;
    let found = applied.last().map_or(0, |(number, _)| *number);
    if found > newest(known) {
        return Err(StoreError::Newer { found, known: newest(known) });
    }
    for ((expected, migration), (number, sha256)) in numbered(known).zip(&applied) {
        if *number != expected || *sha256 != checksum(migration) {
            return Err(StoreError::MigrationChanged { number: *number });
        }
    }
    Ok(found)
}

fn numbered(known: &[Migration]) -> impl Iterator<Item = (u32, &Migration)> {
    (1..).zip(known)
}

/// Returns the number of the newest schema.
pub(crate) fn newest(known: &[Migration]) -> u32 {
    u32::try_from(known.len()).unwrap_or(u32::MAX)
}

fn checksum(migration: &Migration) -> [u8; 32] {
    Sha256::digest(migration.sql.as_bytes()).into()
}
