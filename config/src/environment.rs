//! The few settings that the environment may override, handed in as a map.

use std::collections::BTreeMap;
use std::ffi::OsString;

use crate::document::{Located, Section};
use crate::error::{ConfigError, Origin};
use crate::value::{FromValue, quoted};

/// Overrides `observability.level`.
pub const LOG: &str = "STAFETT_LOG";
/// Overrides `web.listen`.
pub const WEB_LISTEN: &str = "STAFETT_WEB_LISTEN";
/// Overrides `federation.listen`.
pub const QUIC_LISTEN: &str = "STAFETT_QUIC_LISTEN";
/// Every variable that is read; the list is closed.
pub const NAMES: [&str; 3] = [LOG, WEB_LISTEN, QUIC_LISTEN];

const PREFIX: &str = "STAFETT_";

/// Variables of the environment; those that do not start with `STAFETT_` are dropped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<String, String>);

/// A value that is no UTF-8 is kept with replacement characters, so that it is refused where it is
/// used; collecting from `std::env::vars_os` never fails.
impl<Name: Into<OsString>, Text: Into<OsString>> FromIterator<(Name, Text)> for Environment {
    fn from_iter<I: IntoIterator<Item = (Name, Text)>>(variables: I) -> Self {
        let named = variables.into_iter().filter_map(|(name, text)| {
            let name = name.into().into_string().ok().filter(|name| name.starts_with(PREFIX))?;
            Some((name, text.into().to_string_lossy().into_owned()))
        });
        Self(named.collect())
    }
}

impl Environment {
    /// Refuses a variable that looks like ours and is not, so that a slip does not pass unseen.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        match self.0.keys().find(|name| !NAMES.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(ConfigError::Value {
                origin: Origin::Environment,
                key: name.clone(),
                expected: format!("one of {}", NAMES.join(", ")),
                found: "an unknown variable".to_owned(),
            }),
        }
    }

    /// Returns the variable `name` if it is set, else the key of the section.
    pub(crate) fn or_key<T: FromValue + std::str::FromStr>(
        &self,
        name: &'static str,
        section: &Section<'_>,
        key: &str,
    ) -> Result<Option<Located<T>>, ConfigError> {
        // The key is read also when it is overridden: the file must be right by itself.
        let from_file = section.get(key)?;
        let Some(text) = self.0.get(name) else {
            return Ok(from_file);
        };
        let variable =
            |value| Located { value, origin: Origin::Environment, key: name.to_owned(), found: quoted(text) };
        match text.parse() {
            Ok(value) => Ok(Some(variable(()).map(|()| value))),
            Err(_) => Err(variable(()).refuse(T::EXPECTED)),
        }
    }
}
