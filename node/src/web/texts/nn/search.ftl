search-title = Søk
search-query = Kva leitar du etter?
search-help = Vi søkjer i alt du har lov til å lese. Alle orda må stå i oppføringa. Stor og liten bokstav er det same.
search-wrong = Skriv minst to og høgst 200 teikn
search-do = Søk
search-found = { $count ->
    [0] Vi fann ingenting du kan lese
    [one] Vi fann éi oppføring
   *[other] Vi fann { $count } oppføringar
}
search-cut = Det kan vere fleire. Skriv fleire ord for å leite meir nøyaktig.
search-case = Sak utan namn
