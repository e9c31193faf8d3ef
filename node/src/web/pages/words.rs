//! What the pages say.

use crate::web::error::ErrorCode;
use crate::words::Words;

pub(crate) const TO_START: Words = Words::new("Til forsiden", "Til framsida");
pub(crate) const DUTY_SOURCE: Words = Words::new(
    "Teksten bygger på reglene slik de gjelder fra {day}: {sources}.",
    "Teksten byggjer på reglane slik dei gjeld frå {day}: {sources}.",
);

pub(crate) const START_TITLE: Words =
    Words::new("Stafettloggene i {municipality}", "Stafettloggane i {municipality}");
pub(crate) const START_WHAT: Words = Words::new(
    "Her fører {municipality} stafettlogger: mål, tiltak og avtaler for barn, unge og gravide, skrevet sammen med familien.",
    "Her fører {municipality} stafettloggar: mål, tiltak og avtalar for barn, unge og gravide, skrivne saman med familien.",
);
pub(crate) const START_ACCESS: Words = Words::new(
    "Ansatte leser og skriver det de har en oppgave i. Familien eier stafettloggen sin, og leser og skriver i den.",
    "Tilsette les og skriv det dei har ei oppgåve i. Familien eig stafettloggen sin, og les og skriv i han.",
);
pub(crate) const START_NO_PAGES: Words = Words::new(
    "Du er logget inn, men det er ingen sider for rollen din her. Har du flere roller, bytter du øverst på siden.",
    "Du er logga inn, men det er ingen sider for rolla di her. Har du fleire roller, byter du øvst på sida.",
);
pub(crate) const START_ASK: Words = Words::new(
    "Vil du vite hva som står i en stafettlogg, eller trekke tilbake et samtykke, snakk med stafettholderen.",
    "Vil du vite kva som står i ein stafettlogg, eller trekkje tilbake eit samtykke, snakk med stafetthaldaren.",
);
pub(crate) const START_API: Words = Words::new(
    "For den som lager programmer: beskrivelse av API-et",
    "For den som lagar program: skildring av API-et",
);

pub(crate) const PRINT_LOGGED: Words = Words::new(
    "Utskriften viser det den som skrev ut, kan lese akkurat nå. Den står i innsynsloggen. Ta vare på papiret som på samtalen, og makuler det når det ikke trengs lenger.",
    "Utskrifta viser det den som skreiv ut, kan lese akkurat no. Ho står i innsynsloggen. Ta vare på papiret som på samtalen, og makuler det når det ikkje trengst lenger.",
);
pub(crate) const PRINT_CONSENTS: Words = Words::new("Samtykker som gjelder nå", "Samtykke som gjeld no");
pub(crate) const PRINT_CONSENT: Words =
    Words::new("{service}: {areas} ({kinds}), til {until}", "{service}: {areas} ({kinds}), til {until}");
pub(crate) const PRINT_ENTRIES: Words = Words::new("Loggen, det nyeste først", "Loggen, det nyaste først");
pub(crate) const PRINT_NOTHING: Words =
    Words::new("Det er ingenting her som du kan lese.", "Det er ingenting her som du kan lese.");
