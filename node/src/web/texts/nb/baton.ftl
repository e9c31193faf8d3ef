baton-title = Stafettpinnen
baton-heading = Stafettpinnen for { $name }
baton-holder = { $name } har hatt stafettpinnen siden { $day }.
baton-acting = Den som var stafettholder, har sluttet. { $name } er fungerende stafettholder til noen har tatt imot stafettpinnen.
baton-yours = Du har stafettpinnen.
baton-offered = Stafettpinnen er tilbudt { $name }, som kan svare til { $moment }. Den som har stafettpinnen, beholder den til noen har tatt imot.
baton-offered-to-you = { $name } tilbyr deg stafettpinnen. Du kan svare til { $moment }.
baton-note-title = Notatet
baton-note-none = Det er ikke skrevet noe notat.
baton-note-readers = Notatet leses bare av den som tilbyr stafettpinnen, og den som får tilbudet. Ikke av familien, andre tjenester eller samarbeidskommuner.
baton-answer-title = Vil du ta imot?
baton-answer-yes = Tar du imot, er du stafettholder fra da av. Du leser og skriver i hele stafettloggen.
baton-answer-no = Sier du nei, blir stafettpinnen der den er, og du ser ikke mer av saken. Er du i slekt med familien eller kjenner dem godt, si nei.
baton-accept = Ta imot
baton-decline = Si nei
baton-recall = Trekk tilbudet tilbake
baton-offer-about = Skal en annen overta? Du har fortsatt stafettpinnen til den andre har tatt imot.
baton-offer-start = Tilby stafettpinnen til noen
baton-give-about = Du leder enheten som svarer for saken. Har stafettholderen sluttet eller er borte, kan du gi stafettpinnen til en annen.
baton-give-start = Gi stafettpinnen til noen
baton-received-title = Notatet du overtok med
baton-received-readers = Notatet leses bare av deg.
baton-offer-title = Tilby stafettpinnen
baton-give-title = Gi stafettpinnen til noen
baton-nobody = Det er ingen i kommunen du kan velge. Spør enhetslederen din eller den som drifter programmet.
baton-choose = Velg en person
baton-to = Hvem skal overta?
baton-to-help = Ansatte i kommunens egne tjenester.
baton-to-missing = Velg hvem som skal overta
baton-to-wrong = Velg en av personene i listen
baton-offer-waits = Et annet tilbud venter på svar. Trekk det tilbake først. Det du har skrevet, står her.
baton-note = Notat til den som får tilbudet
baton-note-help = Begynt for deg. Rett det som ikke stemmer, og skriv ikke mer enn den andre trenger for å svare.
baton-note-long = Gjør notatet kortere
baton-means-title = Dette skjer
baton-means-now = Den du velger, leser nå: navnet på den saken gjelder, og notatet.
baton-means-hidden = Den du velger, leser ikke stafettloggen før hun eller han har tatt imot.
baton-means-yes = Når den andre tar imot, leser hun eller han hele stafettloggen. Du leser den ikke lenger, med mindre du får en annen oppgave i saken.
baton-means-until = Du har fortsatt stafettpinnen til da, og kan trekke tilbudet tilbake. Uten svar går tilbudet ut etter 14 dager.
baton-means-given = Den du velger, er stafettholder med en gang, og leser hele stafettloggen.
baton-means-given-old = Den som har stafettpinnen nå, leser ikke stafettloggen lenger.
baton-means-given-offer = Er stafettpinnen tilbudt noen, faller det tilbudet bort.
baton-offer-do = Tilby stafettpinnen
baton-give-do = Gi stafettpinnen
baton-back = Tilbake uten å gjøre noe
baton-offers-title = Tilbud om stafettpinnen
baton-offers-none = Ingen tilbyr deg stafettpinnen nå.
baton-offers-from = { $name } tilbyr deg en stafettpinne
baton-offers-until = Du kan svare til { $moment }.
baton-offers-read = Les notatet og svar
baton-offers-read-from = til { $name }
baton-note-meeting = Neste møte: { $day }.
baton-note-no-meeting = Neste møte er ikke avtalt.
baton-note-late = { $count ->
    [one] Ett tiltak eller en avtale er over fristen.
   *[other] { $count } tiltak og avtaler er over fristen.
}
baton-note-expiring = { $count ->
    [one] Ett samtykke går ut { $day }.
   *[other] { $count } samtykker går snart ut, det første { $day }.
}
baton-note-unanswered = { $count ->
    [one] Ett samtykke mangler svar fra noen.
   *[other] { $count } samtykker mangler svar fra noen.
}
baton-note-conflicts = { $count ->
    [one] I én oppføring må du velge mellom to svar.
   *[other] I { $count } oppføringer må du velge mellom to svar.
}
notice-baton-offered = Stafettpinnen er tilbudt. Du har fortsatt stafettpinnen.
notice-baton-given = Stafettpinnen er gitt videre.
notice-baton-accepted = Du har tatt imot stafettpinnen.
notice-baton-declined = Du har sagt nei.
notice-baton-recalled = Tilbudet er trukket tilbake. Du har fortsatt stafettpinnen.
