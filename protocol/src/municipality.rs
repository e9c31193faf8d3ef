//! Numbers that name organisations and persons in Norway, and services.

use serde::{Deserialize, Serialize};

/// A number did not have the form or the check digit it must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The text has another length or holds something other than digits.
    #[error("expected {expected} digits")]
    Form {
        /// How many digits the number has.
        expected: usize,
    },
    /// The last digit, or the last two, do not follow from the others.
    #[error("the check digit does not fit")]
    CheckDigit,
    /// The first six digits are no date, also not with the marks for D and synthetic numbers.
    #[error("the first six digits are no date")]
    Date,
}

fn digits<const N: usize>(text: &str) -> Result<[u32; N], NumberError> {
    let mut parsed = [0; N];
    let mut characters = text.chars();
    for digit in &mut parsed {
        *digit = characters
            .next()
            .and_then(|character| character.to_digit(10))
            .ok_or(NumberError::Form { expected: N })?;
    }
    match characters.next() {
        None => Ok(parsed),
        Some(_) => Err(NumberError::Form { expected: N }),
    }
}

fn weighted_sum(digits: &[u32], weights: &[u32]) -> u32 {
    digits
        .iter()
        .zip(weights)
        .fold(0, |sum: u32, (digit, weight)| sum.saturating_add(digit.saturating_mul(*weight)))
}

/// An organisation number (organisasjonsnummer): nine digits, the last a check digit modulo 11
/// (Brønnøysundregistrene). It also names a node: one municipality runs one node.
#[derive(
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    bincode::Encode,
    bincode::Decode,
)]
#[serde(try_from = "String", into = "String")]
pub struct OrganisationNumber(u32);

impl OrganisationNumber {
    /// Returns the number; between 0 and 999,999,999.
    pub const fn value(self) -> u32 {
        self.0
    }

    /// Takes a number from a frame or a row.
    ///
    /// # Errors
    /// [`NumberError`] if it is no organisation number.
    pub fn from_value(value: u32) -> Result<Self, NumberError> {
        format!("{value:09}").parse()
    }
}

impl std::str::FromStr for OrganisationNumber {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let all = digits::<9>(text)?;
        let rest = weighted_sum(&all, &[3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11;
        if rest != 0 {
            return Err(NumberError::CheckDigit);
        }
        text.parse().map(Self).map_err(|_| NumberError::Form { expected: 9 })
    }
}

impl std::fmt::Display for OrganisationNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:09}", self.0)
    }
}

impl std::fmt::Debug for OrganisationNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OrganisationNumber({self})")
    }
}

impl TryFrom<String> for OrganisationNumber {
    type Error = NumberError;

    fn try_from(text: String) -> Result<Self, NumberError> {
        text.parse()
    }
}

impl From<OrganisationNumber> for String {
    fn from(number: OrganisationNumber) -> String {
        number.to_string()
    }
}

/// A municipality number (kommunenummer): four digits, the first may be zero (0301 Oslo).
/// It changes with mergers, so it labels and never identifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MunicipalityNumber(u16);

impl std::str::FromStr for MunicipalityNumber {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        digits::<4>(text)?;
        text.parse().map(Self).map_err(|_| NumberError::Form { expected: 4 })
    }
}

impl std::fmt::Display for MunicipalityNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

impl TryFrom<String> for MunicipalityNumber {
    type Error = NumberError;

    fn try_from(text: String) -> Result<Self, NumberError> {
        text.parse()
    }
}

impl From<MunicipalityNumber> for String {
    fn from(number: MunicipalityNumber) -> String {
        number.to_string()
    }
}

/// A national identity number (fødselsnummer, D-number or synthetic number): eleven digits.
///
/// Never a key, and never printed: `Debug` shows a placeholder. The check digits follow
/// Skatteetaten's rule that holds from 1 January 2032, when the first weighted sum may leave
/// 0, 1, 2 or 3; numbers issued before leave 0 and pass as well.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NationalIdentityNumber(String);

impl NationalIdentityNumber {
    /// Returns the eleven digits, for a page that shows them to someone who may read them.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for NationalIdentityNumber {
    type Err = NumberError;

