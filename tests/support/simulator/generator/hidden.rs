//! What happens in a twin run that the observed partner must not notice.

use super::super::operation::{Concerned, Do, Lie, Person, Way};
use super::{Draft, MadeConsent, MadeEntry};
use crate::federation::AREAS;

impl Draft {
    /// Something that the observed partner must not notice.
    pub(super) fn hidden_step(&mut self) {
        self.is_hidden = true;
        let third = 2 + u8::try_from(self.draw(u64::from(self.settings.nodes) - 2, "third")).expect("few");
        let hidden: Vec<_> = self.entries.iter().filter(|one| one.is_hidden).cloned().collect();
        let consents: Vec<_> = self.consents.iter().filter(|one| one.is_hidden).cloned().collect();
        let (case, owner) = self.cases[0];
        let secret = AREAS[2].to_owned();
        match self.draw(14, "hidden") {
            0 | 1 => {
                let mut areas = self.areas("hidden entry");
                areas.push(secret);
                let key = self.push(Do::Publish {
                    case,
                    areas,
                    kind: "note".to_owned(),
                    about: vec![Concerned::Subject],
                });
                self.entries.push(MadeEntry { key, case, owner, is_hidden: true });
            }
            2 => {
                let key = self.push(Do::OpenCase { owner, youth_in: None });
                let areas = self.areas("hidden entry");
                let about = vec![Concerned::Subject];
                let entry = self.push(Do::Publish { case: key, areas, kind: "measure".to_owned(), about });
                self.entries.push(MadeEntry { key: entry, case: key, owner, is_hidden: true });
            }
            3 | 4 => {
                if let Some(entry) = self.pick(&hidden, "hidden edited") {
                    let node = if self.is_drawn(50, "by the third") { third } else { owner };
                    self.push(Do::Edit { node, entry: entry.key, field: "text".to_owned() });
                }
            }
            5 => {
                if let Some(entry) = self.pick(&hidden, "hidden renewed") {
                    self.push(Do::Renew { entry: entry.key });
                }
            }
            6 | 7 => {
                let of = self.pick(&hidden, "hidden shared").map_or(case, |entry| entry.case);
                let key = self.push(Do::Ask {
                    case: of,
                    node: third,
                    service: "ppt".to_owned(),
                    areas: AREAS.iter().map(|code| (*code).to_owned()).collect(),
                    way: if of == case { Way::Give } else { Way::Both },
                    except: Vec::new(),
                    from_in: None,
                    for_ms: self.is_drawn(25, "ends").then(|| 5_000 + self.draw(300_000, "until")),
                    replaces: None,
                    private: false,
                    card: false,
                    place: false,
                });
                let (service, areas) = ("ppt".to_owned(), Vec::new());
                self.consents.push(MadeConsent {
                    key,
                    case: of,
                    node: third,
                    service,
                    areas,
                    is_hidden: true,
                });
                self.push(Do::GiveAll { consent: key });
            }
            8 => {
                if let Some(consent) = self.pick(&consents, "hidden withdrawn") {
                    self.push(Do::Withdraw { consent: consent.key, giver: Person::Mother });
                }
            }
            9 => {
                if let Some(consent) = self.pick(&consents, "hidden narrowed") {
                    let areas = vec![AREAS[0].to_owned()];
                    self.push(Do::Narrow { consent: consent.key, giver: Person::Father, areas });
                }
            }
            10 => {
                let pair = (self.pick(&hidden, "hidden from"), self.pick(&self.entries, "hidden to"));
                if let (Some(from), Some(to)) = pair
                    && from.case == to.case
                {
                    self.push(Do::Relate { case: from.case, from: from.key, to: to.key });
                }
            }
            11 => {
                self.push(Do::Reconnect { one: owner, other: third });
            }
            12 => {
                let stop = self.stop();
                self.push(Do::Restart { node: third, stop });
            }
            _ => {
                if let (Some(liar), Some(lie)) = (self.settings.liar, self.pick(&Lie::ALL, "hidden lie")) {
                    self.push(Do::Lie { node: liar, to: owner, lie });
                }
            }
        }
        self.is_hidden = false;
    }
}
