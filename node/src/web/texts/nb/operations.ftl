operations-title = Drift
operations-todo = Dette må du gjøre noe med
operations-nothing = Ingenting venter på deg.
operations-links = Samarbeidskommuner
operations-no-links = Ingen samarbeidskommuner er satt opp.
operations-partner = Kommune
operations-connection = Forbindelse
operations-received = Sist mottatt
operations-waiting = Venter på å bli sendt
operations-receipts = Kvitteringer
operations-until = Avtalen gjelder til
operations-sharing = Deling
operations-connected = Tilkoblet siden { $moment }
operations-offline = Ikke tilkoblet. Det som venter, sendes når forbindelsen er tilbake.
operations-never = Ikke siden programmet startet
operations-missing = { $count ->
    [one] Én mangler siden { $moment }
   *[other] { $count } mangler, den eldste siden { $moment }
}
operations-none-missing = Ingen mangler
operations-state-good = Åpen
operations-state-revoked = Stengt: identiteten er trukket tilbake
operations-state-in-doubt = Venter: ikke sammenlignet etter gjenoppretting
operations-state-stopped = Stoppet: kvitteringer mangler
operations-revoked = Identiteten til { $name } er trukket tilbake.
operations-revoked-do = Ingenting deles. Få nye nøkler av { $name } på en annen vei, og legg dem inn. Se filen med
operations-in-doubt = Denne noden er gjenopprettet, og har ikke sammenlignet med { $name } siden.
operations-in-doubt-do = Det går av seg selv når begge er tilkoblet. Er { $name } borte lenge, ring dem.
operations-stopped = { $name } har ikke kvittert for en sletting på tre døgn. Ingenting nytt deles dit.
operations-stopped-do = Ring driften i { $name } og be dem koble til. Delingen åpner når kvitteringen er inne.
operations-late = { $name } har ikke kvittert for en sletting siden { $moment }.
operations-late-do = Ring driften i { $name } og spør om noden deres går.
operations-ended = Samarbeidsavtalen med { $name } gikk ut { $day }.
operations-ended-do = Ingenting deles. Skal samarbeidet fortsette, få ny avtale og rett filen til { $name }.
operations-ends = Samarbeidsavtalen med { $name } går ut { $day }.
operations-ends-do = Si fra til den som eier avtalen med { $name } nå. Etter den dagen deles ingenting.
operations-seal-behind = Noden er gjenopprettet fra sikkerhetskopi og er forseglet. Ingenting deles.
operations-seal-behind-do = Ta journalen inn igjen:
operations-seal-journal = Journalen er borte eller ødelagt, og noden er forseglet. Ingenting deles.
operations-seal-journal-do = Legg journalen tilbake. Finnes den ikke, begynn en ny:
operations-seal-shown = En samarbeidskommune kjenner nyere opplysninger om denne noden enn noden selv. Den er forseglet.
operations-seal-shown-do = Lageret og journalen er eldre enn de skal være. Finn de nyeste, eller bekreft:
operations-seal-clock = Klokken har hoppet, og noden er forseglet. Ingenting deles.
operations-seal-clock-do = Finn ut hva klokken er, og si det til noden:
operations-seal-not-compared = Noden er gjenopprettet og har ikke sammenlignet med alle.
operations-seal-not-compared-do = Det går av seg selv når begge er tilkoblet. Se hvem som mangler:
operations-log-row = Tilgangsloggen er endret: rad { $number } stemmer ikke.
operations-log-end = Tilgangsloggen er endret: den slutter ikke der den skal.
operations-log-back = Tilgangsloggen er eldre enn den skal være: den har hatt minst { $count } rader.
operations-unreadable = { $count ->
    [one] En oppføring kan ikke leses fra disken til lageret.
   *[other] { $count } oppføringer kan ikke leses fra disken til lageret.
}
operations-families = { $count ->
    [one] Navnene i én sak kan ikke leses fra disken til lageret.
   *[other] Navnene i { $count } saker kan ikke leses fra disken til lageret.
}
operations-unreadable-do = Ikke slett noe. Det som ikke kan leses, blir ikke delt. Finn ut hva det er:
operations-log-do = Ikke slett noe. Si fra til personvernombudet og den sikkerhetsansvarlige, og ta vare på:
operations-state = Denne noden
operations-node = Program
operations-serving = Svarer og deler
operations-not-serving = Svarer ikke: forseglet eller på vei ned
operations-journal = Journal
operations-journal-good = Hel
operations-journal-lost = Borte eller ødelagt
operations-journal-behind = Nyere enn lageret
operations-clock = Klokke
operations-clock-good = Ingen hopp.
operations-clock-jump = Den hoppet { $seconds } sekunder.
operations-log = Tilgangslogg
operations-log-rows = { $count ->
    [one] Én rad, gått gjennom fra begynnelsen { $moment }.
   *[other] { $count } rader, gått gjennom fra begynnelsen { $moment }.
}
operations-log-more = { $count } rader. { $walked } av dem ble gått gjennom fra begynnelsen { $moment }. De som kom siden, blir sjekket fortløpende.
operations-log-wrong = Noe er galt med den. Se øverst på siden.
operations-log-unknown = Ikke gått gjennom ennå.
operations-log-walking = Den blir gått gjennom fra begynnelsen nå.
operations-backup = Sikkerhetskopi
operations-backup-do = Noden vet ikke når den sist ble kopiert. Se der kopiene tas, og prøv å gjenopprette.
operations-key = Egen TLS-nøkkel (fingeravtrykk)
operations-signing = Egen signeringsnøkkel
operations-certificate = Eget sertifikat gjelder til
operations-certificate-early = Sertifikatet til denne noden gjelder først fra { $day }.
operations-certificate-early-do = Se om klokken på maskinen er riktig.
operations-certificate-ended = Sertifikatet til denne noden gikk ut { $day }. Ingen samarbeidskommune kan koble til.
operations-certificate-ends = Sertifikatet til denne noden går ut { $day }.
operations-certificate-now = Forny det i dag, og start noden på nytt. Nøkkelen blir den samme, så samarbeidskommunene gjør ingenting.
operations-certificate-soon = Forny det denne måneden, og start noden på nytt. Nøkkelen blir den samme, så samarbeidskommunene gjør ingenting.
operations-certificate-later = Sett av tid til å fornye det. Nøkkelen blir den samme, så samarbeidskommunene gjør ingenting.
operations-keys = Nøklene til samarbeidskommunene
operations-tls-current = TLS-nøkkel (fingeravtrykk)
operations-tls-next = Neste TLS-nøkkel
operations-signing-current = Signeringsnøkkel
operations-signing-next = Neste signeringsnøkkel
operations-no-next = Ingen
operations-shown = Vist ved siste forbindelse
operations-shown-current = TLS-nøkkelen over. Sertifikatet gjelder til { $day }.
operations-shown-next = Den neste TLS-nøkkelen. Sertifikatet gjelder til { $day }.
operations-shown-neither = En nøkkel som ikke lenger står i filen. Sertifikatet gjelder til { $day }.
operations-shown-ended = Sertifikatet til { $name } gikk ut { $day }. Det blir ingen forbindelse.
operations-shown-ends = Sertifikatet til { $name } går ut { $day }.
operations-shown-now = Ring driften i { $name } i dag og be dem fornye sertifikatet. Nøkkelen blir den samme, så her gjør du ingenting.
operations-shown-soon = Spør driften i { $name } når de fornyer sertifikatet. Nøkkelen blir den samme, så her gjør du ingenting.
operations-shown-later = Si fra til driften i { $name }. Nøkkelen blir den samme, så her gjør du ingenting.
operations-store = Lager
operations-store-size = { $megabytes } MB, og { $log } MB i skriveloggen. { $free } MB ledig på disken.
operations-schema = Lagerets skjema
operations-room = Det er lite plass igjen på disken til lageret: { $megabytes } MB.
operations-room-do = Lag plass. Når disken er full, kan samtykker trekkes tilbake, men ingenting annet lagres.
operations-protocol = Protokoll
operations-protocol-version = Versjon { $version }
operations-version = Versjon
