use super::*;

const LANGUAGES: [Language; 2] = [Language::Nb, Language::Nn];

fn withdrawn(language: Language, told: Told) -> String {
    let kinds = BTreeSet::from([EntryKind::Goal, EntryKind::Measure]);
    let notice = withdrawal(
        language,
        &Withdrawal {
            day: "21. november 2026",
            service: "PPT (Steinkjer kommune)",
            kinds: &kinds,
            areas: &["Språk".to_owned()],
            about_self: false,
            partner: Some(("Steinkjer kommune", told)),
        },
    );
    notice.paragraphs.join("\n")
}

fn confirmed(confirmed: Confirmed) -> Told {
    Told::Confirmed(confirmed)
}

#[test]
fn nothing_is_said_to_be_erased_before_the_receipt() {
    for language in LANGUAGES {
        for told in [Told::NeverShared, Told::NotAsked, Told::NotConfirmed] {
            let text = withdrawn(language, told);

            assert!(!text.contains("slettet") && !text.contains("sletta"), "{text}");
            assert!(!text.contains("har bekreftet.") && !text.contains("har stadfesta."), "{text}");
        }
    }
    assert!(
        withdrawn(Language::Nb, Told::NotConfirmed).contains("Steinkjer kommune har ikke bekreftet ennå.")
    );
    assert!(
        withdrawn(Language::Nn, Told::NotConfirmed).contains("Steinkjer kommune har ikkje stadfesta enno.")
    );
}

#[test]
fn receipt_is_told_with_counts_reasons_and_the_horizon_of_backups() {
    let counts = Confirmed { erased: 4, own_writing: 1, duty_to_keep: 2, kept: 0, backup_days: 35 };

    let text = withdrawn(Language::Nb, confirmed(counts));

    assert!(text.contains("Steinkjer kommune har bekreftet."), "{text}");
    assert!(text.contains("4 oppføringer er slettet."), "{text}");
    assert!(
        text.contains("1 oppføring er låst (sperret), fordi deres egne ansatte har skrevet den."),
        "{text}"
    );
    assert!(text.contains("2 oppføringer er låst (sperret), fordi loven krever"), "{text}");
    assert!(text.contains("Innen 35 dager"), "{text}");
    assert!(text.contains("Ingen kan bevise at noe er slettet."), "{text}");
    assert!(!text.contains("fortsatt der"), "{text}");
}

#[test]
fn receipt_without_a_count_that_the_addressee_may_know_names_none() {
    for language in LANGUAGES {
        let text = withdrawn(language, confirmed(Confirmed { backup_days: 35, ..Confirmed::default() }));

        let after = text.split_once("2026").map(|(_, rest)| rest).expect("the day");
        assert!(!after.contains(|character: char| character.is_ascii_digit()), "{text}");
    }
}

#[test]
fn own_service_stops_reading_and_no_municipality_is_asked() {
    let of = Withdrawal {
        day: "21. november 2026",
        service: "Helsestasjon",
        kinds: &BTreeSet::from([EntryKind::Note]),
        areas: &["Språk".to_owned(), "Fravær".to_owned()],
        about_self: false,
        partner: None,
    };

    let notice = withdrawal(Language::Nb, &of);

    assert_eq!(
        notice.paragraphs,
        [
            "21. november 2026 trakk du tilbake samtykket til at Helsestasjon leser fra stafettloggen.",
            "Det gjaldt: notat. Områder: Språk og Fravær.",
            "Fra da av leser Helsestasjon ikke lenger det som bare var åpnet med dette samtykket.",
            "Denne meldingen er bare til deg. Spør stafettholderen hvis du lurer på noe.",
        ]
    );
}

#[test]
fn end_of_a_partner_says_what_it_had_since_when_and_what_was_asked_and_no_cause() {
    let kinds = BTreeSet::from([EntryKind::CaseCard, EntryKind::Goal]);
    let of = PartnerEnded {
        partner: "Steinkjer kommune",
        services: &["PPT (Steinkjer kommune)".to_owned()],
        kinds: &kinds,
        areas: &["Språk".to_owned()],
        since: "3. oktober 2026",
        told: Told::NotConfirmed,
    };

    let notice = partner_ended(Language::Nn, &of);

    assert_eq!(notice.title, "Steinkjer kommune får ikkje lenger opplysningar frå stafettloggen");
    assert_eq!(
        notice.paragraphs,
        [
            "Vi sender ikkje noko meir til Steinkjer kommune.",
            "PPT (Steinkjer kommune) har fått: saksopplysningar og mål. Område: Språk. Det første blei sendt \
             3. oktober 2026.",
            "Steinkjer kommune er beden om å slette det dei har fått. Steinkjer kommune har ikkje stadfesta \
             enno.",
            "Spør stafetthaldaren om du lurer på noko.",
        ]
    );
    let text = notice.paragraphs.join(" ");
    for cause in ["trekt", "samtykke", "avtale", "nøkkel", "sikkerheit"] {
        assert!(!text.contains(cause), "{cause}");
    }
}

#[test]
fn every_sentence_has_the_same_names_in_both_languages() {
    let names = |text: &str| -> BTreeSet<String> {
        let parts = text.split('{').skip(1);
        parts.filter_map(|part| part.split_once('}')).map(|(name, _)| name.to_owned()).collect()
    };
    let single = [
        WITHDRAWN,
        WITHDRAWN_WHEN,
        SCOPE,
        STOPS_SENDING,
        STOPS_READING,
        ONLY_YOU,
        ASK,
        ENDED,
        ENDED_NOW,
        RECEIVED,
        NEVER_SHARED,
        NOT_ASKED,
        ASKED,
        CONFIRMED,
        BACKUPS,
        OWN_WORD,
    ];
    let counted = [ERASED, OWN_WRITING, DUTY_TO_KEEP, KEPT];
    for words in single.into_iter().chain(counted.into_iter().flatten()) {
        let [nb, nn] = LANGUAGES.map(|language| names(words.in_language(language)));
        assert_eq!(nb, nn, "{words:?}");
    }
}
