//! What operators ask a running node to do about a seal. The rows stay: they are the record of it.

use rusqlite::{Connection, OptionalExtension};
use stafett_protocol::time::UnixMillis;

use crate::store::StoreReader;
use crate::store::error::StoreError;
use crate::store::step::Step;
use crate::store::value::{millis, moment};

/// One word of an operator's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorWord {
    /// Its number.
    pub number: i64,
    /// What is asked for, such as `clock-confirm`.
    pub word: String,
    /// When.
    pub said_at: UnixMillis,
}

impl StoreReader {
    /// Returns what operators asked for and what was not done yet, oldest first.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn words_waiting(&self) -> Result<Vec<OperatorWord>, StoreError> {
        self.read(|snapshot| {
            snapshot.rows(
                "SELECT number, word, said_at FROM operator_word WHERE done_at IS NULL ORDER BY number",
                [],
                |row| {
                    Ok(OperatorWord { number: row.get(0)?, word: row.get(1)?, said_at: moment(row.get(2)?) })
                },
            )
        })
        .await
    }

    /// Returns what an operator handed over with a word that was not done yet.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn word_body(&self, number: i64) -> Result<Option<Vec<u8>>, StoreError> {
        let select = "SELECT body FROM operator_word WHERE number = ?1";
        let body =
            self.read(move |snapshot| snapshot.optional(select, [number], |row| Ok(row.get(0)?))).await?;
        Ok(body.flatten())
    }
}

/// Says something, and hands over what belongs to it; returns its number.
pub(crate) fn say(
    connection: &Connection,
    word: &str,
    body: Option<&[u8]>,
    at: UnixMillis,
) -> Result<i64, StoreError> {
    let insert = "INSERT INTO operator_word (word, body, said_at) VALUES (?1, ?2, ?3)";
    connection.execute(insert, (word, body, millis(at)))?;
    Ok(connection.last_insert_rowid())
}

/// Returns what came of a word, once it is done.
pub(crate) fn outcome(connection: &Connection, number: i64) -> Result<Option<String>, StoreError> {
    let select = "SELECT outcome FROM operator_word WHERE number = ?1 AND done_at IS NOT NULL";
    let outcome = connection.query_row(select, [number], |row| row.get::<_, Option<String>>(0)).optional()?;
    Ok(outcome.flatten())
}

/// Takes a word back that nobody has acted on. Returns whether it was in time.
pub(crate) fn take_back(connection: &Connection, number: i64) -> Result<bool, StoreError> {
    let delete = "DELETE FROM operator_word WHERE number = ?1 AND done_at IS NULL";
    Ok(connection.execute(delete, [number])? == 1)
}

/// Writes down what came of a word.
pub(crate) fn done(step: &Step<'_>, number: i64, outcome: &str, at: UnixMillis) -> Result<(), StoreError> {
    step.execute(
        "UPDATE operator_word SET done_at = ?2, outcome = ?3, body = NULL WHERE number = ?1 AND done_at IS NULL",
        (number, millis(at), outcome),
    )?;
    Ok(())
}
