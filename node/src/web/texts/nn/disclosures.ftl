disclosures-title = Utleveringar
disclosures-about = Her står alt som er overlevert til noden i ein annan kommune, og kva samtykke det skjedde på. Sak, oppføring og samtykke er nummer utan namn.
disclosures-count = { $count ->
    [0] Ingenting er utlevert.
    [one] Éi utlevering.
   *[other] { $count } utleveringar. Her er dei { $shown } siste.
}
disclosures-rows = Utleveringar, dei siste først
disclosures-at = Når
disclosures-partner = Til
disclosures-sent = Sendt
disclosures-case = Sak, og kven som har sett på saka
disclosures-looks = kven har sett på saka
disclosures-entry = Oppføring
disclosures-consents = Samtykke
disclosures-unsent = Blei ikkje sendt
disclosures-handed = Overlevert for sending
disclosures-part = { $count } utleveringar i alt. Her er { $shown } av dei eldre.
disclosures-older = Eldre utleveringar
disclosures-latest = Dei siste utleveringane
