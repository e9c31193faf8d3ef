//! What a command writes: lines and JSON on standard output, one line of failure on standard error.

use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use std::time::Duration;

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use indicatif::ProgressBar;
use serde::Serialize;

/// Writes one line.
pub(crate) fn line(text: impl Display) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout().lock(), "{text}")?)
}

/// Shows on standard error that something goes on; shows nothing where that is no terminal.
pub(crate) fn spinner(message: &str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(message.to_owned());
    spinner.enable_steady_tick(Duration::from_millis(120));
    spinner
}

/// Writes a value as JSON, indented for people who look at it.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    line(serde_json::to_string_pretty(value)?)
}

/// Writes rows under a head, or `empty` if there are none.
pub(crate) fn table<const N: usize>(
    head: [&str; N],
    rows: Vec<[String; N]>,
    empty: &str,
) -> anyhow::Result<()> {
    if rows.is_empty() {
        return line(empty);
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(head);
    for row in rows {
        table.add_row(row);
    }
    for row in table.lines() {
        line(row.trim_end())?;
    }
    Ok(())
}

/// Writes why a command failed, and returns its exit code. A reader of our output that has gone
/// away, such as `head`, is no failure.
pub(crate) fn failure(error: &anyhow::Error) -> ExitCode {
    let closed = |cause: &std::io::Error| cause.kind() == ErrorKind::BrokenPipe;
    if error.root_cause().downcast_ref::<std::io::Error>().is_some_and(closed) {
        return ExitCode::SUCCESS;
    }
    // If standard error is closed too, the exit code still tells.
    let _ = writeln!(std::io::stderr().lock(), "error: {}", one_line(error));
    ExitCode::FAILURE
}

/// Joins an error and its causes. A cause that the text before ends with is not said twice.
pub(crate) fn one_line(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        if text.ends_with(&cause) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&cause);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_stand_in_one_line_and_each_once() {
        let error = anyhow::anyhow!("no such\nfile").context("keys/tls.key: no such file").context("check");

        assert_eq!(one_line(&error), "check: keys/tls.key: no such file");
    }
}
