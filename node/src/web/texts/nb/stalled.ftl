stalled-title = Saker som stopper opp
stalled-what = Her ser du hvor mange saker som er åpne, og hvilke som har stoppet opp. Du ser ikke hvem de gjelder eller hva som er skrevet. Enhetslederen ser det samme saksnummeret og kan spørre stafettholderen.
stalled-open = Åpne saker
stalled-few = færre enn { $count } saker
stalled-count = { $count } saker
stalled-list = Har stoppet opp
stalled-none = Ingen saker har stoppet opp.
stalled-case = Sak { $label }
stalled-weeks = { $weeks ->
    [0] Under én uke på nivået.
    [one] Én uke på nivået.
   *[other] { $weeks } uker på nivået.
}
stalled-no-holder = Ingen aktiv stafettholder
stalled-baton-waits = Stafettpinnen har vært tilbudt i mer enn en uke uten svar
stalled-no-meeting = Ikke skrevet noe møte på tolv uker
stalled-consent-waits = Et samtykke har manglet et svar i to uker
stalled-consent-expired = Et samtykke har gått ut og er ikke fornyet
stalled-cannot-take = En tjeneste har svart at den ikke kan ta saken
