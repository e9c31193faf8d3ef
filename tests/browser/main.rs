//! The pages in a real browser: every page of every role, and the stories told by keyboard alone.
//!
//! Here nodes are made and started whose people log in by being picked; what the browser does is
//! told in JavaScript beside this file and run by Node.js with the system's chromium. `README.md`
//! beside it says how.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test that meets the unexpected stops"
)]

mod script;
mod town;

use self::script::run;
use self::town::Town;

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_every_role_is_accessible_and_reached() -> anyhow::Result<()> {
    // Names the folder that the pictures of the README are written to.
    if std::env::var_os("BROWSER_SCREENSHOTS").is_some() {
        let town = Town::start().await?;
        run("screenshots.mjs", &town).await?;
        town.end().await?;
    }
    let town = Town::start().await?;
    run("pages.mjs", &town).await?;
    town.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn stories_are_told_by_keyboard_over_two_nodes() -> anyhow::Result<()> {
    let town = Town::start().await?;
    run("stories.mjs", &town).await?;
    town.end().await
}
