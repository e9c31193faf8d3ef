operations-title = Drift
operations-todo = Dette må du gjere noko med
operations-nothing = Ingenting ventar på deg.
operations-links = Samarbeidskommunar
operations-no-links = Ingen samarbeidskommunar er sette opp.
operations-partner = Kommune
operations-connection = Samband
operations-received = Sist motteke
operations-waiting = Ventar på å bli sendt
operations-receipts = Kvitteringar
operations-until = Avtala gjeld til
operations-sharing = Deling
operations-connected = Tilkopla sidan { $moment }
operations-offline = Ikkje tilkopla. Det som ventar, blir sendt når sambandet er tilbake.
operations-never = Ikkje sidan programmet starta
operations-missing = { $count ->
    [one] Éi manglar sidan { $moment }
   *[other] { $count } manglar, den eldste sidan { $moment }
}
operations-none-missing = Ingen manglar
operations-state-good = Open
operations-state-revoked = Stengd: identiteten er trekt tilbake
operations-state-in-doubt = Ventar: ikkje samanlikna etter gjenoppretting
operations-state-stopped = Stoppa: kvitteringar manglar
operations-revoked = Identiteten til { $name } er trekt tilbake.
operations-revoked-do = Ingenting blir delt. Få nye nøklar av { $name } på ein annan veg, og legg dei inn. Sjå fila med
operations-in-doubt = Denne noden er gjenoppretta, og har ikkje samanlikna med { $name } sidan.
operations-in-doubt-do = Det går av seg sjølv når begge er tilkopla. Er { $name } borte lenge, ring dei.
operations-stopped = { $name } har ikkje kvittert for ei sletting på tre døgn. Ingenting nytt blir delt dit.
operations-stopped-do = Ring drifta i { $name } og be dei kople til. Delinga opnar når kvitteringa er inne.
operations-late = { $name } har ikkje kvittert for ei sletting sidan { $moment }.
operations-late-do = Ring drifta i { $name } og spør om noden deira går.
operations-ended = Samarbeidsavtalen med { $name } gjekk ut { $day }.
operations-ended-do = Ingenting blir delt. Skal samarbeidet halde fram, få ny avtale og rett fila til { $name }.
operations-ends = Samarbeidsavtalen med { $name } går ut { $day }.
operations-ends-do = Sei frå til den som eig avtalen med { $name } no. Etter den dagen blir ingenting delt.
operations-seal-behind = Noden er gjenoppretta frå tryggingskopi og er forsegla. Ingenting blir delt.
operations-seal-behind-do = Ta journalen inn att:
operations-seal-journal = Journalen er borte eller øydelagd, og noden er forsegla. Ingenting blir delt.
operations-seal-journal-do = Legg journalen tilbake. Finst han ikkje, byrj ein ny:
operations-seal-shown = Ein samarbeidskommune kjenner nyare opplysningar om denne noden enn noden sjølv. Han er forsegla.
operations-seal-shown-do = Lageret og journalen er eldre enn dei skal vere. Finn dei nyaste, eller stadfest:
operations-seal-clock = Klokka har hoppa, og noden er forsegla. Ingenting blir delt.
operations-seal-clock-do = Finn ut kva klokka er, og sei det til noden:
operations-seal-not-compared = Noden er gjenoppretta og har ikkje samanlikna med alle.
operations-seal-not-compared-do = Det går av seg sjølv når begge er tilkopla. Sjå kven som manglar:
operations-log-row = Tilgangsloggen er endra: rad { $number } stemmer ikkje.
operations-log-end = Tilgangsloggen er endra: han sluttar ikkje der han skal.
operations-log-back = Tilgangsloggen er eldre enn han skal vere: han har hatt minst { $count } rader.
operations-unreadable = { $count ->
    [one] Ei oppføring kan ikkje lesast frå disken til lageret.
   *[other] { $count } oppføringar kan ikkje lesast frå disken til lageret.
}
operations-families = { $count ->
    [one] Namna i éi sak kan ikkje lesast frå disken til lageret.
   *[other] Namna i { $count } saker kan ikkje lesast frå disken til lageret.
}
operations-unreadable-do = Ikkje slett noko. Det som ikkje kan lesast, blir ikkje delt. Finn ut kva det er:
operations-log-do = Ikkje slett noko. Sei frå til personvernombodet og den tryggingsansvarlege, og ta vare på:
operations-state = Denne noden
operations-node = Program
operations-serving = Svarer og deler
operations-not-serving = Svarer ikkje: forsegla eller på veg ned
operations-journal = Journal
operations-journal-good = Heil
operations-journal-lost = Borte eller øydelagd
operations-journal-behind = Nyare enn lageret
operations-clock = Klokke
operations-clock-good = Ingen hopp.
operations-clock-jump = Ho hoppa { $seconds } sekund.
operations-log = Tilgangslogg
operations-log-rows = { $count ->
    [one] Éi rad, gått gjennom frå starten { $moment }.
   *[other] { $count } rader, gått gjennom frå starten { $moment }.
}
operations-log-more = { $count } rader. { $walked } av dei blei gått gjennom frå starten { $moment }. Dei som kom sidan, blir sjekka fortløpande.
operations-log-wrong = Noko er gale med han. Sjå øvst på sida.
operations-log-unknown = Ikkje gått gjennom enno.
operations-log-walking = Han blir gått gjennom frå starten no.
operations-backup = Tryggingskopi
operations-backup-do = Noden veit ikkje når han sist blei kopiert. Sjå der kopiane blir tekne, og prøv å gjenopprette.
operations-key = Eigen TLS-nøkkel (fingeravtrykk)
operations-signing = Eigen signeringsnøkkel
operations-certificate = Eige sertifikat gjeld til
operations-certificate-early = Sertifikatet til denne noden gjeld først frå { $day }.
operations-certificate-early-do = Sjå om klokka på maskina er rett.
operations-certificate-ended = Sertifikatet til denne noden gjekk ut { $day }. Ingen samarbeidskommune kan kople til.
operations-certificate-ends = Sertifikatet til denne noden går ut { $day }.
operations-certificate-now = Forny det i dag, og start noden på nytt. Nøkkelen blir den same, så samarbeidskommunane gjer ingenting.
operations-certificate-soon = Forny det denne månaden, og start noden på nytt. Nøkkelen blir den same, så samarbeidskommunane gjer ingenting.
operations-certificate-later = Set av tid til å fornye det. Nøkkelen blir den same, så samarbeidskommunane gjer ingenting.
operations-keys = Nøklane til samarbeidskommunane
operations-tls-current = TLS-nøkkel (fingeravtrykk)
operations-tls-next = Neste TLS-nøkkel
operations-signing-current = Signeringsnøkkel
operations-signing-next = Neste signeringsnøkkel
operations-no-next = Ingen
operations-shown = Vist ved siste samband
operations-shown-current = TLS-nøkkelen over. Sertifikatet gjeld til { $day }.
operations-shown-next = Den neste TLS-nøkkelen. Sertifikatet gjeld til { $day }.
operations-shown-neither = Ein nøkkel som ikkje lenger står i fila. Sertifikatet gjeld til { $day }.
operations-shown-ended = Sertifikatet til { $name } gjekk ut { $day }. Det blir ikkje noko samband.
operations-shown-ends = Sertifikatet til { $name } går ut { $day }.
operations-shown-now = Ring drifta i { $name } i dag og be dei fornye sertifikatet. Nøkkelen blir den same, så her gjer du ingenting.
operations-shown-soon = Spør drifta i { $name } når dei fornyar sertifikatet. Nøkkelen blir den same, så her gjer du ingenting.
operations-shown-later = Sei frå til drifta i { $name }. Nøkkelen blir den same, så her gjer du ingenting.
operations-store = Lager
operations-store-size = { $megabytes } MB, og { $log } MB i skriveloggen. { $free } MB ledig på disken.
operations-schema = Skjemaet til lageret
operations-room = Det er lite plass att på disken til lageret: { $megabytes } MB.
operations-room-do = Lag plass. Når disken er full, kan samtykke trekkjast tilbake, men ingenting anna blir lagra.
operations-protocol = Protokoll
operations-protocol-version = Versjon { $version }
operations-version = Versjon
