//! The reminders of a move without consent that a new node starts from.

use jiff::civil::{Date, date};

use crate::moving_reminder::MovingReminder;
use crate::names::Names;

/// The day as of which the list tells the rules.
const AS_OF: Date = date(2026, 11, 1);

/// Who in bokmål and nynorsk, what in both, and the rule.
type Row = ([&'static str; 2], [&'static str; 2], Option<&'static str>);

const REMINDERS: [Row; 5] = [
    (
        ["Helsestasjonen", "Helsestasjonen"],
        [
            "Journalen sendes som hovedregel til helsestasjonen i den nye kommunen. Familien må selv si fra at de flytter.",
            "Journalen blir som hovudregel send til helsestasjonen i den nye kommunen. Familien må sjølv seie frå at dei flyttar.",
        ],
        None,
    ),
    (
        ["Skolen", "Skulen"],
        [
            "Den nye skolen får de opplysningene som er nødvendige. Andre opplysninger krever samtykke.",
            "Den nye skulen får dei opplysningane som er nødvendige. Andre opplysningar krev samtykke.",
        ],
        None,
    ),
    (
        ["Barnehagen", "Barnehagen"],
        [
            "Opplysninger til skolen eller en ny barnehage gis bare når foreldrene har gitt lov.",
            "Opplysningar til skulen eller ein ny barnehage blir gjevne berre når foreldra har gjeve lov.",
        ],
        Some("barnehageloven § 47 a"),
    ),
    (
        ["PPT", "PPT"],
        [
            "PPT har sitt eget arkiv. En sakkyndig vurdering sendes til den nye PPT når det er samtykke til det.",
            "PPT har sitt eige arkiv. Ei sakkunnig vurdering blir send til den nye PPT når det er samtykke til det.",
        ],
        None,
    ),
    (
        ["Barnevernet", "Barnevernet"],
        [
            "Barnevernet har egne plikter når en familie flytter. De går ikke gjennom stafettloggen.",
            "Barnevernet har eigne plikter når ein familie flyttar. Dei går ikkje gjennom stafettloggen.",
        ],
        None,
    ),
];

/// Returns what services most often do in their own systems when a family moves.
pub fn standard_moving_reminders() -> Vec<MovingReminder> {
    let names = |&[nb, nn]: &[&str; 2]| Names { nb: nb.to_owned(), nn: Some(nn.to_owned()), en: None };
    let reminder = |(who, what, basis): &Row| MovingReminder {
        who: names(who),
        what: names(what),
        basis: basis.map(str::to_owned),
        as_of: AS_OF,
    };
    REMINDERS.iter().map(reminder).collect()
}
