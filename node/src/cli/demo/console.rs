//! What is shown while the story goes on, and what is asked.

use std::io::{BufRead, IsTerminal};

use anyhow::Context;
use comfy_table::presets::UTF8_FULL;
use comfy_table::{ContentArrangement, Table as Drawn};
use tokio::sync::mpsc;

use super::super::print;
use super::report::{Beat, Search, Table};
use super::words::{Words, fill};

/// Columns of text that a table is drawn in.
const WIDTH: u16 = 110;

/// Whether the story is told, and whether it waits for its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Talk {
    /// Tells, asks and waits.
    Asks,
    /// Tells and asks nothing.
    Tells,
    /// Says nothing: standard output is one document.
    Silent,
}

impl Talk {
    /// Decides by the arguments, and by whether somebody is there to answer.
    pub(super) fn of(once: bool, json: bool) -> Self {
        match (once, json) {
            (_, true) => Self::Silent,
            (false, false) if std::io::stdin().is_terminal() => Self::Asks,
            _ => Self::Tells,
        }
    }
}

/// The terminal, or nobody.
pub(super) struct Console {
    words: &'static Words,
    talk: Talk,
    lines: Option<mpsc::UnboundedReceiver<String>>,
}

impl Console {
    pub(super) fn new(words: &'static Words, talk: Talk) -> Self {
        Self { words, talk, lines: (talk == Talk::Asks).then(read_lines) }
    }

    pub(super) fn say(&self, text: &str) -> anyhow::Result<()> {
        if self.talk == Talk::Silent { Ok(()) } else { print::line(text) }
    }

    /// Says what stands above a beat.
    pub(super) fn begin(&self, beat: &Beat) -> anyhow::Result<()> {
        self.say(&format!("\n({}) {}\n{}", beat.number, beat.title, wrapped(beat.told)))
    }

    /// Says something within a beat.
    pub(super) fn note(&self, beat: &mut Beat, text: String) -> anyhow::Result<()> {
        self.say(&wrapped(&text))?;
        beat.notes.push(text);
        Ok(())
    }

    /// Shows what each place reads, and whether the beat held.
    pub(super) fn end(&self, beat: &Beat) -> anyhow::Result<()> {
        if let Some(table) = &beat.table {
            self.draw(table)?;
        }
        for check in beat.checks.iter().filter(|check| !check.held) {
            self.say(&format!("    ✗ {}: expected {}, found {}", check.what, check.expected, check.found))?;
        }
        let count = beat.checks.len().to_string();
        let text = if beat.held { self.words.held } else { self.words.not_held };
        self.say(&format!("    {}", fill(text, &[("count", &count), ("failed", &beat.failed().to_string())])))
    }

    fn draw(&self, table: &Table) -> anyhow::Result<()> {
        let cell = |lines: &[String]| match lines {
            [] => self.words.nothing.to_owned(),
            lines => lines.iter().map(|line| format!("• {line}")).collect::<Vec<_>>().join("\n"),
        };
        self.drawn(self.words.columns.to_vec(), vec![table.columns().map(cell).to_vec()])
    }

    /// Shows where the two sentences were found.
    pub(super) fn findings(&self, search: &Search) -> anyhow::Result<()> {
        let words = &self.words.search;
        let row = |name: &str, counts: [u64; 3]| {
            std::iter::once(name.to_owned()).chain(counts.map(|count| count.to_string())).collect()
        };
        let head = std::iter::once("").chain(words.columns).collect();
        let mut rows = vec![
            row(words.sentence_stores, search.sentence.stores.columns()),
            row(words.sentence_links, search.sentence.handed_to.columns()),
            row(words.control_stores, search.control.stores.columns()),
            row(words.control_links, search.control.handed_to.columns()),
        ];
        if let Some(offer) = &search.offer {
            rows.push(row(words.offer_stores, offer.stores.columns()));
            rows.push(row(words.offer_links, offer.handed_to.columns()));
        }
        self.drawn(head, rows)
    }

    fn drawn(&self, head: Vec<&str>, rows: Vec<Vec<String>>) -> anyhow::Result<()> {
        let mut drawn = Drawn::new();
        drawn.load_style(UTF8_FULL).set_content_arrangement(ContentArrangement::Dynamic);
        drawn.set_width(WIDTH).set_header(head);
        for row in rows {
            drawn.add_row(row);
        }
        self.say(&drawn.to_string())
    }

    /// Waits for Enter, if somebody is there.
    pub(super) async fn pause(&mut self) -> anyhow::Result<()> {
        self.wait_for_enter(self.words.enter).await
    }

    /// Says `text` and waits for Enter, if somebody is there.
    pub(super) async fn wait_for_enter(&mut self, text: &str) -> anyhow::Result<()> {
        if self.talk == Talk::Asks {
            self.say(&format!("\n    [{text}]"))?;
            self.line().await?;
        }
        Ok(())
    }

    /// Asks for a sentence until one is good; nobody there, or nothing typed, gives `own`.
    pub(super) async fn ask(&mut self, own: &str, is_good: impl Fn(&str) -> bool) -> anyhow::Result<String> {
        if self.talk != Talk::Asks {
            return Ok(own.to_owned());
        }
        self.say(&wrapped(self.words.notes.ask_sentence))?;
        loop {
            let typed = self.line().await?.trim().to_owned();
            if typed.is_empty() {
                return Ok(own.to_owned());
            }
            if is_good(&typed) {
                return Ok(typed);
            }
            self.say(&wrapped(self.words.notes.sentence_too_short))?;
        }
    }

    async fn line(&mut self) -> anyhow::Result<String> {
        let lines = self.lines.as_mut().context("nobody is asked")?;
        lines.recv().await.context("standard input has ended")
    }
}

/// Breaks a text between words into lines that begin four columns in, and further if it does.
fn wrapped(text: &str) -> String {
    let indent = text.chars().take_while(|character| *character == ' ').count().saturating_add(4);
    let (mut lines, mut columns) = (String::new(), usize::from(WIDTH));
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if columns.saturating_add(length) >= usize::from(WIDTH) {
            let gap = if lines.is_empty() { "" } else { "\n" };
            lines.push_str(&format!("{gap}{:indent$}{word}", ""));
            columns = indent.saturating_add(length);
        } else {
            lines.push_str(&format!(" {word}"));
            columns = columns.saturating_add(length).saturating_add(1);
        }
    }
    lines
}

/// Reads lines on a thread of its own: a read of standard input cannot be called off, and the
/// process must end without it.
fn read_lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_broken_between_words_and_nothing_is_lost() {
        let text = format!("  {}", ["stafettholder"; 40].join(" "));

        let lines = wrapped(&text);

        assert!(lines.lines().all(|line| line.chars().count() <= usize::from(WIDTH)));
        assert!(lines.lines().all(|line| line.starts_with("      s")));
        assert_eq!(lines.split_whitespace().count(), 40);
        assert_eq!(wrapped("kort"), "    kort");
    }
}
