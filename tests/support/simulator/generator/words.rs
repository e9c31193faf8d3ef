//! Words of the family and about it: consents and what takes them back, protection, custody, the baton.

use super::{Draft, MadeConsent, Switch};
use crate::federation::AREAS;
use crate::simulator::operation::{Do, Grade, Key, NodeAt, Pass, Person, Terms, Way};
use crate::simulator::run::SERVICES;

impl Draft {
    pub(super) fn share(&mut self) {
        let (case, owner) = self.case();
        let linked = self.settings.links.iter();
        let linked = linked.filter_map(|(one, other)| match owner {
            _ if *one == owner => Some(*other),
            _ if *other == owner => Some(*one),
            _ => None,
        });
        let linked: Vec<NodeAt> = linked.collect();
        let node = match self.observed {
            Some((_, observed)) => Some(observed),
            None => self.pick(&linked, "partner"),
        };
        let Some(node) = node else { return };
        let service = self.pick(&SERVICES, "service").expect("two").to_owned();
        self.ask_for(case, node, service, None);
    }

    pub(super) fn ask_for(&mut self, case: Key, node: NodeAt, service: String, replaces: Option<Key>) {
        let mut areas = self.areas("consent");
        if areas.is_empty() {
            areas.push(AREAS[0].to_owned());
        }
        let way = match self.draw(10, "way") {
            0..6 => Way::Both,
            6..8 => Way::Give,
            _ => Way::Receive,
        };
        let is_excepting = self.is_drawn(15, "exceptions");
        let except = if is_excepting { self.entry("excepted").map(|entry| entry.key) } else { None };
        let what = Do::Ask {
            case,
            node,
            service: service.clone(),
            areas: areas.clone(),
            way,
            except: except.into_iter().collect(),
            from_in: self.is_drawn(8, "later").then(|| self.draw(60_000, "from")),
            for_ms: self.is_drawn(25, "ends").then(|| 5_000 + self.draw(300_000, "until")),
            replaces,
            private: self.is_drawn(6, "private"),
            card: self.is_drawn(25, "card"),
            place: self.is_drawn(50, "place"),
        };
        let key = self.push(what);
        let is_hidden = self.is_hidden;
        self.consents.push(MadeConsent { key, case, node, service, areas, is_hidden });
        match self.draw(10, "given") {
            0..7 => _ = self.push(Do::GiveAll { consent: key }),
            7 => {
                let giver = self.giver("first giver");
                self.push(Do::Give { consent: key, giver, about_self: self.is_drawn(50, "about self") });
                self.at += self.draw(2_000, "until the second");
                self.push(Do::GiveAll { consent: key });
            }
            8 => _ = self.push(Do::Give { consent: key, giver: Person::Mother, about_self: true }),
            _ => {
                let giver = self.giver("who says no");
                self.push(Do::Refuse { consent: key, giver });
                if self.is_drawn(50, "and yes after all") {
                    self.push(Do::GiveAll { consent: key });
                }
            }
        }
    }

    pub(super) fn giver(&self, purpose: &str) -> Person {
        [Person::Mother, Person::Father, Person::Child]
            [usize::try_from(self.draw(100, purpose)).expect("few") % 100 / 45 % 3]
    }

    /// Something ends, or becomes less.
    pub(super) fn take_back(&mut self) {
        let Some(consent) = self.consent("taken back") else { return self.share() };
        let giver = self.giver("who takes back");
        match self.draw(100, "how") {
            0..45 => _ = self.push(Do::Withdraw { consent: consent.key, giver }),
            45..58 => {
                let areas = self.pick(&consent.areas, "narrowed").into_iter().collect();
                self.push(Do::Narrow { consent: consent.key, giver, areas });
            }
            58..63 => _ = self.push(Do::WithdrawAbout { consent: consent.key, giver }),
            63..80 => {
                let of_case: Vec<_> =
                    self.entries.iter().filter(|one| one.case == consent.case && !one.is_hidden).collect();
                if let Some(entry) = self.pick(&of_case, "closed").map(|entry| entry.key) {
                    self.push(Do::Except { consent: consent.key, giver, entry });
                }
            }
            80..95 => {
                let MadeConsent { key, case, node, service, .. } = consent;
                self.ask_for(case, node, service, Some(key));
            }
            _ => {
                self.push(Do::GiveAll { consent: consent.key });
                self.push(Do::Review { consent: consent.key });
            }
        }
    }

    /// Something about the family or the agreement, if the seed has it.
    pub(super) fn family(&mut self) {
        let (case, _) = self.case();
        match self.draw(100, "family") {
            0..35 if self.is_on(Switch::Protection) => {
                let grade = match self.draw(10, "grade") {
                    0..4 => Grade::Strict,
                    4..7 => Grade::Confidential,
                    _ => Grade::None,
                };
                self.push(Do::Protect { case, grade });
                if grade == Grade::Confidential
                    && let Some(consent) = self.consent("approved")
                {
                    self.push(Do::Approve { consent: consent.key });
                }
            }
            35..55 if self.is_on(Switch::Custody) => {
                let guardians = match self.draw(4, "guardians") {
                    0 => vec![Person::Mother],
                    1 => vec![Person::Father],
                    _ => vec![Person::Mother, Person::Father],
                };
                self.push(Do::Custody { case, guardians });
            }
            55..60 if self.is_on(Switch::Custody) => {
                let youth_in = self.draw(60_000, "birthday moved");
                self.push(Do::Birthday { case, youth_in });
            }
            60..85 if self.is_on(Switch::Baton) => {
                let passes = [
                    Pass::Offer,
                    Pass::Accept,
                    Pass::AcceptByAnother,
                    Pass::Decline,
                    Pass::Recall,
                    Pass::Reassign,
                ];
                self.push(Do::Baton { case, pass: Pass::Offer });
                let pass = self.pick(&passes, "pass").expect("six");
                self.push(Do::Baton { case, pass });
            }
            _ if self.is_on(Switch::Agreements) => {
                let Some((one, other)) = self.link("agreement") else { return };
                let (own, partner) =
                    if self.is_drawn(70, "which side") { (one, other) } else { (other, one) };
                let terms = match self.draw(10, "terms") {
                    0..2 => Terms::FewerAreas,
                    2..4 => Terms::FewerServices,
                    4 => Terms::Ended,
                    5 => Terms::Revoked,
                    _ => Terms::Whole,
                };
                self.push(Do::Agree { own, partner, terms });
            }
            _ => self.edit(),
        }
    }
}
