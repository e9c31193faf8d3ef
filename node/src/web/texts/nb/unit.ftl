unit-title = Enhetens saker
unit-what = Her ser du sakene enheten din svarer for. Du ser om noen har stafettpinnen, og om noe er over fristen. Bare stafettholderen ser navn og innhold.
unit-receiving = Barn som begynner hos dere
unit-to-answer = Venter på svar fra deg
unit-none = Enheten har ingen saker.
unit-case = Sak { $label }, åpnet { $day }
unit-no-holder = Ingen aktiv stafettholder
unit-acting = Fungerende stafettholder
unit-offered = Stafettpinnen er tilbudt noen
unit-overdue = { $count ->
    [one] Én oppgave er over fristen
   *[other] { $count } oppgaver er over fristen
}
unit-holder = { $name } har hatt stafettpinnen siden { $day }.
unit-baton = Se stafettpinnen
unit-family = Se familien og det som venter på godkjenning
