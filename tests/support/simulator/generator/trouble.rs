//! What goes wrong in a history, and what one partner must not notice.

use super::super::operation::{Concerned, Do, Lie, NodeAt, Person, Way};
use super::{AREAS, Draft, MadeConsent, MadeEntry, Switch};

impl Draft {
    /// Something goes wrong, if the seed has that sort.
    pub(super) fn befall(&mut self) {
        let Some((one, other)) = self.link("befallen") else { return };
        let (one, other) = if self.is_drawn(50, "turned") { (other, one) } else { (one, other) };
        let sorts = [
            Switch::Cuts,
            Switch::Mutes,
            Switch::Stalls,
            Switch::Stops,
            Switch::StopsBetween,
            Switch::Disks,
            Switch::Restores,
            Switch::Clocks,
            Switch::Keys,
            Switch::Skips,
            Switch::Lies,
        ];
        let is_twin = self.observed.is_some();
        let not_in_twins = [Switch::StopsBetween, Switch::Disks, Switch::Restores, Switch::Lies];
        let on: Vec<Switch> = sorts
            .into_iter()
            .filter(|sort| self.is_on(*sort) || (*sort == Switch::Lies && self.settings.liar.is_some()))
            .filter(|sort| !(is_twin && not_in_twins.contains(sort)))
            .collect();
        let Some(sort) = self.pick(&on, "what goes wrong") else { return self.edit() };
        let is_lying = on.contains(&Switch::Lies) && self.is_drawn(35, "lies instead");
        let sort = if is_lying { Switch::Lies } else { sort };
        match sort {
            Switch::Cuts | Switch::Mutes | Switch::Stalls => self.befall_link(sort, one, other),
            Switch::Stops => {
                let stop = self.stop();
                self.push(Do::Restart { node: one, stop });
            }
            Switch::StopsBetween => {
                let (effects, stop) = (self.draw(60, "effects"), self.stop());
                self.push(Do::StopAfter { node: one, effects, stop });
            }
            Switch::Lies => self.lie_some_times(),
            other_sort => self.befall_node(other_sort, one),
        }
    }

    /// Whoever lies seldom does so once, and often when something ends.
    fn lie_some_times(&mut self) {
        let Some(liar) = self.settings.liar else { return };
        let linked = self.settings.links.iter().filter(|(one, other)| *one == liar || *other == liar);
        let linked: Vec<NodeAt> =
            linked.map(|(one, other)| if *one == liar { *other } else { *one }).collect();
        let ends = self.is_drawn(40, "something ends");
        if ends {
            self.take_back();
        }
        let receipts = [Lie::LyingReceipt, Lie::ForgedReceipt, Lie::WrongReceipt];
        let count = 2 + self.draw(5, "lies");
        for number in 0..count {
            if number > 0 {
                self.wait();
            }
            // A generation must have been left, so that lie is tried more often than it can be told.
            let all = if ends && number == 0 {
                receipts.to_vec()
            } else {
                [&Lie::ALL[..], &[Lie::OldGeneration; 4]].concat()
            };
            if let (Some(to), Some(lie)) = (self.pick(&linked, "lied to"), self.pick(&all, "lie")) {
                self.push(Do::Lie { node: liar, to, lie });
            }
        }
    }

    fn befall_link(&mut self, sort: Switch, one: NodeAt, other: NodeAt) {
        let begins = match (sort, self.draw(4, "sort of cut")) {
            (Switch::Cuts, 0) => {
                self.push(Do::Reconnect { one, other });
                return;
            }
            (Switch::Cuts, _) => Do::Cut { one, other },
            (Switch::Mutes, _) => Do::Mute { from: one, to: other },
            _ => Do::Stall { own: one, partner: other },
        };
        self.push(begins);
        self.meanwhile();
        self.wait();
        let ends = if sort == Switch::Stalls {
            Do::Flow { own: one, partner: other }
        } else {
            Do::Heal { one, other }
        };
        self.push(ends);
    }

    /// What happens while something is wrong.
    fn meanwhile(&mut self) {
        let count = self.draw(5, "meanwhile");
        for number in 0..count {
            self.wait();
            match self.draw(7, &format!("meanwhile {number}")) {
                0 | 1 => self.edit(),
                2 => self.publish(),
                3 | 4 => self.take_back(),
                5 => self.propose(),
                _ => self.share(),
            }
        }
    }

    fn befall_node(&mut self, sort: Switch, node: NodeAt) {
        match sort {
            Switch::Disks if self.is_drawn(40, "one write") => _ = self.push(Do::FailNext { node }),
            Switch::Disks => match self.full.pop() {
                Some(node) => _ = self.push(Do::Room { node }),
                None => {
                    self.push(Do::Full { node });
                    self.meanwhile();
                    if self.is_drawn(60, "withdrawn meanwhile") {
                        self.take_back();
                    }
                    if self.is_drawn(75, "room again") {
                        self.push(Do::Room { node });
                    } else {
                        self.full.push(node);
                    }
                }
            },
            Switch::Restores => match self.backups.last().copied() {
                Some((backup, node)) if self.is_drawn(40, "restored") => {
                    let journal = self.is_drawn(70, "journal");
                    self.push(Do::Restore { node, backup, journal });
                    self.meanwhile();
                    self.at += self.draw(200_000, "after the restore");
                }
                _ => {
                    let key = self.push(Do::Backup { node });
                    self.backups.push((key, node));
                }
            },
            Switch::Clocks => match self.jumped.pop() {
                Some(node) => _ = self.push(Do::ClockRight { node }),
                None => {
                    let ahead = self.is_drawn(60, "ahead");
                    self.push(Do::ClockJumps { node, ahead });
                    self.meanwhile();
                    if self.is_drawn(75, "right again") {
                        self.push(Do::ClockRight { node });
                    } else {
                        self.jumped.push(node);
                    }
                }
            },
            Switch::Keys => _ = self.push(Do::RotateKey { node }),
            _ => {
                let hour = 3_600_000;
                let ms = [hour, 24 * hour, 4 * 24 * hour, 40 * 24 * hour, 400 * 24 * hour];
                let ms = self.pick(&ms, "skipped").expect("five");
                self.push(Do::Skip { ms });
            }
        }
    }

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
