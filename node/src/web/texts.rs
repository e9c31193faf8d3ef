//! What the pages say, in bokmål and nynorsk: Fluent files under `texts/`, one for each group of
//! pages, embedded when the program is built. What is missing in nynorsk is said in bokmål.
//!
//! Keys are checked by tests: each stands in both languages with the same arguments, each is used,
//! and none is used that is missing. So that they can be found, a key is always written out where
//! it is used: as the argument of `t`, or as `Key("...")`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader, langid, static_loader};
use stafett_config::Language;

static_loader! {
    static TEXTS = {
        locales: "src/web/texts",
        fallback_language: "nb",
        // Names stand in Latin letters among Latin letters; the marks would be copied with them.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

const BOKMAL: LanguageIdentifier = langid!("nb");
const NYNORSK: LanguageIdentifier = langid!("nn");

/// The name of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) &'static str);

impl From<&'static str> for Key {
    fn from(key: &'static str) -> Self {
        Self(key)
    }
}

/// Templates hand over what they loop over, which is a reference, by reference.
impl From<&&Self> for Key {
    fn from(key: &&Self) -> Self {
        **key
    }
}

impl From<&Self> for Key {
    fn from(key: &Self) -> Self {
        *key
    }
}

/// A text in one language, with what it is filled with. Whoever writes it into a page escapes it
/// whole, so a value may hold anything.
#[derive(Debug, Clone)]
pub(crate) struct Text {
    language: Language,
    key: Key,
    values: HashMap<Cow<'static, str>, FluentValue<'static>>,
}

impl Text {
    /// A text without values.
    pub(crate) fn new(language: Language, key: impl Into<Key>) -> Self {
        Self { language, key: key.into(), values: HashMap::new() }
    }

    /// Fills one value in: a text, or a number by which the text may choose its plural.
    pub(crate) fn with(mut self, name: &'static str, value: impl Value) -> Self {
        self.values.insert(Cow::Borrowed(name), value.fluent());
        self
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let language = match self.language {
            Language::Nb => &BOKMAL,
            Language::Nn => &NYNORSK,
        };
        let said = TEXTS.try_lookup_complete(language, self.key.0, Some(&self.values));
        debug_assert!(said.is_some(), "there is no text {}", self.key.0);
        f.write_str(said.as_deref().unwrap_or(self.key.0))
    }
}

/// What a text can be filled with.
pub(crate) trait Value {
    /// The value as Fluent takes it.
    fn fluent(&self) -> FluentValue<'static>;
}

impl<T: Value + ?Sized> Value for &T {
    fn fluent(&self) -> FluentValue<'static> {
        (**self).fluent()
    }
}

impl Value for str {
    fn fluent(&self) -> FluentValue<'static> {
        FluentValue::String(Cow::Owned(self.to_owned()))
    }
}

impl Value for String {
    fn fluent(&self) -> FluentValue<'static> {
        self.as_str().fluent()
    }
}

impl Value for Text {
    fn fluent(&self) -> FluentValue<'static> {
        FluentValue::String(Cow::Owned(self.to_string()))
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Value for $number {
            fn fluent(&self) -> FluentValue<'static> {
                FluentValue::from(*self)
            }
        }
    )*};
}

numbers!(u8, u32, u64, usize, i64);

#[cfg(test)]
mod tests;
