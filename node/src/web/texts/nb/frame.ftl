# The frame that every page has.
frame-skip = Hopp til innholdet
frame-language = Språk
frame-places = Sider
frame-logged-in = { $name }, { $role }
frame-role = Bytt rolle
frame-log-in = Logg inn
frame-log-out = Logg ut

# What the title begins with when a form was refused.
frame-refused = Feil:

# Forms.
form-wrong-text = Teksten er for lang, eller har tegn som ikke kan lagres.
form-errors = { $count ->
    [one] Ett felt må rettes
   *[other] { $count } felt må rettes
}

# What a page says of the act before it.
notice-saved = Lagret.
notice-logged-in = Du er logget inn.
notice-logged-out = Du er logget ut.
notice-role = Du har byttet rolle.
