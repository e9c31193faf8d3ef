//! Nynorsk.

use super::{EndWords, MovingWords, Notes, SearchWords, Telling, Titles, Words};

/// Both stories begin with these two.
const OPENING: Telling = Telling {
    title: "Marte opnar ein stafettlogg",
    told: "Marte er lærar i Inderøy. Ho opnar ein stafettlogg for Ante (9) på nivå 1, blir \
           stafetthaldar, og skriv under språk, læring, heim og helse.",
};

const SENTENCE: Telling = Telling {
    title: "Du skriv ei setning",
    told: "Du skriv éi setning under heim. Ho skal ingen andre enn Inderøy få.",
};

pub(super) static WORDS: Words = Words {
    first_line: "Oppdikta personar. Kommunane har ikkje delteke.",
    preparing: "Gjer klar tre nodar: mapper, nøklar, avtalar og folk …",
    linked: "Tre nodar går. Inderøy og Snåsa har ringt opp Steinkjer; kvart samband er oppe.",
    nobody_to_ask: "Her er det ingen å spørje, så forteljinga går av seg sjølv og avsluttar nodane til slutt ({flag}).",
    enter: "Enter for å gå vidare",
    columns: ["Inderøy", "PPT Steinkjer", "Steinkjer skule", "Snåsa"],
    nothing: "ingenting",
    beats: [
        OPENING,
        SENTENCE,
        Telling {
            title: "Mor seier ja, far har ikkje svart",
            told: "Saka går til nivå 2. Mor seier ja til at PPT i Steinkjer får sjå språk og læring. \
                   Far har ikkje svart, så ingenting blir delt.",
        },
        Telling {
            title: "Far seier ja",
            told: "Marte ser først kva som blir synleg. Så seier far ja. Leiaren for PPT gir saka til Ole, \
                   og Ole les nøyaktig det.",
        },
        Telling {
            title: "Ole skriv eit tiltak",
            told: "Ole i PPT skriv eit tiltak. Det kjem tilbake til stafettloggen i Inderøy.",
        },
        Telling {
            title: "Linja blir broten",
            told: "Linja mellom Inderøy og Steinkjer blir broten. Marte og Ole skriv i det same tiltaket. \
                   Så kjem linja tilbake.",
        },
        Telling {
            title: "Snåsa får ikkje vite om Ante",
            told: "Laila i Snåsa deler Máhtte (7) med PPT. Dei som ikkje skal vite om Ante, spør med dei \
                   rette id-ane hans, og får det same svaret som på tilfeldige.",
        },
        Telling {
            title: "Vi leitar etter setninga di",
            told: "Setninga di blir leita etter i alt som kvar node har lagra, og i alt som vart gitt til \
                   kvart samband. Ei kontrollsetning som Ole skal lese, viser at leitinga finn noko.",
        },
        Telling {
            title: "Far trekkjer ja-et tilbake",
            told: "Far ringjer og trekkjer tilbake. Linja er nede, så Steinkjer har ikkje høyrt det. \
                   Så kjem linja tilbake.",
        },
    ],
    held: "Det stemde: {count} av {count} kontrollar.",
    not_held: "Det stemde IKKJE: {failed} av {count} kontrollar.",
    all_held: "Alt stemde.",
    not_all_held: "Ikkje alt stemde: {beats}.",
    titles: Titles {
        language: "Ante mistar tråden i lange beskjedar",
        goal: "Ante les ein kort tekst saman med ein ven",
        learning: "Ante les enkle ord når han kjenner teksten",
        home: "Leksene tek heile kvelden",
        health: "Synet er prøvd og er godt",
        measure: "Språkkartlegging",
        measure_text: "Vi kartlegg ordforråd og minne for ord.",
        marte_adds: " Marte sit saman med Ante i dei to første timane.",
        ole_adds: "Ole kjem til skulen tre gonger. ",
        mahtte_language: "Máhtte snakkar meir sørsamisk enn norsk",
        mahtte_home: "Besteforeldra les for Máhtte",
        purpose: "PPT hjelper skulen med å forstå kva som er vanskeleg, og kva som hjelper.",
        card: "Kort om {name}",
        deadline: "frist {date}",
        deadline_conflict: "frist må avklarast: {dates}",
        or: " eller ",
    },
    notes: Notes {
        ask_sentence: "Skriv ei setning om korleis det går heime hos Ante. Enter åleine gir ei ferdig setning.",
        own_sentence: "Ante søv dårleg dei nettene han byter hus.",
        sentence_too_short: "Skriv ei heil setning på 12 til 300 teikn, som ikkje er ein del av forteljinga elles.",
        your_sentence: "Du skreiv: «{sentence}»",
        missing_father: "Samtykket er delvis gitt (manglar far).",
        becomes_visible: "Dette blir synleg for PPT Steinkjer:",
        stays_hidden: "Dette blir ikkje delt:",
        inbox: "Leiaren for PPT ser: {owner}, {date}. Ikkje namn, ikkje innhald.",
        assigned: "Leiaren for PPT gir saka til Ole. Før det las Ole {count} oppføringar.",
        waits_for_owner: "Tiltaket til Ole ventar på eigarkommunen, som gir det id.",
        cut: "Linja er broten. {count} datagram er kasta så langt.",
        while_cut: "I mellomtida les kvar sitt:",
        reads: "  {name}: «{text}»",
        healed: "Linja er tilbake.",
        both_texts: "Begge les no: «{text}»",
        settled: "Marte avklarar fristen: {date}. Ole les det same.",
        same_answer: "{count} par av spørsmål: same svar, byte for byte.",
        not_confirmed: "{partner}: ikkje stadfesta enno",
        confirmed: "{partner} har stadfesta: {erased} sletta, {locked} låst",
        backup: "Tryggingskopiar som kan opne det sletta, er borte om seinast {days} dagar.",
    },
    moving: MovingWords {
        beats: [
            OPENING,
            SENTENCE,
            Telling {
                title: "Siri får sjå noko",
                told: "Saka går til nivå 2. Mor og far seier ja til at helsestasjonen i Inderøy får \
                       sjå språk og helse. Marte gir saka til Siri, som er helsesjukepleiar der.",
            },
            Telling {
                title: "Familien skal flytte til Steinkjer",
                told: "Marte spør om saka får flytte med. Det er eit spørsmål for seg sjølv, og det \
                       seier kva som følgjer med. Mor seier ja. Far har ikkje svart, så saka kan \
                       ikkje bli tilboden.",
            },
            Telling {
                title: "Far seier ja, og saka blir tilboden utan namn",
                told: "Marte tilbyr saka. Kari er BTI-koordinator i Steinkjer. Ho ser kven som spør, \
                       kvar i livet det gjeld, frå når og kva tenester. Ikkje kven.",
            },
            Telling {
                title: "Kari spør Tor, og Tor seier ja",
                told: "Tor er lærar i Steinkjer. Han seier ja utan å vite kven det er. Då blir \
                       pakken laga og send forsegla. Ingen i Steinkjer kan opne han, og Marte har \
                       framleis stafettpinnen.",
            },
            Telling {
                title: "Marte overfører",
                told: "Først no får Steinkjer nøkkelen. Saka blir opna hos Tor, som har \
                       stafettpinnen, og alt som kom, er merkt med kvar det kom frå.",
            },
            Telling {
                title: "Ingen ja følgjer med",
                told: "Det familien sa ja til i Inderøy, opnar ingenting i Steinkjer. I Inderøy er \
                       saka over: dei som las henne, les det som var, og ingen skriv meir eller \
                       tilbyr henne igjen. Tor skriv vidare.",
            },
            Telling {
                title: "Vi leitar etter setninga di",
                told: "Setninga di blir leita etter i alt som kvar node har lagra, og i alt som vart \
                       gitt til kvart samband. Ei kontrollsetning følgde med, forsegla. Det tilbodet \
                       sa, viser at leitinga finn noko i rammene òg.",
            },
        ],
        purpose_of_health: "Helsestasjonen følgjer med på syn og språk.",
        purpose: "De flyttar til Steinkjer, og den nye skulen kan halde fram der vi slapp.",
        note: "Ring meg gjerne. Det går best når rommet er kjent på førehand.",
        first_meeting: "Vi møttest i klasserommet før skuledagen byrja",
        siri_reads: "Siri på helsestasjonen les:",
        goes_along: "Dette følgjer med til Steinkjer:",
        stays: "Dette blir igjen i Inderøy:",
        too_early: "Marte prøver å tilby saka, og noden seier nei ({status}).",
        primary_school: "eit barn på barneskulen",
        inquiry: "Kari ser: {from}, {stage}, ønskt frå {date}. Dette kan ta over: {services}. Ikkje namn, ikkje innhald.",
        service: |names| names.nn.as_deref().unwrap_or(&names.nb),
        looked_for: "Leita etter {count} namn, tekstar og id-ar hos Steinkjer: {found} funn.",
        looked_for_what_goes: "Leita hos Steinkjer etter {count} namn og tekstar som følgde med: {found} funn.",
        looked_for_what_stays: "Leita hos Steinkjer etter {count} tekstar og id-ar som vart igjen: {found} funn.",
        accepted: "Marte ser at {name} har sagt ja. Pakken med {count} oppføringar ligg forsegla i Steinkjer.",
        arrived: "Tor les {count} oppføringar og dette frå Inderøy:",
        consents: "Samtykke som gjeld i Steinkjer: {count}. At {given} føresette sa ja til flyttinga, står som opplysning.",
        over: "Inderøy ser at saka er hos {to}. Marte prøver å skrive, og noden seier nei ({status}).",
        counted: "{carried} oppføringar følgde med, {stayed} vart igjen, {consents} samtykke følgde med.",
    },
    search: SearchWords {
        columns: ["Inderøy", "Steinkjer", "Snåsa"],
        sentence_stores: "Setninga di, lagra i noden",
        sentence_links: "Setninga di, gitt til samband dit",
        control_stores: "Kontrollsetninga, lagra i noden",
        control_links: "Kontrollsetninga, gitt til samband dit",
        offer_stores: "Det tilbodet seier, lagra i noden",
        offer_links: "Det tilbodet seier, gitt til samband dit",
        looked_through: "Opna og lese: {blobs} forsegla rader og {frames} rammer.",
    },
    end: EndWords {
        still_running: "Nodane går framleis. Bruk dei med eit tilgangsteikn (token):",
        node: "{name}: web {web}, QUIC {quic}, mappe {folder}",
        token: "  {name}: {token}",
        example: "Prøv: curl -H \"Authorization: Bearer {token}\" {web}/api/v1/cases",
        enter_ends: "Enter eller Ctrl-C avsluttar nodane.",
        goes_with_them: "Mappa {folder} blir då sletta.",
        kept: "Mappa {folder} blir liggjande.",
    },
};