pub(crate) const PRINT_SUBJECT: Words = Words::new("Gjelder", "Gjeld");
pub(crate) const PRINT_OWNER: Words = Words::new("Eierkommune", "Eigarkommune");
pub(crate) const PRINT_LEVEL: Words = Words::same("Nivå");
pub(crate) const PRINT_HOLDER: Words = Words::new("Stafettholder", "Stafetthaldar");
pub(crate) const PRINT_SINCE: Words = Words::new("Opprettet", "Oppretta");
pub(crate) const PRINT_HERE_SINCE: Words = Words::new("Delt med oss fra", "Delt med oss frå");
pub(crate) const PRINT_DATE: Words = Words::new("Skrevet ut", "Skrive ut");
pub(crate) const PRINT_BY: Words = Words::new("Skrevet ut av", "Skrive ut av");
pub(crate) const PRINT_CASE: Words = Words::new("Sak", "Sak");
pub(crate) const PRINT_AREAS: Words = Words::new("Områder", "Område");
pub(crate) const PRINT_ABOUT: Words = Words::new("Om", "Om");
pub(crate) const PRINT_WRITER: Words = Words::new("Skrevet i", "Skrive i");
pub(crate) const PRINT_STORED: Words = Words::new("Kom inn", "Kom inn");
pub(crate) const PRINT_CHANGED: Words = Words::new("Endret", "Endra");
pub(crate) const PRINT_TOWARDS: Words = Words::new("Hører til", "Høyrer til");
pub(crate) const PRINT_CONFLICT: Words = Words::new("to svar, ikke avklart", "to svar, ikkje avklart");
pub(crate) const PRINT_PROPOSAL: Words = Words::new("sendt, ikke mottatt ennå", "sendt, ikkje motteke enno");
pub(crate) const PRINT_RETURNED: Words = Words::new("kom tilbake til deg", "kom tilbake til deg");
pub(crate) const YES: Words = Words::same("ja");
pub(crate) const NO: Words = Words::same("nei");
pub(crate) const ABOUT_SUBJECT: Words = Words::new("den saken gjelder", "den saka gjeld");
pub(crate) const ABOUT_GUARDIAN: Words = Words::new("en foresatt", "ein føresett");
pub(crate) const ABOUT_SIBLING: Words = Words::new("et søsken", "eit søsken");
pub(crate) const ABOUT_OTHER: Words = Words::new("en annen", "ein annan");

const WAIT: Words = Words::new("Vent litt, og prøv igjen.", "Vent litt, og prøv igjen.");
const ASK_OPERATOR: Words = Words::new(
    "Prøv igjen om litt. Går det ikke da, si fra til den som drifter programmet.",
    "Prøv igjen om litt. Går det ikkje då, sei frå til den som driftar programmet.",
);
const MEND: Words = Words::new(
    "Programmet du bruker, spurte på en måte som ikke blir forstått her. Si fra til den som har laget det.",
    "Programmet du bruker, spurde på ein måte som ikkje blir forstått her. Sei frå til den som har laga det.",
);

/// What a page says to somebody who is not logged in, where there is a login.
pub(crate) const LOG_IN: (Words, Words) = (
    Words::new("Logg inn for å se siden", "Logg inn for å sjå sida"),
    Words::new(
        "Du er ikke logget inn, eller det er for lenge siden du gjorde noe. Etterpå kommer du tilbake hit.",
        "Du er ikkje logga inn, eller det er for lenge sidan du gjorde noko. Etterpå kjem du tilbake hit.",
    ),
);

/// What a page says to somebody whose session had ended when a form was posted.
pub(crate) const LOGGED_OUT: (Words, Words) = (
    Words::new("Du er logget ut", "Du er logga ut"),
    Words::new(
        "Du blir logget ut når det går 15 minutter uten at du gjør noe her, og senest 8 timer etter at du logget inn. Det du sendte nå, er ikke lagret. Logg inn, og gjør det på nytt.",
        "Du blir logga ut når det går 15 minutt utan at du gjer noko her, og seinast 8 timar etter at du logga inn. Det du sende no, er ikkje lagra. Logg inn, og gjer det på nytt.",
    ),
);
/// What a page says to somebody whose login is too long ago for the form that was posted.
pub(crate) const LOG_IN_AGAIN: (Words, Words) = (
    Words::new("Logg inn på nytt", "Logg inn på nytt"),
    Words::new(
        "Det er mer enn 15 minutter siden du logget inn, og dette krever at du logger inn på nytt. Det du sendte nå, er ikke lagret.",
        "Det er meir enn 15 minutt sidan du logga inn, og dette krev at du loggar inn på nytt. Det du sende no, er ikkje lagra.",
    ),
);
pub(crate) const WRITTEN_TITLE: Words = Words::new("Dette hadde du skrevet", "Dette hadde du skrive");
pub(crate) const WRITTEN: Words = Words::new(
    "Kopier teksten, og lim den inn igjen etterpå. Den står bare på denne siden.",
    "Kopier teksten, og lim han inn att etterpå. Han står berre på denne sida.",
);
pub(crate) const WRITTEN_PIECE: Words = Words::same("Tekst {number}");

