//! What is looked for, in every form in which it could leave: raw, hexadecimal, base64 at each of
//! its three alignments, UTF-16 in both orders, and reversed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// How a needle is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// As it is.
    Raw,
    /// Lower-case hexadecimal digits.
    Hex,
    /// Upper-case hexadecimal digits.
    UpperHex,
    /// Base64 after so many bytes of something else, which shift it.
    Base64(usize),
    /// Base64 for URLs, likewise.
    Base64Url(usize),
    /// UTF-16, little-endian.
    Utf16Le,
    /// UTF-16, big-endian.
    Utf16Be,
    /// Backwards.
    Reversed,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 12] = [
        Self::Raw,
        Self::Hex,
        Self::UpperHex,
        Self::Base64(0),
        Self::Base64(1),
        Self::Base64(2),
        Self::Base64Url(0),
        Self::Base64Url(1),
        Self::Base64Url(2),
        Self::Utf16Le,
        Self::Utf16Be,
        Self::Reversed,
    ];

    /// Writes bytes in this form. Base64 begins with as many zero bytes as it is shifted by.
    pub fn write(self, bytes: &[u8]) -> Vec<u8> {
        let shifted = |by: usize| [vec![0; by], bytes.to_vec()].concat();
        let units = || String::from_utf8_lossy(bytes).encode_utf16().collect::<Vec<u16>>();
        match self {
            Self::Raw => bytes.to_vec(),
            Self::Hex => bytes.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect(),
            Self::UpperHex => bytes.iter().flat_map(|byte| format!("{byte:02X}").into_bytes()).collect(),
            Self::Base64(by) => STANDARD_NO_PAD.encode(shifted(by)).into_bytes(),
            Self::Base64Url(by) => URL_SAFE_NO_PAD.encode(shifted(by)).into_bytes(),
            Self::Utf16Le => units().into_iter().flat_map(u16::to_le_bytes).collect(),
            Self::Utf16Be => units().into_iter().flat_map(u16::to_be_bytes).collect(),
            Self::Reversed => bytes.iter().rev().copied().collect(),
        }
    }

    /// What of the written form does not depend on its neighbours.
    fn needle(self, bytes: &[u8]) -> Vec<u8> {
        let written = self.write(bytes);
        match self {
            Self::Base64(by) | Self::Base64Url(by) => {
                // A character holds six bits: those that share bits with a neighbour are left out.
                let first = (by * 8).div_ceil(6);
                let last = (by + bytes.len()) * 8 / 6;
                written[first..last].to_vec()
            }
            _ => written,
        }
    }
}

/// Something to look for.
#[derive(Debug, Clone)]
pub struct Needle {
    /// What it is, for a failure: a field or an id, never its content.
    pub name: String,
    bytes: Vec<u8>,
    forms: Vec<(Form, Vec<u8>)>,
}

impl Needle {
    /// Looks for bytes.
    pub fn bytes(name: impl Into<String>, bytes: &[u8]) -> Self {
        assert!(bytes.len() >= 12, "a shorter needle is found by chance");
        let is_text = std::str::from_utf8(bytes).is_ok();
        let mut forms: Vec<(Form, Vec<u8>)> = Vec::new();
        for form in Form::ALL {
            let written = form.needle(bytes);
            let is_new = !forms.iter().any(|(_, known)| *known == written);
            if is_new && (is_text || !matches!(form, Form::Utf16Le | Form::Utf16Be)) {
                forms.push((form, written));
            }
        }
        Self { name: name.into(), bytes: bytes.to_vec(), forms }
    }

    /// Looks for a text.
    pub fn text(name: impl Into<String>, text: &str) -> Self {
        Self::bytes(name, text.as_bytes())
    }

    /// Looks for an id: as 16 bytes, as hexadecimal digits and as a UUID, each in every form.
    pub fn id(name: &str, id: &[u8; 16]) -> Vec<Self> {
        let hex: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let uuid = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
        vec![
            Self::bytes(format!("{name} as bytes"), id),
            Self::text(format!("{name} as digits"), &hex),
            Self::text(format!("{name} as a UUID"), &uuid),
        ]
    }

    /// What is looked for, as it is.
    pub fn raw(&self) -> &[u8] {
        &self.bytes
    }

    /// Every form and how it reads.
    pub fn forms(&self) -> impl Iterator<Item = (Form, &[u8])> {
        self.forms.iter().map(|(form, bytes)| (*form, bytes.as_slice()))
    }

    /// The forms in which it stands somewhere in `hay`.
    pub fn found_in(&self, hay: &[u8]) -> Vec<Form> {
        self.forms().filter(|(_, needle)| contains(hay, needle)).map(|(form, _)| form).collect()
    }

    /// The forms in which it stands in any of the frames.
    pub fn found_in_any(&self, frames: &[Vec<u8>]) -> Vec<Form> {
        let mut found: Vec<Form> = frames.iter().flat_map(|frame| self.found_in(frame)).collect();
        found.sort();
        found.dedup();
        found
    }
}

/// Whether `needle` stands in `hay`.
pub fn contains(hay: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return false };
    let mut rest = hay;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        rest = &rest[at..];
        if rest.starts_with(needle) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needle_is_found_in_each_form_wherever_it_stands_and_its_absence_is_seen() {
        let needle = Needle::text("a text", "kvit snø på taket");
        for form in Form::ALL {
            for shift in 0..6 {
                let before: String = "xyzæøå".chars().take(shift).collect();
                let with = form.write(format!("{before}kvit snø på taket og bakken").as_bytes());
                let without = form.write(format!("{before}kvit snø på bakken og taket").as_bytes());
                let found = needle.found_in(&with);
                match form {
                    // Which alignment it is depends on what stands before.
                    Form::Base64(_) | Form::Base64Url(_) => {
                        assert!(
                            found.iter().any(|found| matches!(found, Form::Base64(_) | Form::Base64Url(_)))
                        );
                    }
                    _ => assert!(found.contains(&form), "{form:?} {shift}"),
                }
                assert_eq!(needle.found_in(&without), [], "{form:?} {shift}");
            }
        }
    }
}
