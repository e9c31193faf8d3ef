//! Strings that programs have stumbled over, and what a page has of them.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

/// What breaks out of where it stands if anything does: text, attributes, text areas, titles,
/// comments, templates, addresses, messages with places for values.
pub(super) const PAYLOADS: [&str; 18] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' autofocus onfocus='alert(1)",
    "\" style=\"background:url(//evil.example)",
    "</textarea><svg/onload=alert(1)>",
    "</title><base href=//evil.example/>",
    "--><!--#include file=\"/etc/passwd\"--><iframe src=javascript:alert(1)>",
    "<![CDATA[<form action=//evil.example>]]>",
    "javascript:alert(document.cookie)",
    "{{ frame.t(\"login-title\") }} {% include \"frame.html\" %} ${7*7} {$count} { -term }",
    "&lt;b&gt; &#60;i&#62; &amp;amp; &#x3c;u&#x3e; &nbsp;",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "'; DROP TABLE entry;-- \\' OR 1=1",
    "Set-Cookie: a=b",
    "<a hx-get=/logout hx-trigger=load>x</a> <p hx-on:click=alert(1)>",
    "ÅØÆ åøæ Ǎ ẞ ﬁ 🦊👩‍👩‍👧 áæïô",
    "A\u{30a}ngstro\u{308}m e\u{301} \u{1112}\u{1161}\u{11ab}",
    "\u{feff}\u{200b}\u{2060}x\u{ad}\u{fffd}\u{10ffff}\u{e000}",
];

/// What a field may refuse beside what is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Nothing.
    All,
    /// Control characters but line feed and tab.
    Text,
    /// Control characters, and those that turn the writing direction.
    Line,
}

impl Rule {
    pub(super) fn takes(self, text: &str) -> bool {
        let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        !text.chars().any(|c| match self {
            Self::All => false,
            Self::Text => c.is_control() && !matches!(c, '\n' | '\t'),
            Self::Line => c.is_control() || turns(c),
        })
    }
}

/// Every string with something in it, as a form sends it.
pub(super) fn all() -> BTreeSet<String> {
    let listed = naughty_strings::BLNS.iter().chain(&PAYLOADS);
    let trimmed = listed.map(|text| text.replace("\r\n", "\n").trim().to_owned());
    trimmed.filter(|text| !text.is_empty()).collect()
}

/// Strings in one value. Escaping and normalizing look at one character and those that combine with
/// it, so what is around a string does not change what becomes of it; a number and marks around
/// each tell where it ends, and that no other string was found in its place.
#[derive(Debug, Clone)]
pub(super) struct Chunk {
    /// The strings as they must come back.
    pub(super) parts: Vec<String>,
    /// What stands between them.
    between: &'static str,
}

impl Chunk {
    /// One string alone.
    pub(super) fn alone(text: &str) -> Self {
        Self { parts: vec![text.to_owned()], between: "" }
    }

    /// The value of a field.
    pub(super) fn value(&self) -> String {
        self.parts.join(self.between)
    }
}

/// All strings that a rule takes, in as few values as fit into a field.
pub(super) fn chunks(rule: Rule, bytes_max: usize) -> Vec<Chunk> {
    let between = if rule == Rule::Line { " " } else { "\n" };
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut bytes = usize::MAX;
    for (number, text) in all().into_iter().filter(|text| rule.takes(text)).enumerate() {
        let part: String = format!("{number}«{text}»").nfc().collect();
        // Forms count what they are sent, which may be longer than what is kept.
        let length = format!("{number}«{text}»").len().max(part.len()) + 1;
        if length > bytes_max {
            continue;
        }
        if bytes.saturating_add(length) > bytes_max {
            chunks.push(Chunk { parts: Vec::new(), between });
            bytes = 0;
        }
        bytes += length;
        chunks.last_mut().expect("one").parts.push(part);
    }
    chunks
}

/// What a browser shows for the escapes of a page.
pub(super) fn decoded(page: &str) -> String {
    let mut text = String::with_capacity(page.len());
    let mut parts = page.split('&');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (name, rest) = part.split_once(';').unwrap_or(("", part));
        let number = name.strip_prefix('#').and_then(|number| number.parse().ok()).and_then(char::from_u32);
        match (number, name) {
            (Some(c), _) => text.push(c),
            (None, "lt") => text.push('<'),
            (None, "gt") => text.push('>'),
            (None, "amp") => text.push('&'),
            (None, "quot") => text.push('"'),
            (None, _) => {
                text.push('&');
                text.push_str(part);
                continue;
            }
        }
        text.push_str(rest);
    }
    text
}

/// The elements of a page, each with the names of its attributes: what markup there is.
pub(super) fn shape(page: &str) -> BTreeSet<String> {
    let mut shape = BTreeSet::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let (element, after) = element(rest);
        shape.insert(element);
        rest = after;
    }
    shape
}

fn element(text: &str) -> (String, &str) {
    let end = text.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(text.len());
    let (mut said, mut rest) = (text[..end].to_owned(), text[end..].trim_start());
    let mut names = BTreeSet::new();
    while !rest.is_empty() && !rest.starts_with('>') {
        let end = rest.find(|c: char| c.is_whitespace() || c == '>' || c == '=').unwrap_or(rest.len());
        names.insert(rest[..end].to_owned());
        rest = rest[end..].trim_start();
        if let Some(value) = rest.strip_prefix('=') {
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
            let quote = quote.unwrap_or_else(|| panic!("a value without quotes: {value}"));
            let (_, after) = value[1..].split_once(quote).unwrap_or(("", ""));
            rest = after.trim_start();
        } else if end == 0 {
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    for name in names {
        said.push(' ');
        said.push_str(&name);
    }
    (said, rest)
}

#[test]
fn markup_that_a_string_brought_along_would_be_seen() {
    let benign = shape("<p class=\"a\">x</p>");

    for broken in ["<p class=\"a\"><b>x</b></p>", "<p class=\"a\" onclick=\"x\">x</p>", "<p class=\"a\">x<p>"]
    {
        assert!(!shape(broken).is_subset(&benign), "{broken}");
    }
    assert!(shape("<p class=\"&#34;&#60;b&#62;\">&#60;b&#62;</p>").is_subset(&benign));
    assert_eq!(decoded("&#60;b&#62; &amp;lt; &x; & &#39;"), "<b> &lt; &x; & '");
}

#[test]
fn strings_are_many_and_no_one_is_lost_in_the_chunks() {
    let strings = all();
    assert!(strings.len() > 400, "{}", strings.len());

    for (rule, bytes_max) in [(Rule::All, 15_000), (Rule::Text, 15_000), (Rule::Line, 1_000)] {
        let chunked: usize = chunks(rule, bytes_max).iter().map(|chunk| chunk.parts.len()).sum();
        assert_eq!(chunked, strings.iter().filter(|text| rule.takes(text)).count(), "{rule:?}");
    }
    for rule in [Rule::Text, Rule::Line] {
        assert!(strings.iter().any(|text| !rule.takes(text)), "{rule:?}");
    }
}
