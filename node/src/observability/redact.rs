//! Values that are handed about and never printed.

use std::fmt;

/// What stands in the place of a value.
const MARK: &str = "«redacted»";

/// A value that prints as «redacted», both for people and for debugging. It has no `==`, which
/// would take the longer the more of a guess is right.
#[derive(Clone)]
pub struct Redacted<T>(T);

impl<T> Redacted<T> {
    /// Keeps `value` from being printed.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Returns the value, for the one place that uses it.
    pub const fn reveal(&self) -> &T {
        &self.0
    }

    /// Gives the value up.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Display for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MARK)
    }
}

impl<T> fmt::Debug for Redacted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MARK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    #[expect(dead_code, reason = "read by Debug only")]
    struct Around {
        inner: Redacted<&'static str>,
    }

    #[test]
    fn redacted_value_is_in_no_printed_form() {
        let secret = Redacted::new("a quiet word");

        let printed = format!("{secret} {secret:?} {secret:#?} {:?}", Around { inner: secret.clone() });

        assert_eq!(printed, "«redacted» «redacted» «redacted» Around { inner: «redacted» }");
        assert_eq!(*secret.reveal(), "a quiet word");
        assert_eq!(secret.into_inner(), "a quiet word");
    }
}
