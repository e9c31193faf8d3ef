stalled-title = Saker som stoppar opp
stalled-what = Her ser du kor mange saker som er opne, og kva for nokre som har stoppa opp. Du ser ikkje kven dei gjeld eller kva som er skrive. Einingsleiaren ser det same saksnummeret og kan spørje stafetthaldaren.
stalled-open = Opne saker
stalled-few = færre enn { $count } saker
stalled-count = { $count } saker
stalled-list = Har stoppa opp
stalled-none = Ingen saker viser teikna under.
stalled-case = Sak { $label }
stalled-weeks = { $weeks ->
    [0] Under éi veke på nivået.
    [one] Éi veke på nivået.
   *[other] { $weeks } veker på nivået.
}
stalled-no-holder = Ingen aktiv stafetthaldar
stalled-baton-waits = Stafettpinnen blei tilboden for meir enn ei veke sidan, og ingen har svart
stalled-no-meeting = Tolv veker på nivå 2 eller 3 utan nytt møte
stalled-consent-waits = Eit samtykke har venta på svar i to veker
stalled-consent-expired = Eit samtykke har gått ut og er ikkje fornya
stalled-cannot-take = Ei teneste har svart at ho ikkje kan ta saka
stalled-unreadable = { $count ->
    [one] Éi sak kan ikkje lesast og er ikkje med. IT ser det på driftssida.
   *[other] { $count } saker kan ikkje lesast og er ikkje med. IT ser det på driftssida.
}
stalled-signs = Teikn på at ei sak har stoppa opp
stalled-not = Fristar, evalueringar og anna som er skrive, blir ikkje sett på her. Det ser stafetthaldaren.
