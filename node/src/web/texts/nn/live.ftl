live-new = Det har kome noko nytt her.
live-show = Vis det nye
