//! What a page says of the act before it: "saved", "withdrawn". The act names one of these texts
//! in a cookie and redirects; no content and no count travels with it.

use crate::web::texts::Key;

/// All notices; a new one is a text `notice-...` and a line here.
pub(crate) const ALL: &[Key] = &[
    Key("notice-saved"),
    Key("notice-logged-in"),
    Key("notice-logged-out"),
    Key("notice-role"),
    Key("notice-opened"),
    Key("notice-assigned"),
    Key("notice-unassigned"),
    Key("notice-nobody-chosen"),
    Key("notice-cannot-work"),
    Key("notice-level"),
    Key("notice-closed"),
    Key("notice-published"),
    Key("notice-proposed"),
    Key("notice-draft"),
    Key("notice-draft-deleted"),
    Key("notice-settled"),
    Key("notice-asked"),
    Key("notice-answered"),
    Key("notice-withdrawn"),
    Key("notice-withdrawn-areas"),
    Key("notice-withdrawn-self"),
    Key("notice-family-registered"),
    Key("notice-family-approved"),
    Key("notice-family-rejected"),
    Key("notice-baton-offered"),
    Key("notice-baton-given"),
    Key("notice-baton-accepted"),
    Key("notice-baton-declined"),
    Key("notice-baton-recalled"),
    Key("notice-baton-service"),
    Key("notice-baton-asked"),
    Key("notice-baton-taken"),
    Key("notice-baton-not-taken"),
    Key("notice-baton-given-back"),
    Key("notice-meeting-begun"),
    Key("notice-meeting-written"),
    Key("notice-meeting-ended"),
    Key("notice-declined"),
    Key("notice-emergency-reviewed"),
    Key("notice-code-word-told"),
    Key("notice-package-taken-back"),
    Key("notice-transition-begun"),
    Key("notice-transition-received"),
    Key("notice-transition-contact"),
    Key("notice-transition-nobody"),
    Key("notice-transition-ended"),
    Key("notice-move-refused"),
    Key("notice-move-offered"),
    Key("notice-move-packed"),
    Key("notice-move-recalled"),
    Key("notice-move-transferred"),
    Key("notice-coming-asked"),
    Key("notice-coming-declined"),
    Key("notice-coming-accepted"),
    Key("notice-coming-no"),
];

/// Returns the notice of this name.
pub(crate) fn known(name: &str) -> Option<Key> {
    ALL.iter().copied().find(|key| key.0 == name)
}
