# My cases.
cases-title = Sakene mine
cases-waiting = Dette ventar på deg
cases-nothing-waits = Ingenting ventar.
cases-late-word = forseinka
cases-heading = Sakene
cases-new = Ny sak
cases-filter = Kva saker
cases-show-all = Alle
cases-show-mine = Der du er stafetthaldar
cases-show-with = Der du er med
cases-show-shared = Delte med oss
cases-none = Ingen saker her.
cases-child = barn
cases-youth = ungdom
cases-pregnant = gravid
cases-parent = forelder
cases-age = { $years } år
cases-you = du
cases-unnamed = Namnet er ikkje delt
cases-owner = Eigarkommune: { $owner }
cases-level = Nivå
cases-holder = Stafetthaldar
cases-meeting = Neste møte
cases-deadline = Neste frist
cases-late = { $count ->
    [one] Éin frist er passert
   *[other] { $count } fristar er passerte
}
cases-changed = { $count ->
    [one] Éi oppføring er ny eller endra sidan du såg sist
   *[other] { $count } oppføringar er nye eller endra sidan du såg sist
}
cases-not-opened = Du har ikkje opna saka enno

# What waits.
waiting-late = { $name }: «{ $title }» skulle vore gjort { $day }.
waiting-conflict = { $name }: To svar står side om side, og du må velje.
waiting-receipt-late = { $name }: Samarbeidskommunen har ikkje stadfesta at delinga er avslutta. Vi har venta sidan { $day }.
waiting-receipt-overdue = { $name }: Stadfestinga manglar framleis. Ingenting nytt blir delt med samarbeidskommunen. Vi har venta sidan { $day }.
waiting-protection = Adressevernet i ei sak må vurderast på nytt. Dag: { $day }.
waiting-registration = Ei endring i ein familie ventar på at du som leiar godkjenner ho. Registrert { $day }.
waiting-birthday-soon = { $name } fyller { $age } år { $day }. Då kan andre måtte spørjast om samtykke.
waiting-birthday = { $name } fylte { $age } år { $day }. Sjå kven som no må spørjast om samtykke.
waiting-clarify = { $name }: Éin har trekt tilbake samtykket sitt til { $service }, ein annan har ikkje. Snakk med alle.
waiting-renew = { $name }: Samtykket til { $service } er sett på pause, for nokon andre må seie ja no.
waiting-doubt = { $name }: Programmet er gjenoppretta. Spør familien om samtykket til { $service } framleis gjeld.
waiting-expiring = { $name }: Samtykket til { $service } går ut { $day }.
waiting-expired = { $name }: Samtykket til { $service } gjekk ut { $day }.
waiting-review-held = { $name }: Sjå over det som er skrive medan samtykket til { $service } mangla, før det blir delt.
waiting-review = { $name }: Det er tid for å sjå på samtykket til { $service } saman med familien.
waiting-not-answered = { $name }: Ingen har svart på samtykket til { $service }. Svaret skulle vore her { $day }.
waiting-partly = { $name }: Samtykket til { $service } er berre delvis gitt. Vi har venta sidan { $day }.
waiting-child = { $name }: Barnet er gammalt nok til å bli høyrt om samtykket til { $service }, og er ikkje spurt.
waiting-follow-up = Følg opp
waiting-settle = Vel svar
waiting-call-partner = Sjå kven som må ringjast
waiting-see = Sjå på det
waiting-ask-again = Spør om samtykke
waiting-talk = Snakk med alle
waiting-look-through = Sjå over
waiting-register = Ring og registrer svar

notice-opened = Saka er oppretta, og du er stafetthaldar.
notice-assigned = Saka er tildelt.
waiting-baton = Du er tilboden ein stafettpinne. Svar innan { $day }.
waiting-answer = Les og svar
notice-unassigned = Saka er teken frå personen.
notice-nobody-chosen = Ingen fekk saka. Vel kven som skal arbeide med henne.
notice-cannot-work = Ingen fekk saka. Den du valde, arbeider ikkje i tenesta no.
waiting-cannot-take = { $name }: { $service } kan ikkje ta saka. Svaret kom { $day }. Snakk med familien.
waiting-acting = { $name }: Du er fungerande stafetthaldar, fordi den førre ikkje er det lenger. Finn ein ny innan { $day }.
waiting-find-holder = Tilby stafettpinnen
waiting-item = { $name }: Neste punkt i overgangen til { $service } har frist { $day }.
waiting-receive = Eit barn byrjar hos dykk. Sei frå at de er med.
waiting-contact-missing = Eit barn byrjar hos dykk, og de får lese. Vel kven som følgjer opp.
waiting-baton-missing = Eit barn har byrja ein ny stad ({ $service }), og ingen der har stafettpinnen.
waiting-transition = Sjå overgangen
waiting-see-answer = Sjå svaret
waiting-emergency = { $name } gjorde ei naudopning { $day }. Ho må gåast gjennom.
waiting-look-into = Gå gjennom ho
waiting-emergency-made = Ei naudopning blei gjord i saka til { $name } { $day }.
waiting-see-looks = Sjå kven som har sett på
waiting-carried-family = { $name }: Saka kom frå ein annan kommune. Gå gjennom kven familien er.
waiting-baton-service = Ein annan kommune spør om nokon i tenesta di vil vere stafetthaldar.
waiting-baton-asked = { $name }: Du er spurd om å vere stafetthaldar.
waiting-baton-ask = Spør nokon
