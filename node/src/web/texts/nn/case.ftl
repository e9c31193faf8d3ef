case-title = Saka
case-write = Skriv
case-who-reads = Kven les denne stafettloggen
case-since = Du såg sist på saka { $moment }.
case-drafts = Kladdane dine
case-drafts-private = Berre du ser dei.
case-draft-saved = lagra { $moment }
case-draft-delete = Slett kladden { $title }
case-goals = Mål og tiltak
case-no-goals = Ingen mål eller tiltak enno.
case-new-measure = Nytt tiltak til «{ $title }»
case-loose = Tiltak utan mål
case-measures = Tiltak
case-what = Tiltak
case-who = Ansvarleg
case-when = Frist
case-status = Status
case-effect = Siste evaluering
case-read = Blir lese av
case-at-home = heime
case-voice = Stemma til barnet
case-no-voice = Ingen har skrive kva barnet seier.
case-ask-voice = Spør barnet, og skriv det her
case-log = Loggen
case-log-empty = Det er ingenting her som du kan lese.
case-filter = Vis berre noko av loggen
case-filtered = Viser { $shown } av { $all } oppføringar: berre det du har valt.
case-filter-area = Område
case-filter-kind = Kva slag
case-filter-show = Vis
case-filter-all = Vis alt
case-more = Meir om saka
case-meeting = Møtet
case-consents = Samtykke og deling
case-baton = Stafettpinnen
case-transition = Overgang til ny barnehage eller skule
case-move = Flytte til ein annan kommune
case-move-without = Familien flyttar utan å ta med stafettloggen
case-close = Avslutt saka
case-is-closed = Saka er avslutta. Ingen skriv meir i ho.
case-looks = Kven har sett på
case-print = Skriv ut
case-set-level = Endre nivå
case-assign = Tildel saka til ein kollega
case-assign-help = Den du vel, les det tenesta der ho eller han arbeider, har skrive, og det familien har samtykt til at tenesta les.
case-assigned = Desse arbeider med saka:
case-no-area = utan område, blir ikkje delt
case-areas = { $areas }
case-about = om { $whom }
case-names-unreadable = Namna og kladdane i denne saka kan ikkje lesast. IT ser det på driftssida.
case-unreadable = { $count ->
    [one] Ei oppføring kan ikkje lesast. IT ser det på driftssida.
   *[other] { $count } oppføringar kan ikkje lesast. IT ser det på driftssida.
}
case-author = { $name } ({ $relation })
case-written-by-family = først skrive av { $author }
case-written-by = skrive i { $service }
case-stored = { $moment }
case-changed = endra { $moment }
case-new = ny sidan sist
case-conflict = to svar, ikkje avklart
case-edit-waiting = endringa di er send, ikkje motteken enno
case-edit-refused = endringa di blei ikkje teken imot, skriv ho på nytt
case-read-by = Blir lese av: { $readers }
case-read-by-you = Blir berre lese av deg
case-readers-ask = Stafetthaldaren ser kven som les dette
case-reader-wrote = { $service } skreiv det { $moment }.
case-reader-since = { $service } les det sidan { $moment }.
case-reader-waiting = { $service } ventar på samtykke, og les det ikkje.
case-not-sent = Det er ikkje sendt enno.
case-sent = Sendt { $moment }, ikkje stadfesta enno.
case-received = Sendt { $moment }, motteke.
case-consent = Sjå samtykket
case-proposal-waiting = sendt, ikkje motteke enno
case-proposal-returned = kom tilbake til deg

notice-level = Nivået er endra.
case-unassign = Ta saka frå { $name }

case-origin = { $origin }
case-carried-title = Saka kom frå { $from }
case-carried-came = { $count ->
    [one] Ho blei opna her { $day }, med ei oppføring. Ingen samtykke følgde med: familien må spørjast på nytt.
   *[other] Ho blei opna her { $day }, med { $count } oppføringar. Ingen samtykke følgde med: familien må spørjast på nytt.
}
case-carried-level = Der var ho på { $level }.
case-carried-unreadable = { $count ->
    [one] Ei oppføring kunne ikkje lesast og er ikkje her. Spør { $from }.
   *[other] { $count } oppføringar kunne ikkje lesast og er ikkje her. Spør { $from }.
}
case-carried-areas = Desse områda finst ikkje her: { $areas }. Ingen samtykke opnar det som står i dei.
case-carried-contact = Spør { $name }, { $service }.
case-carried-contact-phone = Spør { $name }, { $service }, telefon { $phone }.
case-carried-more = Dette skreiv den førre stafetthaldaren, og dette sa familien ja til
case-carried-note = Frå den førre stafetthaldaren
case-carried-consent = Familien sa ja til flyttinga
case-carried-yes = { $name }, { $day }
case-carried-opens-nothing = Det samtykket galdt flyttinga og opnar ingenting her.
