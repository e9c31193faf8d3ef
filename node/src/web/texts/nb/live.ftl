live-new = Det er kommet noe nytt her.
live-show = Vis det nye
