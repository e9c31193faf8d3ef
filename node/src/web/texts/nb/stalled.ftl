stalled-title = Saker som stopper opp
stalled-what = Her ser du hvor mange saker som er åpne, og hvilke som har stoppet opp. Du ser ikke hvem de gjelder eller hva som er skrevet. Enhetslederen ser det samme saksnummeret og kan spørre stafettholderen.
stalled-open = Åpne saker
stalled-few = færre enn { $count } saker
stalled-count = { $count } saker
stalled-list = Har stoppet opp
stalled-none = Ingen saker viser tegnene under.
stalled-case = Sak { $label }
stalled-weeks = { $weeks ->
    [0] Under én uke på nivået.
    [one] Én uke på nivået.
   *[other] { $weeks } uker på nivået.
}
stalled-no-holder = Ingen aktiv stafettholder
stalled-baton-waits = Stafettpinnen ble tilbudt for mer enn en uke siden, og ingen har svart
stalled-no-meeting = Tolv uker på nivå 2 eller 3 uten nytt møte
stalled-consent-waits = Et samtykke har ventet på svar i to uker
stalled-consent-expired = Et samtykke har gått ut og er ikke fornyet
stalled-cannot-take = En tjeneste har svart at den ikke kan ta saken
stalled-unreadable = { $count ->
    [one] Én sak kan ikke leses og er ikke med. IT ser det på driftssiden.
   *[other] { $count } saker kan ikke leses og er ikke med. IT ser det på driftssiden.
}
stalled-signs = Tegn på at en sak har stoppet opp
stalled-not = Frister, evalueringer og annet som er skrevet, blir ikke sett på her. Det ser stafettholderen.
