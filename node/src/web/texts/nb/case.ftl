case-title = Saken
case-write = Skriv
case-who-reads = Hvem leser denne stafettloggen
case-since = Du så sist på saken { $moment }.
case-drafts = Kladdene dine
case-drafts-private = Bare du ser dem.
case-draft-saved = lagret { $moment }
case-draft-delete = Slett kladden { $title }
case-goals = Mål og tiltak
case-no-goals = Ingen mål eller tiltak ennå.
case-new-measure = Nytt tiltak til «{ $title }»
case-loose = Tiltak uten mål
case-measures = Tiltak
case-what = Tiltak
case-who = Ansvarlig
case-when = Frist
case-status = Status
case-effect = Siste evaluering
case-read = Leses av
case-at-home = hjemme
case-voice = Barnets stemme
case-no-voice = Ingen har skrevet hva barnet sier.
case-ask-voice = Spør barnet, og skriv det her
case-log = Loggen
case-log-empty = Det er ingenting her som du kan lese.
case-filter = Vis bare noe av loggen
case-filtered = Viser { $shown } av { $all } oppføringer: bare det du har valgt.
case-filter-area = Områder
case-filter-kind = Hva slags
case-filter-show = Vis
case-filter-all = Vis alt
case-more = Mer om saken
case-meeting = Møtet
case-consents = Samtykke og deling
case-baton = Stafettpinnen
case-transition = Overgang til ny barnehage eller skole
case-move = Flytte til en annen kommune
case-move-without = Familien flytter uten å ta med stafettloggen
case-close = Avslutt saken
case-is-closed = Saken er avsluttet. Ingen skriver mer i den.
case-looks = Hvem har sett på
case-print = Skriv ut
case-set-level = Endre nivå
case-assign = Tildel saken til en kollega
case-assign-help = Den du velger, leser det tjenesten vedkommende arbeider i, har skrevet, og det familien har samtykket til at tjenesten leser.
case-assigned = Disse arbeider med saken:
case-no-area = uten område, deles ikke
case-areas = { $areas }
case-about = om { $whom }
case-names-unreadable = Navnene og kladdene i denne saken kan ikke leses. IT ser det på driftssiden.
case-unreadable = { $count ->
    [one] En oppføring kan ikke leses. IT ser det på driftssiden.
   *[other] { $count } oppføringer kan ikke leses. IT ser det på driftssiden.
}
case-author = { $name } ({ $relation })
case-written-by-family = først skrevet av { $author }
case-written-by = skrevet i { $service }
case-stored = { $moment }
case-changed = endret { $moment }
case-new = ny siden sist
case-conflict = to svar, ikke avklart
case-edit-waiting = endringen din er sendt, ikke mottatt ennå
case-edit-refused = endringen din ble ikke tatt imot, skriv den på nytt
case-read-by = Leses av: { $readers }
case-read-by-you = Leses bare av deg
case-readers-ask = Stafettholderen ser hvem som leser dette
case-reader-wrote = { $service } skrev det { $moment }.
case-reader-since = { $service } leser det siden { $moment }.
case-reader-waiting = { $service } venter på samtykke, og leser det ikke.
case-not-sent = Det er ikke sendt ennå.
case-sent = Sendt { $moment }, ikke bekreftet ennå.
case-received = Sendt { $moment }, mottatt.
case-consent = Se samtykket
case-proposal-waiting = sendt, ikke mottatt ennå
case-proposal-returned = kom tilbake til deg

notice-level = Nivået er endret.
case-unassign = Ta saken fra { $name }

case-origin = { $origin }
case-carried-title = Saken kom fra { $from }
case-carried-came = { $count ->
    [one] Den ble åpnet her { $day }, med en oppføring. Ingen samtykker fulgte med: familien må spørres på nytt.
   *[other] Den ble åpnet her { $day }, med { $count } oppføringer. Ingen samtykker fulgte med: familien må spørres på nytt.
}
case-carried-level = Der var den på { $level }.
case-carried-unreadable = { $count ->
    [one] En oppføring kunne ikke leses og er ikke her. Spør { $from }.
   *[other] { $count } oppføringer kunne ikke leses og er ikke her. Spør { $from }.
}
case-carried-areas = Disse områdene finnes ikke her: { $areas }. Ingen samtykker åpner det som står i dem.
case-carried-contact = Spør { $name }, { $service }.
case-carried-contact-phone = Spør { $name }, { $service }, telefon { $phone }.
case-carried-more = Dette skrev den forrige stafettholderen, og dette sa familien ja til
case-carried-note = Fra den forrige stafettholderen
case-carried-consent = Familien sa ja til flyttingen
case-carried-yes = { $name }, { $day }
case-carried-opens-nothing = Det samtykket gjaldt flyttingen og åpner ingenting her.
