stalled-title = Saker som stoppar opp
stalled-what = Her ser du kor mange saker som er opne, og kva for nokre som har stoppa opp. Du ser ikkje kven dei gjeld eller kva som er skrive. Einingsleiaren ser det same saksnummeret og kan spørje stafetthaldaren.
stalled-open = Opne saker
stalled-few = færre enn { $count } saker
stalled-count = { $count } saker
stalled-list = Har stoppa opp
stalled-none = Ingen saker har stoppa opp.
stalled-case = Sak { $label }
stalled-weeks = { $weeks ->
    [0] Under éi veke på nivået.
    [one] Éi veke på nivået.
   *[other] { $weeks } veker på nivået.
}
stalled-no-holder = Ingen aktiv stafetthaldar
stalled-baton-waits = Stafettpinnen har vore tilboden i meir enn ei veke utan svar
stalled-no-meeting = Ikkje skrive noko møte på tolv veker
stalled-consent-waits = Eit samtykke har mangla eit svar i to veker
stalled-consent-expired = Eit samtykke har gått ut og er ikkje fornya
stalled-cannot-take = Ei teneste har svart at ho ikkje kan ta saka
