//! Bokmål.

use super::{EndWords, MovingWords, Notes, SearchWords, Telling, Titles, Words};

/// Both stories begin with these two.
const OPENING: Telling = Telling {
    title: "Marte åpner en stafettlogg",
    told: "Marte er lærer i Inderøy. Hun åpner en stafettlogg for Ante (9) på nivå 1, blir \
           stafettholder, og skriver under språk, læring, hjem og helse.",
};

const SENTENCE: Telling = Telling {
    title: "Du skriver en setning",
    told: "Du skriver én setning under hjem. Den skal ingen andre enn Inderøy få.",
};

pub(super) static WORDS: Words = Words {
    first_line: "Oppdiktede personer. Kommunene har ikke deltatt.",
    preparing: "Gjør klar tre noder: mapper, nøkler, avtaler og folk …",
    linked: "Tre noder går. Inderøy og Snåsa har ringt opp Steinkjer; hver forbindelse er oppe.",
    nobody_to_ask: "Her er det ingen å spørre, så fortellingen går av seg selv og avslutter nodene til slutt ({flag}).",
    enter: "Enter for å gå videre",
    columns: ["Inderøy", "PPT Steinkjer", "Steinkjer skole", "Snåsa"],
    nothing: "ingenting",
    beats: [
        OPENING,
        SENTENCE,
        Telling {
            title: "Mor sier ja, far har ikke svart",
            told: "Saken går til nivå 2. Mor sier ja til at PPT i Steinkjer får se språk og læring. \
                   Far har ikke svart, så ingenting deles.",
        },
        Telling {
            title: "Far sier ja",
            told: "Marte ser først hva som blir synlig. Så sier far ja. Lederen for PPT gir saken til Ole, \
                   og Ole leser nøyaktig det.",
        },
        Telling {
            title: "Ole skriver et tiltak",
            told: "Ole i PPT skriver et tiltak. Det kommer tilbake til stafettloggen i Inderøy.",
        },
        Telling {
            title: "Linjen blir brutt",
            told: "Linjen mellom Inderøy og Steinkjer blir brutt. Marte og Ole skriver i det samme tiltaket. \
                   Så kommer linjen tilbake.",
        },
        Telling {
            title: "Snåsa får ikke vite om Ante",
            told: "Laila i Snåsa deler Máhtte (7) med PPT. De som ikke skal vite om Ante, spør med hans \
                   riktige id-er, og får det samme svaret som på tilfeldige.",
        },
        Telling {
            title: "Vi leter etter setningen din",
            told: "Setningen din blir lett etter i alt som hver node har lagret, og i alt som ble gitt til \
                   hver forbindelse. En kontrollsetning som Ole skal lese, viser at letingen finner noe.",
        },
        Telling {
            title: "Far trekker ja-et tilbake",
            told: "Far ringer og trekker tilbake. Linjen er nede, så Steinkjer har ikke hørt det. \
                   Så kommer linjen tilbake.",
        },
    ],
    held: "Det stemte: {count} av {count} kontroller.",
    not_held: "Det stemte IKKE: {failed} av {count} kontroller.",
    all_held: "Alt stemte.",
    not_all_held: "Ikke alt stemte: {beats}.",
    titles: Titles {
        language: "Ante mister tråden i lange beskjeder",
        goal: "Ante leser en kort tekst sammen med en venn",
        learning: "Ante leser enkle ord når han kjenner teksten",
        home: "Leksene tar hele kvelden",
        health: "Synet er prøvd og er godt",
        measure: "Språkkartlegging",
        measure_text: "Vi kartlegger ordforråd og minne for ord.",
        marte_adds: " Marte sitter sammen med Ante i de to første timene.",
        ole_adds: "Ole kommer til skolen tre ganger. ",
        mahtte_language: "Máhtte snakker mer sørsamisk enn norsk",
        mahtte_home: "Besteforeldrene leser for Máhtte",
        purpose: "PPT hjelper skolen med å forstå hva som er vanskelig, og hva som hjelper.",
        card: "Kort om {name}",
        deadline: "frist {date}",
        deadline_conflict: "frist må avklares: {dates}",
        or: " eller ",
    },
    notes: Notes {
        ask_sentence: "Skriv en setning om hvordan det går hjemme hos Ante. Enter alene gir en ferdig setning.",
        own_sentence: "Ante sover dårlig de nettene han bytter hus.",
        sentence_too_short: "Skriv en hel setning på 12 til 300 tegn, som ikke er en del av fortellingen ellers.",
        your_sentence: "Du skrev: «{sentence}»",
        missing_father: "Samtykket er delvis gitt (mangler far).",
        becomes_visible: "Dette blir synlig for PPT Steinkjer:",
        stays_hidden: "Dette deles ikke:",
        inbox: "Lederen for PPT ser: {owner}, {date}. Ikke navn, ikke innhold.",
        assigned: "Lederen for PPT gir saken til Ole. Før det leste Ole {count} oppføringer.",
        waits_for_owner: "Oles tiltak venter på eierkommunen, som gir det id.",
        cut: "Linjen er brutt. {count} datagrammer er kastet så langt.",
        while_cut: "Imens leser hver sitt:",
        reads: "  {name}: «{text}»",
        healed: "Linjen er tilbake.",
        both_texts: "Begge leser nå: «{text}»",
        settled: "Marte avklarer fristen: {date}. Ole leser det samme.",
        same_answer: "{count} par av spørsmål: samme svar, byte for byte.",
        not_confirmed: "{partner}: ikke bekreftet ennå",
        confirmed: "{partner} har bekreftet: {erased} slettet, {locked} låst",
        backup: "Sikkerhetskopier som kan åpne det slettede, er borte om senest {days} dager.",
    },
    moving: MovingWords {
        beats: [
            OPENING,
            SENTENCE,
            Telling {
                title: "Siri får se noe",
                told: "Saken går til nivå 2. Mor og far sier ja til at helsestasjonen i Inderøy får \
                       se språk og helse. Marte gir saken til Siri, som er helsesykepleier der.",
            },
            Telling {
                title: "Familien skal flytte til Steinkjer",
                told: "Marte spør om saken får flytte med. Det er et spørsmål for seg selv, og det \
                       sier hva som følger med. Mor sier ja. Far har ikke svart, så saken kan ikke \
                       tilbys.",
            },
            Telling {
                title: "Far sier ja, og saken blir tilbudt uten navn",
                told: "Marte tilbyr saken. Kari er BTI-koordinator i Steinkjer. Hun ser hvem som \
                       spør, hvor i livet det gjelder, fra når og hvilke tjenester. Ikke hvem.",
            },
            Telling {
                title: "Kari spør Tor, og Tor sier ja",
                told: "Tor er lærer i Steinkjer. Han sier ja uten å vite hvem det er. Da blir pakken \
                       laget og sendt forseglet. Ingen i Steinkjer kan åpne den, og Marte har \
                       fortsatt stafettpinnen.",
            },
            Telling {
                title: "Marte overfører",
                told: "Først nå får Steinkjer nøkkelen. Saken blir åpnet hos Tor, som har \
                       stafettpinnen, og alt som kom, er merket med hvor det kom fra.",
            },
            Telling {
                title: "Ingen ja følger med",
                told: "Det familien sa ja til i Inderøy, åpner ingenting i Steinkjer. I Inderøy er \
                       saken over: de som leste den, leser det som var, og ingen skriver mer eller \
                       tilbyr den igjen. Tor skriver videre.",
            },
            Telling {
                title: "Vi leter etter setningen din",
                told: "Setningen din blir lett etter i alt som hver node har lagret, og i alt som \
                       ble gitt til hver forbindelse. En kontrollsetning fulgte med, forseglet. Det \
                       tilbudet sa, viser at letingen finner noe i rammene også.",
            },
        ],
        purpose_of_health: "Helsestasjonen følger med på syn og språk.",
        purpose: "Dere flytter til Steinkjer, og den nye skolen kan fortsette der vi slapp.",
        note: "Ring meg gjerne. Det går best når rommet er kjent på forhånd.",
        first_meeting: "Vi møttes i klasserommet før skoledagen begynte",
        siri_reads: "Siri på helsestasjonen leser:",
        goes_along: "Dette følger med til Steinkjer:",
        stays: "Dette blir igjen i Inderøy:",
        too_early: "Marte prøver å tilby saken, og noden sier nei ({status}).",
        primary_school: "et barn på barneskolen",
        inquiry: "Kari ser: {from}, {stage}, ønsket fra {date}. Dette kan ta over: {services}. Ikke navn, ikke innhold.",
        service: |names| &names.nb,
        looked_for: "Lett etter {count} navn, tekster og id-er hos Steinkjer: {found} funn.",
        looked_for_what_goes: "Lett hos Steinkjer etter {count} navn og tekster som fulgte med: {found} funn.",
        looked_for_what_stays: "Lett hos Steinkjer etter {count} tekster og id-er som ble igjen: {found} funn.",
        accepted: "Marte ser at {name} har sagt ja. Pakken med {count} oppføringer ligger forseglet i Steinkjer.",
        arrived: "Tor leser {count} oppføringer og dette fra Inderøy:",
        consents: "Samtykker som gjelder i Steinkjer: {count}. At {given} foresatte sa ja til flyttingen, står som opplysning.",
        over: "Inderøy ser at saken er hos {to}. Marte prøver å skrive, og noden sier nei ({status}).",
        counted: "{carried} oppføringer fulgte med, {stayed} ble igjen, {consents} samtykker fulgte med.",
    },
    search: SearchWords {
        columns: ["Inderøy", "Steinkjer", "Snåsa"],
        sentence_stores: "Setningen din, lagret i noden",
        sentence_links: "Setningen din, gitt til forbindelser dit",
        control_stores: "Kontrollsetningen, lagret i noden",
        control_links: "Kontrollsetningen, gitt til forbindelser dit",
        offer_stores: "Det tilbudet sier, lagret i noden",
        offer_links: "Det tilbudet sier, gitt til forbindelser dit",
        looked_through: "Åpnet og lest: {blobs} forseglede rader og {frames} rammer.",
    },
    end: EndWords {
        still_running: "Nodene går fortsatt. Bruk dem med et adgangstegn (token):",
        node: "{name}: web {web}, QUIC {quic}, mappe {folder}",
        token: "  {name}: {token}",
        example: "Prøv: curl -H \"Authorization: Bearer {token}\" {web}/api/v1/cases",
        enter_ends: "Enter eller Ctrl-C avslutter nodene.",
        goes_with_them: "Mappen {folder} blir da slettet.",
        kept: "Mappen {folder} blir liggende.",
    },
};
