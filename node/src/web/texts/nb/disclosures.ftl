disclosures-title = Utleveringer
disclosures-about = Her står alt som er overlevert til noden i en annen kommune, og hvilket samtykke det skjedde på. Sak, oppføring og samtykke er nummer uten navn.
disclosures-count = { $count ->
    [0] Ingenting er utlevert.
    [one] Én utlevering.
   *[other] { $count } utleveringer. Her er de { $shown } siste.
}
disclosures-rows = Utleveringer, de siste først
disclosures-at = Når
disclosures-partner = Til
disclosures-sent = Sendt
disclosures-case = Sak, og hvem som har sett på den
disclosures-looks = hvem har sett på saken
disclosures-entry = Oppføring
disclosures-consents = Samtykke
disclosures-unsent = Ble ikke sendt
disclosures-handed = Overlevert for sending
disclosures-part = { $count } utleveringer i alt. Her er { $shown } av de eldre.
disclosures-older = Eldre utleveringer
disclosures-latest = De siste utleveringene
