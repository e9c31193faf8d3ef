//! Father withdraws while the line is cut; Steinkjer hears of it when it heals, and confirms.

use std::time::Duration;

use anyhow::Context;
use serde_json::json;
use stafett_node::engine::answer::{ConsentItem, OrderItem};
use stafett_protocol::id::ConsentId;

use super::super::cast::{Place, Who};
use super::super::client::until;
use super::super::report::{Beat, ReceiptShown};
use super::super::words::fill;
use super::{Ante, Story};

/// How long the line stays cut after the withdrawal.
const CUT: Duration = Duration::from_millis(600);

impl Story<'_> {
    /// Beat 9.
    pub(super) async fn father_withdraws(&mut self, beat: &mut Beat) -> anyhow::Result<()> {
        let ante = self.ante()?;
        let consent = self.consent.context("a consent that is valid")?;
        let partner = ("partner", self.ppt());
        self.line()?.cut();
        let path = format!("/cases/{}/consents/{consent}/withdrawal", ante.case);
        let withdrawn: ConsentItem =
            self.person(Who::Marte)?.post(path, json!({ "giver": ante.father })).await?;
        beat.check("the consent is withdrawn", "withdrawn", withdrawn.status);
        tokio::time::sleep(CUT).await;
        let order = self.order(ante, consent).await?;
        beat.check(
            "Steinkjer is ordered to erase",
            Place::Steinkjer.organisation(),
            order.partner.to_string(),
        );
        beat.check("the order names five entries", 5, order.entries);
        beat.check("without a receipt nothing is said to be erased", true, order.receipt.is_none());
        self.console.note(beat, fill(self.words.notes.not_confirmed, &[partner]))?;
        self.line()?.heal();
        self.console.note(beat, self.words.notes.healed.to_owned())?;
        let receipt =
            until("Steinkjer's receipt", async || Ok(self.order(ante, consent).await?.receipt)).await?;

        let (erased, locked) = (receipt.erased.to_string(), receipt.locked.to_string());
        let said = [partner, ("erased", &*erased), ("locked", &*locked)];
        self.console.note(beat, fill(self.words.notes.confirmed, &said))?;
        let days = receipt.backup_days.to_string();
        self.console.note(beat, fill(self.words.notes.backup, &[("days", &days)]))?;
        self.receipt = Some(ReceiptShown {
            partner: self.ppt().to_owned(),
            erased: receipt.erased,
            locked: receipt.locked,
            backup_days: receipt.backup_days,
        });
        beat.check("four entries are erased", 4, receipt.erased);
        beat.check("one entry is locked", 1, receipt.locked);
        let measure = self.measure.context("Ole's measure")?;
        let done = serde_json::to_value(receipt.items.get(&measure))?;
        beat.check(
            "what is locked is Ole's own writing",
            json!({ "done": "locked", "basis": "own-writing" }),
            done,
        );
        self.check_after(beat, ante).await
    }

    fn ppt(&self) -> &'static str {
        let [_, ppt, ..] = self.words.columns;
        ppt
    }

    /// The one order that came of the consent's end.
    async fn order(&self, ante: Ante, consent: ConsentId) -> anyhow::Result<OrderItem> {
        let path = format!("/cases/{}/consents", ante.case);
        let consents: Vec<ConsentItem> = self.person(Who::Marte)?.get(path).await?;
        let item = consents.into_iter().find(|item| item.asked.id == consent).context("the consent")?;
        let [order] = item.orders.as_slice() else {
            anyhow::bail!("expected one order to erase, found {}", item.orders.len());
        };
        Ok(order.clone())
    }

    async fn check_after(&self, beat: &mut Beat, ante: Ante) -> anyhow::Result<()> {
        let table = self.show_table(beat).await?;
        let of_ante =
            self.cases(Who::Ole).await?.into_iter().filter(|summary| summary.case == ante.case).count();
        beat.check("Ole has Ante's case no longer", 0, of_ante);
        beat.check("what Ole still reads is of Máhtte", 2, table.ppt_steinkjer.len());
        beat.check("Marte still reads everything", 8, table.inderoy.len());
        let control = self.words.titles.learning.as_bytes();
        let hits = self.search_store(Place::Steinkjer, control).await?.hits.len();
        beat.check("the control sentence is gone from Steinkjer's store", 0, hits);
        let hits = self.search_store(Place::Inderoy, control).await?.hits.len();
        beat.check("the control sentence is still in Inderøy's store", 1, hits);
        Ok(())
    }
}
