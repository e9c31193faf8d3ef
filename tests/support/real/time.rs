//! Lets time pass for running nodes, and changes what stands in their settings before they start.

use anyhow::Context;
use stafett_node::clock;
use stafett_node::startup::ClockStatus;

use super::cast::Place;
use super::world::World;
use super::{backup, until};

/// The file in a node's folder that moves its clocks.
pub const CLOCK: &str = "clock";

const MINUTE_MS: i64 = 60_000;

impl World {
    /// Lets time pass at some nodes, for both their clocks: nothing jumps.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub async fn pass(&self, places: &[Place], millis: i64) -> anyhow::Result<()> {
        for place in places {
            let [wall, monotonic] = self.moved(*place)?;
            self.move_clocks(*place, [wall + millis, monotonic + millis])?;
        }
        Ok(())
    }

    /// Moves a node's clocks: milliseconds ahead of the system's wall clock and of the monotonic one.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn move_clocks(&self, place: Place, [wall, monotonic]: [i64; 2]) -> anyhow::Result<()> {
        let file = self.folder(place).join(CLOCK);
        let fresh = file.with_extension("new");
        std::fs::write(&fresh, format!("{wall} {monotonic}"))?;
        std::fs::rename(&fresh, &file)?;
        Ok(())
    }

    /// How far a node's clocks are ahead.
    ///
    /// # Errors
    /// If the file holds something else.
    pub fn moved(&self, place: Place) -> anyhow::Result<[i64; 2]> {
        let file = self.folder(place).join(CLOCK);
        if !file.exists() {
            return Ok([0, 0]);
        }
        let text = std::fs::read_to_string(file)?;
        let (wall, monotonic) = text.trim().split_once(' ').context("two numbers")?;
        Ok([wall.parse()?, monotonic.parse()?])
    }

    /// What a node's wall clock shows, in milliseconds since 1970.
    ///
    /// # Errors
    /// If the file that moves it holds something else.
    pub fn now(&self, place: Place) -> anyhow::Result<i64> {
        let [wall, _] = self.moved(place)?;
        Ok(i64::try_from(clock::now().0)? + wall)
    }

    /// Waits until a node has written down that its time has come this far: one that is stopped
    /// before it takes what has passed for a jump.
    ///
    /// # Errors
    /// If the node does not tell, or never does it.
    pub async fn until_marked(&self, place: Place) -> anyhow::Result<()> {
        until("a mark of the clock", async || {
            let status: ClockStatus = backup::command(self.folder(place), &["clock", "status"]).await?;
            let mark = i64::try_from(status.mark.context("a mark")?.0)?;
            Ok((mark + MINUTE_MS > self.now(place)?).then_some(()))
        })
        .await
    }

    /// Adds sections to the settings of a node that does not run.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn add_settings(&self, place: Place, more: &str) -> anyhow::Result<()> {
        let file = self.folder(place).join("stafett.toml");
        let text = std::fs::read_to_string(&file)?;
        std::fs::write(&file, format!("{text}\n{more}"))?;
        Ok(())
    }
}
