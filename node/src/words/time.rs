//! Days and moments as people write them.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use stafett_config::Language;
use stafett_protocol::time::UnixMillis;

use super::Words;

const MONTHS: [&str; 12] = [
    "januar",
    "februar",
    "mars",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "desember",
];
const AT: Words = Words::same("kl.");

/// A day, such as `1. oktober 2026`; the same in both languages.
pub(crate) fn day(date: Date) -> String {
    let month = usize::try_from(date.month()).ok().and_then(|month| month.checked_sub(1));
    let month = month.and_then(|month| MONTHS.get(month)).copied().unwrap_or_default();
    format!("{}. {month} {}", date.day(), date.year())
}

/// A day that is stored as `YYYY-MM-DD`; another text stays what it is.
pub(crate) fn day_of_text(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), day)
}

/// The day of a moment in a zone.
pub(crate) fn day_of(moment: UnixMillis, zone: &TimeZone) -> String {
    day(zoned(moment, zone).date())
}

/// A moment to the minute in a zone, such as `1. oktober 2026 kl. 14.05`.
pub(crate) fn minute_of(moment: UnixMillis, zone: &TimeZone, language: Language) -> String {
    let zoned = zoned(moment, zone);
    let at = AT.in_language(language);
    format!("{} {at} {:02}.{:02}", day(zoned.date()), zoned.hour(), zoned.minute())
}

/// The time of day of a moment in a zone, such as `14.05`.
pub(crate) fn clock_of(moment: UnixMillis, zone: &TimeZone) -> String {
    let zoned = zoned(moment, zone);
    format!("{:02}.{:02}", zoned.hour(), zoned.minute())
}

/// The day of a moment in a zone, to reckon with.
pub(crate) fn date_of(moment: UnixMillis, zone: &TimeZone) -> Date {
    zoned(moment, zone).date()
}

fn zoned(moment: UnixMillis, zone: &TimeZone) -> jiff::Zoned {
    let millis = i64::try_from(moment.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(millis).unwrap_or(jiff::Timestamp::MAX).to_zoned(zone.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moment_is_told_in_the_zone_of_the_municipality() {
        let oslo = TimeZone::get("Europe/Oslo").expect("the time zone database");
        // 2026-06-30T22:05:00Z is past midnight in summer time.
        let moment = UnixMillis(1_782_857_100_000);

        assert_eq!(minute_of(moment, &oslo, Language::Nb), "1. juli 2026 kl. 00.05");
        assert_eq!(day_of(moment, &TimeZone::UTC), "30. juni 2026");
    }

    #[test]
    fn stored_day_is_told_in_words_and_other_text_as_it_is() {
        assert_eq!(day_of_text("2026-12-24"), "24. desember 2026");
        assert_eq!(day_of_text("snart"), "snart");
    }
}
