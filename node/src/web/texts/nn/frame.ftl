# The frame that every page has.
frame-skip = Hopp til innhaldet
frame-language = Språk
frame-places = Sider
frame-logged-in = { $name }, { $role }
frame-role = Byt rolle
frame-log-in = Logg inn
frame-log-out = Logg ut

# What the title begins with when a form was refused.
frame-refused = Feil:

# Forms.
form-wrong-text = Teksten er for lang, eller har teikn som ikkje kan lagrast.
form-errors = { $count ->
    [one] Eitt felt må rettast
   *[other] { $count } felt må rettast
}

# What a page says of the act before it.
notice-saved = Lagra.
notice-logged-in = Du er logga inn.
notice-logged-out = Du er logga ut.
notice-role = Du har bytt rolle.
