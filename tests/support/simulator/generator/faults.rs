//! What goes wrong in a drawn history: on a link, on a node, or what a partner makes up.

use super::super::operation::{Do, Lie, NodeAt};
use super::{Draft, Switch};

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
            Switch::Lies => {
                let Some(liar) = self.settings.liar else { return };
                let linked = self.settings.links.iter().filter(|(one, other)| *one == liar || *other == liar);
                let linked: Vec<NodeAt> =
                    linked.map(|(one, other)| if *one == liar { *other } else { *one }).collect();
                let (Some(to), Some(lie)) = (self.pick(&linked, "lied to"), self.pick(&Lie::ALL, "lie"))
                else {
                    return;
                };
                self.push(Do::Lie { node: liar, to, lie });
            }
            other_sort => self.befall_node(other_sort, one),
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
}
