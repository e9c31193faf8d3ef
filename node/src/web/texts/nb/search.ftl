search-title = Søk
search-query = Hva leter du etter?
search-help = Vi søker i alt du har lov til å lese. Alle ordene må stå i oppføringen. Stor og liten bokstav er det samme.
search-wrong = Skriv minst to og høyst 200 tegn
search-do = Søk
search-found = { $count ->
    [0] Vi fant ingenting du kan lese
    [one] Vi fant én oppføring
   *[other] Vi fant { $count } oppføringer
}
search-cut = Det kan være flere. Skriv flere ord for å lete mer nøyaktig.
search-case = Sak uten navn