/// The title of a refusal's page, and what to do about it. Neither tells more than the code.
pub(crate) const fn refusal(code: ErrorCode) -> (Words, Words) {
    match code {
        ErrorCode::NotFound => (
            Words::new("Dette finnes ikke for deg", "Dette finst ikkje for deg"),
            Words::new(
                "Adressen kan være feil, eller du har ingen oppgave i det som er der. Svaret er det samme. Spør stafettholderen hvis du skulle hatt tilgang.",
                "Adressa kan vere feil, eller du har inga oppgåve i det som er der. Svaret er det same. Spør stafetthaldaren om du skulle hatt tilgang.",
            ),
        ),
        ErrorCode::Unauthenticated => (
            Words::new("Vi vet ikke hvem du er", "Vi veit ikkje kven du er"),
            Words::new(
                "Siden trenger et gyldig token. Be den som drifter programmet, om et nytt.",
                "Sida treng eit gyldig token. Be den som driftar programmet, om eit nytt.",
            ),
        ),
        ErrorCode::NotAllowed => (
            Words::new("Rollen din kan ikke dette", "Rolla di kan ikkje dette"),
            Words::new("Spør stafettholderen.", "Spør stafetthaldaren."),
        ),
        ErrorCode::MethodNotAllowed => (Words::new("Siden kan bare leses", "Sida kan berre lesast"), MEND),
        ErrorCode::Conflict => (
            Words::new("Noe har endret seg", "Noko har endra seg"),
            Words::new("Les på nytt, og prøv igjen.", "Les på nytt, og prøv igjen."),
        ),
        ErrorCode::TooManyAttempts | ErrorCode::Busy => {
            (Words::new("For mange forsøk", "For mange forsøk"), WAIT)
        }
        ErrorCode::TooManyCases => (
            Words::new("Du har åpnet uvanlig mange saker", "Du har opna uvanleg mange saker"),
            Words::new(
                "De du har åpnet, kan du åpne igjen. Andre må vente en time.",
                "Dei du har opna, kan du opne igjen. Andre må vente ein time.",
            ),
        ),
        ErrorCode::TooManyEmergencies => (
            Words::new("Du har prøvd for mange nødåpninger", "Du har prøvd for mange naudopningar"),
            Words::new(
                "Vent en time. Ring stafettholderen, lederen din eller barnevernvakten i mellomtiden. Er noen i fare nå, ring 112.",
                "Vent ein time. Ring stafetthaldaren, leiaren din eller barnevernvakta i mellomtida. Er nokon i fare no, ring 112.",
            ),
        ),
        ErrorCode::Sealed => (
            Words::new("Programmet er stengt for en kontroll", "Programmet er stengt for ein kontroll"),
            Words::new(
                "Den som drifter programmet, må se over det før noe vises.",
                "Den som driftar programmet, må sjå over det før noko blir vist.",
            ),
        ),
        ErrorCode::Internal | ErrorCode::Unavailable | ErrorCode::TooSlow => {
            (Words::new("Det gikk ikke nå", "Det gjekk ikkje no"), ASK_OPERATOR)
        }
        ErrorCode::ForeignOrigin | ErrorCode::UnknownHost => (
            Words::new("Feil adresse", "Feil adresse"),
            Words::new(
                "Skriv inn adressen som kommunen har gitt deg.",
                "Skriv inn adressa som kommunen har gitt deg.",
            ),
        ),
        ErrorCode::MalformedBody
        | ErrorCode::IncompleteBody
        | ErrorCode::BodyTooLarge
        | ErrorCode::UnsupportedMediaType
        | ErrorCode::Invalid
        | ErrorCode::HeadersTooLarge => {
            (Words::new("Spørsmålet ble ikke forstått", "Spørsmålet blei ikkje forstått"), MEND)
        }
    }
}
