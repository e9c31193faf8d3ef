baton-title = Stafettpinnen
baton-heading = Stafettpinnen for { $name }
baton-holder = { $name } har hatt stafettpinnen sidan { $day }.
baton-acting = Den som var stafetthaldar, har slutta. { $name } er fungerande stafetthaldar til nokon har teke imot stafettpinnen.
baton-yours = Du har stafettpinnen.
baton-offered = Stafettpinnen er tilboden { $name }, som kan svare til { $moment }. Den som har stafettpinnen, held på han til nokon har teke imot.
baton-offered-to-you = { $name } tilbyr deg stafettpinnen. Du kan svare til { $moment }.
baton-note-title = Notatet
baton-note-none = Det er ikkje skrive noko notat.
baton-note-readers = Notatet blir berre lese av den som tilbyr stafettpinnen, og den som får tilbodet. Ikkje av familien, andre tenester eller samarbeidskommunar.
baton-answer-title = Vil du ta imot?
baton-answer-yes = Tek du imot, er du stafetthaldar frå då av. Du les og skriv i heile stafettloggen.
baton-answer-no = Seier du nei, blir stafettpinnen der han er, og du ser ikkje meir av saka. Er du i slekt med familien eller kjenner dei godt, sei nei.
baton-accept = Ta imot
baton-decline = Sei nei
baton-recall = Trekk tilbodet tilbake
baton-offer-about = Skal ein annan ta over? Du har framleis stafettpinnen til den andre har teke imot.
baton-offer-start = Tilby stafettpinnen til nokon
baton-give-about = Du leier eininga som svarer for saka. Har stafetthaldaren slutta eller er borte, kan du gje stafettpinnen til ein annan.
baton-give-start = Gje stafettpinnen til nokon
baton-received-title = Notatet du tok over med
baton-received-readers = Notatet blir berre lese av deg.
baton-offer-title = Tilby stafettpinnen
baton-give-title = Gje stafettpinnen til nokon
baton-nobody = Det er ingen i kommunen du kan velje. Spør einingsleiaren din eller den som driftar programmet.
baton-choose = Vel ein person
baton-to = Kven skal ta over?
baton-to-help = Tilsette i kommunen sine eigne tenester.
baton-to-missing = Vel kven som skal ta over
baton-to-wrong = Vel ein av personane i lista
baton-offer-waits = Eit anna tilbod ventar på svar. Trekk det tilbake først. Det du har skrive, står her.
baton-note = Notat til den som får tilbodet
baton-note-help = Byrja for deg. Rett det som ikkje stemmer, og skriv ikkje meir enn den andre treng for å svare.
baton-note-long = Gjer notatet kortare
baton-means-title = Dette skjer
baton-means-now = Den du vel, les no: namnet på den saka gjeld, og notatet.
baton-means-hidden = Den du vel, les ikkje stafettloggen før ho eller han har teke imot.
baton-means-yes = Når den andre tek imot, les ho eller han heile stafettloggen. Du les han ikkje lenger, med mindre du får ei anna oppgåve i saka.
baton-means-until = Du har framleis stafettpinnen til då, og kan trekkje tilbodet tilbake. Utan svar går tilbodet ut etter 14 dagar.
baton-means-given = Den du vel, er stafetthaldar med ein gong, og les heile stafettloggen.
baton-means-given-old = Den som har stafettpinnen no, les ikkje stafettloggen lenger.
baton-means-given-offer = Er stafettpinnen tilboden nokon, fell det tilbodet bort.
baton-offer-do = Tilby stafettpinnen
baton-give-do = Gje stafettpinnen
baton-back = Tilbake utan å gjere noko
baton-offers-title = Tilbod om stafettpinnen
baton-offers-none = Ingen tilbyr deg stafettpinnen no.
baton-offers-from = { $name } tilbyr deg ein stafettpinne
baton-offers-until = Du kan svare til { $moment }.
baton-offers-read = Les notatet og svar
baton-offers-read-from = til { $name }
baton-note-meeting = Neste møte: { $day }.
baton-note-no-meeting = Neste møte er ikkje avtalt.
baton-note-late = { $count ->
    [one] Eitt tiltak eller ein avtale er over fristen.
   *[other] { $count } tiltak og avtalar er over fristen.
}
baton-note-expiring = { $count ->
    [one] Eitt samtykke går ut { $day }.
   *[other] { $count } samtykke går snart ut, det første { $day }.
}
baton-note-unanswered = { $count ->
    [one] Eitt samtykke manglar svar frå nokon.
   *[other] { $count } samtykke manglar svar frå nokon.
}
baton-note-conflicts = { $count ->
    [one] I éi oppføring må du velje mellom to svar.
   *[other] I { $count } oppføringar må du velje mellom to svar.
}
notice-baton-offered = Stafettpinnen er tilboden. Du har framleis stafettpinnen.
notice-baton-given = Stafettpinnen er gjeven vidare.
notice-baton-accepted = Du har teke imot stafettpinnen.
notice-baton-declined = Du har sagt nei.
notice-baton-recalled = Tilbodet er trekt tilbake. Du har framleis stafettpinnen.