    fn from_str(text: &str) -> Result<Self, NumberError> {
        let all = digits::<11>(text)?;
        let first = weighted_sum(&all, &[3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11;
        let second = weighted_sum(&all, &[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11;
        if first > 3 || second != 0 {
            return Err(NumberError::CheckDigit);
        }
        if !starts_with_a_date(&all) {
            return Err(NumberError::Date);
        }
        Ok(Self(text.to_owned()))
    }
}

/// Day + 40 marks a D-number, month + 40, + 65 or + 80 a synthetic one.
fn starts_with_a_date(all: &[u32; 11]) -> bool {
    let [d1, d2, m1, m2, ..] = *all;
    let day = d1.saturating_mul(10).saturating_add(d2);
    let month = m1.saturating_mul(10).saturating_add(m2);
    let day = if day > 40 { day.saturating_sub(40) } else { day };
    let month = match month {
        81.. => month.saturating_sub(80),
        66..=77 => month.saturating_sub(65),
        41.. => month.saturating_sub(40),
        _ => month,
    };
    let longest = match month {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=longest).contains(&day)
}

impl std::fmt::Debug for NationalIdentityNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NationalIdentityNumber(«redacted»)")
    }
}

impl TryFrom<String> for NationalIdentityNumber {
    type Error = NumberError;

    fn try_from(text: String) -> Result<Self, NumberError> {
        text.parse()
    }
}

impl From<NationalIdentityNumber> for String {
    fn from(number: NationalIdentityNumber) -> String {
        number.0
    }
}

/// A code was not 1 to 32 of `a`–`z`, `0`–`9` and `-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to 32 of a-z, 0-9 and -")]
pub struct CodeError;

fn checked_code(text: &str) -> Result<(), CodeError> {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=32).contains(&text.len()) && text.bytes().all(allowed) { Ok(()) } else { Err(CodeError) }
}

macro_rules! code {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, bincode::Encode,
        )]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Returns the code: 1 to 32 of `a`–`z`, `0`–`9` and `-`.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = CodeError;

            fn from_str(text: &str) -> Result<Self, CodeError> {
                checked_code(text)?;
                Ok(Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = CodeError;

            fn try_from(text: String) -> Result<Self, CodeError> {
                checked_code(&text)?;
                Ok(Self(text))
            }
        }

        impl From<$name> for String {
            fn from(code: $name) -> String {
                code.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<Context> bincode::Decode<Context> for $name {
            fn decode<D: bincode::de::Decoder<Context = Context>>(
                decoder: &mut D,
            ) -> Result<Self, bincode::error::DecodeError> {
                let text: String = bincode::Decode::decode(decoder)?;
                Self::try_from(text).map_err(|_| bincode::error::DecodeError::Other("code"))
            }
        }

        bincode::impl_borrow_decode!($name);
    )+};
}

code! {
    /// An area of development (utviklingsområde) from the municipality's list, such as `language`.
    AreaCode;
    /// A service (tjeneste) of one organisation, such as `ppt` or `school`.
    ServiceCode;
    /// What a consent is for, from the municipality's list, such as `assessment`.
    PurposeCode;
    /// A language as in BCP 47, in lower case, such as `nb`, `sma` or `ar`.
    LanguageTag;
    /// An item of a checklist, from the municipality's list, such as `joint-meeting`.
    ItemCode;
}

/// A service of a municipality, or a private kindergarten or school: the recipient of a consent.
/// Never a person, who may quit.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    bincode::Encode,
    bincode::Decode,
)]
pub struct Service {
    /// The organisation whose node hosts the service.
    pub host: OrganisationNumber,
    /// Which of its services.
    pub code: ServiceCode,
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.code, self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn organisation_numbers_need_their_check_digit() {
        for good in
            ["840029212", "997391853", "964982031", "971032146", "310000000", "310000019", "123456785"]
        {
            assert!(good.parse::<OrganisationNumber>().is_ok(), "{good}");
        }
        for bad in ["840029213", "997391835", "000000001", "123456780"] {
            assert_eq!(bad.parse::<OrganisationNumber>(), Err(NumberError::CheckDigit), "{bad}");
        }
        for bad in ["", "84002921", "8400292120", "84002921x", "８40029212"] {
            assert_eq!(bad.parse::<OrganisationNumber>(), Err(NumberError::Form { expected: 9 }), "{bad}");
        }
    }

    #[test]
    fn national_identity_numbers_follow_the_old_and_the_2032_rule() {
        for good in [
            "31129956715",
            "15831250086",
            "01840850036",
            "22921650071",
            "07901550004",
            "55831250150",
            "15831250000",
        ] {
            assert!(good.parse::<NationalIdentityNumber>().is_ok());
        }
        assert_eq!("31129956714".parse::<NationalIdentityNumber>(), Err(NumberError::CheckDigit));
        assert_eq!("3112995671".parse::<NationalIdentityNumber>(), Err(NumberError::Form { expected: 11 }));
    }

    #[test]
    fn identity_number_without_a_date_is_refused() {
        let all_zero = "00000000000".parse::<NationalIdentityNumber>();

        assert_eq!(all_zero, Err(NumberError::Date));
    }

    #[test]
    fn identity_number_is_never_printed() {
        let number: NationalIdentityNumber = "15831250086".parse().expect("a synthetic number");

        assert_eq!(format!("{number:?}"), "NationalIdentityNumber(«redacted»)");
    }

    #[test]
    fn municipality_number_keeps_its_leading_zero() {
        let oslo: MunicipalityNumber = "0301".parse().expect("four digits");

        assert_eq!(oslo.to_string(), "0301");
    }

    #[test]
    fn codes_hold_no_capitals_spaces_or_empty_text() {
        assert!("language".parse::<AreaCode>().is_ok());
        for bad in ["", "Språk", "a b", "a_b", &"x".repeat(33)] {
            assert_eq!(bad.parse::<ServiceCode>(), Err(CodeError), "{bad}");
        }
    }
}
