//! The language of a page: what its reader chose, else the municipality's.
//!
//! `?lang=nb` or `?lang=nn` is a choice, and so is the cookie that the frame's button sets. Of `Accept-Language` only nynorsk before bokmål is one:
//! browsers in Norway send bokmål unasked, and a municipality's own language (språklova) is not
//! to give way to that.

use axum::http::{HeaderMap, Uri, header};
use stafett_config::Language;

use crate::web::Api;
use crate::web::cookie::Cookie;

/// The language of one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) language: Language,
    /// Whether the address of the page says so.
    pub(crate) by_query: bool,
}

impl Chosen {
    pub(crate) fn of(uri: &Uri, headers: &HeaderMap, api: &Api) -> Self {
        let kept = api.cookies.read(headers, Cookie::Language).and_then(|word| word.parse().ok());
        Self::among(uri, headers, kept, api.engine.config().node.language)
    }

    fn among(uri: &Uri, headers: &HeaderMap, kept: Option<Language>, municipality: Language) -> Self {
        if let Some(language) = by_query(uri) {
            return Self { language, by_query: true };
        }
        let unasked = || if wants_nynorsk(headers) { Language::Nn } else { municipality };
        Self { language: kept.unwrap_or_else(unasked), by_query: false }
    }
}

fn by_query(uri: &Uri) -> Option<Language> {
    let mut pairs = uri.query()?.split('&');
    pairs.find_map(|pair| pair.strip_prefix("lang=")).and_then(|word| word.parse().ok())
}

fn wants_nynorsk(headers: &HeaderMap) -> bool {
    let nynorsk = weight_of(headers, |tag| tag == "nn" || tag.starts_with("nn-"));
    let bokmal =
        weight_of(headers, |tag| matches!(tag, "nb" | "no") || tag.starts_with("nb-") || tag == "no-no");
    nynorsk > 0 && nynorsk > bokmal
}

/// The weight of the first language range that fits, in thousandths; of equal ones the earlier
/// weighs more, as readers order them (RFC 9110, section 12.5.4).
fn weight_of(headers: &HeaderMap, fits: impl Fn(&str) -> bool) -> u32 {
    let values = headers.get_all(header::ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
    let ranges = values.flat_map(|value| value.split(','));
    let weighed = ranges.zip((0..1_000_u32).rev()).filter_map(|(range, place)| {
        let (tag, rest) = range.split_once(';').unwrap_or((range, ""));
        let weight = thousandths(rest)?;
        let fits = weight > 0 && fits(&tag.trim().to_ascii_lowercase());
        fits.then(|| weight.saturating_mul(1_000).saturating_add(place))
    });
    weighed.max().unwrap_or(0)
}

/// The weight after `q=`; 1,000 if there is none.
pub(crate) fn thousandths(parameters: &str) -> Option<u32> {
    let Some(text) = parameters.split(';').find_map(|one| one.trim().strip_prefix("q=")) else {
        return Some(1_000);
    };
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > 3 || !matches!(whole, "0" | "1") {
        return None;
    }
    let part: u32 = format!("{part:0<3}").parse().ok()?;
    let whole = if whole == "1" { 1_000 } else { part };
    Some(whole)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn chosen(query: &str, accepted: &'static str, municipality: Language) -> Language {
        let uri: Uri = format!("/{query}").parse().expect("a path");
        let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_static(accepted))]);
        Chosen::among(&uri, &headers, None, municipality).language
    }

    #[test]
    fn municipality_decides_for_a_reader_who_chose_nothing() {
        for municipality in [Language::Nb, Language::Nn] {
            for accepted in ["", "en", "*", "nb-NO,nb;q=0.9,no;q=0.8,nn;q=0.7,en;q=0.5", "nn;q=0", "nn;q=x"] {
                assert_eq!(chosen("", accepted, municipality), municipality, "{accepted}");
            }
        }
    }

    #[test]
    fn nynorsk_before_bokmal_is_a_choice() {
        for accepted in ["nn", "nn-NO,nb;q=0.8", "en, nn;q=0.9, nb;q=0.5", "nn,nb", "NN"] {
            assert_eq!(chosen("", accepted, Language::Nb), Language::Nn, "{accepted}");
        }
        assert_eq!(chosen("", "nb,nn", Language::Nb), Language::Nb);
    }

    #[test]
    fn kept_choice_wins_over_the_browser_and_gives_way_to_the_query() {
        let nynorsk = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_static("nn"))]);
        let chosen = |path: &'static str| {
            let kept = Some(Language::Nb);
            Chosen::among(&Uri::from_static(path), &nynorsk, kept, Language::Nn).language
        };

        assert_eq!(chosen("/"), Language::Nb);
        assert_eq!(chosen("/?lang=nn"), Language::Nn);
    }

    #[test]
    fn query_wins_over_everything_if_it_is_a_language() {
        assert_eq!(chosen("?lang=nb", "nn", Language::Nn), Language::Nb);
        assert_eq!(chosen("?other=1&lang=nn", "nb", Language::Nb), Language::Nn);
        assert_eq!(chosen("?lang=en", "nn", Language::Nb), Language::Nn);
        assert_eq!(chosen("?lang=", "nb", Language::Nn), Language::Nn);
    }
}
