//! English, for readers who do not know Norwegian.

use super::{EndWords, MovingWords, Notes, SearchWords, Telling, Titles, Words};

/// Both stories begin with these two.
const OPENING: Telling = Telling {
    title: "Marte opens a stafettlogg",
    told: "Marte is a teacher in Inderøy. She opens a stafettlogg for Ante (9) at level 1, becomes \
           its stafettholder, and writes under language, learning, home and health.",
};

const SENTENCE: Telling = Telling {
    title: "You write a sentence",
    told: "You write one sentence under home. Nobody but Inderøy is to have it.",
};

pub(super) static WORDS: Words = Words {
    first_line: "Invented people. The municipalities have not taken part.",
    preparing: "Preparing three nodes: folders, keys, agreements and people …",
    linked: "Three nodes are running. Inderøy and Snåsa have dialled Steinkjer; each link is up.",
    nobody_to_ask: "There is nobody to ask here, so the story runs by itself and ends the nodes afterwards ({flag}).",
    enter: "Enter to go on",
    columns: ["Inderøy", "PPT Steinkjer", "Steinkjer school", "Snåsa"],
    nothing: "nothing",
    beats: [
        OPENING,
        SENTENCE,
        Telling {
            title: "Mother says yes, father has not answered",
            told: "The case goes to level 2. Mother says yes to PPT, the educational psychology service in \
                   Steinkjer, for language and learning. Father has not answered, so nothing is shared.",
        },
        Telling {
            title: "Father says yes",
            told: "First Marte sees what becomes visible. Then father says yes. The leader of PPT gives the \
                   case to Ole, and Ole reads exactly that.",
        },
        Telling {
            title: "Ole writes a measure",
            told: "Ole at PPT writes a measure. It comes back to the stafettlogg in Inderøy.",
        },
        Telling {
            title: "The link is cut",
            told: "The link between Inderøy and Steinkjer is cut. Marte and Ole edit the same measure. \
                   Then the link heals.",
        },
        Telling {
            title: "Snåsa does not learn of Ante",
            told: "Laila in Snåsa shares Máhtte (7) with PPT. Those who are not to know of Ante ask with \
                   his true ids, and get the answer that random ids get.",
        },
        Telling {
            title: "We search for your sentence",
            told: "Your sentence is searched for in all that each node has stored, and in all that was \
                   handed to each connection. A control sentence that Ole may read shows that the search finds.",
        },
        Telling {
            title: "Father withdraws",
            told: "Father phones and withdraws. The link is down, so Steinkjer has not heard. \
                   Then the link heals.",
        },
    ],
    held: "It held: {count} of {count} checks.",
    not_held: "It did NOT hold: {failed} of {count} checks.",
    all_held: "Everything held.",
    not_all_held: "Not everything held: {beats}.",
    titles: Titles {
        language: "Ante loses the thread in long messages",
        goal: "Ante reads a short text together with a friend",
        learning: "Ante reads simple words when he knows the text",
        home: "Homework takes all evening",
        health: "Eyesight is tested and is good",
        measure: "Language assessment",
        measure_text: "We assess vocabulary and memory for words.",
        marte_adds: " Marte sits with Ante for the first two lessons.",
        ole_adds: "Ole comes to the school three times. ",
        mahtte_language: "Máhtte speaks more South Sámi than Norwegian",
        mahtte_home: "The grandparents read to Máhtte",
        purpose: "PPT helps the school to understand what is hard, and what helps.",
        card: "Card about {name}",
        deadline: "deadline {date}",
        deadline_conflict: "deadline to be settled: {dates}",
        or: " or ",
    },
    notes: Notes {
        ask_sentence: "Write a sentence about how things are at Ante's home. Enter alone gives one.",
        own_sentence: "Ante sleeps badly on the nights when he changes houses.",
        sentence_too_short: "Write a whole sentence of 12 to 300 characters that is no other part of the story.",
        your_sentence: "You wrote: “{sentence}”",
        missing_father: "The consent is partly given (father is missing).",
        becomes_visible: "This becomes visible to PPT Steinkjer:",
        stays_hidden: "This is not shared:",
        inbox: "The leader of PPT sees: {owner}, {date}. No name, no content.",
        assigned: "The leader of PPT gives the case to Ole. Before that Ole read {count} entries.",
        waits_for_owner: "Ole's measure waits for the owner municipality, which gives it its id.",
        cut: "The link is cut. {count} datagrams are dropped so far.",
        while_cut: "Meanwhile each reads their own:",
        reads: "  {name}: “{text}”",
        healed: "The link is back.",
        both_texts: "Both read now: “{text}”",
        settled: "Marte settles the deadline: {date}. Ole reads the same.",
        same_answer: "{count} pairs of questions: the same answer, byte for byte.",
        not_confirmed: "{partner}: not confirmed yet",
        confirmed: "{partner} has confirmed: {erased} erased, {locked} locked",
        backup: "Backups that could open what is erased are gone in {days} days at the latest.",
    },
    moving: MovingWords {
        beats: [
            OPENING,
            SENTENCE,
            Telling {
                title: "Siri may see some of it",
                told: "The case goes to level 2. Mother and father say yes to the health station in \
                       Inderøy, for language and health. Marte gives the case to Siri, who is the \
                       public health nurse there.",
            },
            Telling {
                title: "The family is moving to Steinkjer",
                told: "Marte asks whether the case may go along. That is a question by itself, and \
                       it says what would go. Mother says yes. Father has not answered, so the case \
                       cannot be offered.",
            },
            Telling {
                title: "Father says yes, and the case is offered without a name",
                told: "Marte offers the case. Kari is the BTI coordinator in Steinkjer. She sees who \
                       asks, where in life it is, from when and which services. Not who.",
            },
            Telling {
                title: "Kari asks Tor, and Tor says yes",
                told: "Tor is a teacher in Steinkjer. He says yes without knowing who it is. Then \
                       the package is made and sent sealed. Nobody in Steinkjer can open it, and \
                       Marte still has the baton.",
            },
            Telling {
                title: "Marte carries it over",
                told: "Only now does Steinkjer get the key. The case is opened at Tor, who has the \
                       baton, and all that came is marked with where it came from.",
            },
            Telling {
                title: "No yes follows",
                told: "What the family said yes to in Inderøy opens nothing in Steinkjer. In \
                       Inderøy the case is over: whoever read it reads what was, and nobody writes \
                       more or offers it again. Tor writes on.",
            },
            Telling {
                title: "We search for your sentence",
                told: "Your sentence is searched for in all that each node has stored, and in all \
                       that was handed to each connection. A control sentence went along, sealed. \
                       What the offer said shows that the search finds in frames too.",
            },
        ],
        purpose_of_health: "The health station keeps an eye on eyesight and language.",
        purpose: "You are moving to Steinkjer, and the new school can go on where we left off.",
        note: "Please call me. It goes best when the room is known beforehand.",
        first_meeting: "We met in the classroom before the school day began",
        siri_reads: "Siri at the health station reads:",
        goes_along: "This goes along to Steinkjer:",
        stays: "This stays in Inderøy:",
        too_early: "Marte tries to offer the case, and the node says no ({status}).",
        primary_school: "a child in primary school",
        inquiry: "Kari sees: {from}, {stage}, wished from {date}. These may take over: {services}. No name, no content.",
        service: |names| names.en.as_deref().unwrap_or(&names.nb),
        looked_for: "Searched for {count} names, texts and ids at Steinkjer: {found} found.",
        looked_for_what_goes: "Searched at Steinkjer for {count} names and texts that went along: {found} found.",
        looked_for_what_stays: "Searched at Steinkjer for {count} texts and ids that stayed: {found} found.",
        accepted: "Marte sees that {name} has said yes. The package of {count} entries is in Steinkjer, sealed.",
        arrived: "Tor reads {count} entries and this from Inderøy:",
        consents: "Consents that hold in Steinkjer: {count}. That {given} guardians said yes to the move stands as information.",
        over: "Inderøy sees that the case is with {to}. Marte tries to write, and the node says no ({status}).",
        counted: "{carried} entries went along, {stayed} stayed, {consents} consents followed.",
    },
    search: SearchWords {
        columns: ["Inderøy", "Steinkjer", "Snåsa"],
        sentence_stores: "Your sentence, stored in the node",
        sentence_links: "Your sentence, handed to connections to it",
        control_stores: "The control sentence, stored in the node",
        control_links: "The control sentence, handed to connections to it",
        offer_stores: "What the offer says, stored in the node",
        offer_links: "What the offer says, handed to connections to it",
        looked_through: "Opened and read: {blobs} sealed rows and {frames} frames.",
    },
    end: EndWords {
        still_running: "The nodes are still running. Use them with a token:",
        node: "{name}: web {web}, QUIC {quic}, folder {folder}",
        token: "  {name}: {token}",
        example: "Try: curl -H \"Authorization: Bearer {token}\" {web}/api/v1/cases",
        enter_ends: "Enter or Ctrl-C ends the nodes.",
        goes_with_them: "The folder {folder} is deleted then.",
        kept: "The folder {folder} stays.",
    },
};
