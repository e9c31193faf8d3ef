unit-title = Sakene til eininga
unit-what = Her ser du sakene eininga di svarer for. Du ser om nokon har stafettpinnen, og om noko er over fristen. Berre stafetthaldaren ser namn og innhald.
unit-receiving = Barn som byrjar hos dykk
unit-to-answer = Ventar på svar frå deg
unit-none = Eininga har ingen saker.
unit-case = Sak { $label }, opna { $day }
unit-no-holder = Ingen aktiv stafetthaldar
unit-acting = Fungerande stafetthaldar
unit-offered = Stafettpinnen er tilboden nokon
unit-overdue = { $count ->
    [one] Éi oppgåve er over fristen
   *[other] { $count } oppgåver er over fristen
}
unit-holder = { $name } har hatt stafettpinnen sidan { $day }.
unit-baton = Sjå stafettpinnen
unit-family = Sjå familien og det som ventar på godkjenning
