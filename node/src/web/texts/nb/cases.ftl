# My cases.
cases-title = Mine saker
cases-waiting = Dette venter på deg
cases-nothing-waits = Ingenting venter.
cases-late-word = forsinket
cases-heading = Sakene
cases-new = Ny sak
cases-filter = Hvilke saker
cases-show-all = Alle
cases-show-mine = Der du er stafettholder
cases-show-with = Der du er med
cases-show-shared = Delt med oss
cases-none = Ingen saker her.
cases-child = barn
cases-youth = ungdom
cases-pregnant = gravid
cases-parent = forelder
cases-age = { $years } år
cases-you = du
cases-unnamed = Navnet er ikke delt
cases-owner = Eierkommune: { $owner }
cases-level = Nivå
cases-holder = Stafettholder
cases-meeting = Neste møte
cases-deadline = Neste frist
cases-late = { $count ->
    [one] Én frist er passert
   *[other] { $count } frister er passert
}
cases-changed = { $count ->
    [one] Én oppføring er ny eller endret siden du så sist
   *[other] { $count } oppføringer er nye eller endret siden du så sist
}
cases-not-opened = Du har ikke åpnet saken ennå

# What waits.
waiting-late = { $name }: «{ $title }» skulle vært gjort { $day }.
waiting-conflict = { $name }: To svar står side om side, og du må velge.
waiting-receipt-late = { $name }: Samarbeidskommunen har ikke bekreftet at delingen er avsluttet. Vi har ventet siden { $day }.
waiting-receipt-overdue = { $name }: Bekreftelsen mangler fortsatt. Ingenting nytt deles med samarbeidskommunen. Vi har ventet siden { $day }.
waiting-protection = Adressebeskyttelsen i en sak må vurderes på nytt. Dag: { $day }.
waiting-registration = En endring i en familie venter på at du som leder godkjenner den. Registrert { $day }.
waiting-birthday-soon = { $name } fyller { $age } år { $day }. Da kan andre måtte spørres om samtykke.
waiting-birthday = { $name } fylte { $age } år { $day }. Se hvem som nå må spørres om samtykke.
waiting-clarify = { $name }: Én har trukket tilbake sitt samtykke til { $service }, en annen har ikke. Snakk med alle.
waiting-renew = { $name }: Samtykket til { $service } er satt på pause, for noen andre må si ja nå.
waiting-doubt = { $name }: Programmet er gjenopprettet. Spør familien om samtykket til { $service } fortsatt gjelder.
waiting-expiring = { $name }: Samtykket til { $service } utløper { $day }.
waiting-expired = { $name }: Samtykket til { $service } utløp { $day }.
waiting-review-held = { $name }: Se over det som er skrevet mens samtykket til { $service } manglet, før det deles.
waiting-review = { $name }: Det er tid for å se på samtykket til { $service } sammen med familien.
waiting-not-answered = { $name }: Ingen har svart på samtykket til { $service }. Svaret skulle vært her { $day }.
waiting-partly = { $name }: Samtykket til { $service } er bare delvis gitt. Vi har ventet siden { $day }.
waiting-child = { $name }: Barnet er gammelt nok til å bli hørt om samtykket til { $service }, og er ikke spurt.
waiting-follow-up = Følg opp
waiting-settle = Velg svar
waiting-call-partner = Se hvem som må ringes
waiting-see = Se på det
waiting-ask-again = Spør om samtykke
waiting-talk = Snakk med alle
waiting-look-through = Se over
waiting-register = Ring og registrer svar

notice-opened = Saken er opprettet, og du er stafettholder.
notice-assigned = Saken er tildelt.
waiting-baton = Du er tilbudt en stafettpinne. Svar innen { $day }.
waiting-answer = Les og svar
notice-unassigned = Saken er tatt fra personen.
notice-nobody-chosen = Ingen fikk saken. Velg hvem som skal arbeide med den.
notice-cannot-work = Ingen fikk saken. Den du valgte, arbeider ikke i tjenesten nå.
waiting-cannot-take = { $name }: { $service } kan ikke ta saken. Svaret kom { $day }. Snakk med familien.
waiting-acting = { $name }: Du er fungerende stafettholder, fordi den forrige ikke er det lenger. Finn en ny innen { $day }.
waiting-find-holder = Tilby stafettpinnen
waiting-item = { $name }: Neste punkt i overgangen til { $service } har frist { $day }.
waiting-receive = Et barn begynner hos dere. Si fra at dere er med.
waiting-contact-missing = Et barn begynner hos dere, og dere får lese. Velg hvem som følger opp.
waiting-baton-missing = Et barn har begynt et nytt sted ({ $service }), og ingen der har stafettpinnen.
waiting-transition = Se overgangen
waiting-see-answer = Se svaret
waiting-emergency = { $name } gjorde en nødåpning { $day }. Den må gås gjennom.
waiting-look-into = Gå gjennom den
waiting-emergency-made = En nødåpning ble gjort i saken til { $name } { $day }.
waiting-see-looks = Se hvem som har sett på
waiting-carried-family = { $name }: Saken kom fra en annen kommune. Gå gjennom hvem familien er.
waiting-baton-service = En annen kommune spør om noen i tjenesten din vil være stafettholder.
waiting-baton-asked = { $name }: Du er spurt om å være stafettholder.
waiting-baton-ask = Spør noen
