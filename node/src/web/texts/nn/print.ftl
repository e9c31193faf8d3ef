print-title = Utskrift av stafettlogg
