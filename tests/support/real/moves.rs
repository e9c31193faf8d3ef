//! A case goes from Inderøy to Steinkjer: what Marte, Kari and Tor do with it, each by the API.

use anyhow::{Context, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use stafett_protocol::id::{CaseId, ConsentId, EntryId};

use super::cast::{Place, Who};
use super::until;
use super::world::{Family, World};

/// A move that both sides know of.
#[derive(Debug, Clone)]
pub struct Moving {
    /// The case at Inderøy.
    pub case: CaseId,
    /// The move, as an id in a path.
    pub succession: String,
}

/// What is asked of a family that moves to Steinkjer: its school or its health station takes the case.
pub fn question(areas: &[&str], kept: &[EntryId]) -> Value {
    json!({
        "kind": "transfer",
        "recipient": { "host": Place::Steinkjer.organisation(), "code": "school" },
        "also": ["health-station"],
        "areas": areas,
        "exceptions": kept,
        "purpose": "Dere flytter til Steinkjer.",
    })
}

/// What Steinkjer is told of a case that is offered.
pub fn offer(consent: ConsentId, wished: &str) -> Value {
    json!({ "consent": consent, "stage": "primary-school", "wished": wished, "note": "Ring meg gjerne." })
}

impl World {
    /// Asks a family, and both guardians say yes.
    ///
    /// # Errors
    /// If the node refuses, or the consent does not count then.
    pub async fn let_move(
        &self,
        family: Family,
        areas: &[&str],
        kept: &[EntryId],
    ) -> anyhow::Result<ConsentId> {
        let Family { case, mother, father } = family;
        let path = format!("/cases/{case}/consents");
        let asked: Value = self.person(Who::Marte)?.post(&path, &question(areas, kept)).await?;
        let consent: ConsentId = serde_json::from_value(asked["id"].clone())?;
        self.say_yes(Who::Marte, case, consent, mother).await?;
        let given = self.say_yes(Who::Marte, case, consent, father).await?;
        ensure!(given.status == "valid", "the consent is {}", given.status);
        Ok(consent)
    }

    /// Marte offers a case, and Kari sees the offer.
    ///
    /// # Errors
    /// If the node refuses, or it does not come.
    pub async fn offer_case(&self, case: CaseId, consent: ConsentId) -> anyhow::Result<Moving> {
        let day = self.day_ahead(Place::Inderoy, 30)?;
        let offered: Value =
            self.person(Who::Marte)?.post(&format!("/cases/{case}/move"), &offer(consent, &day)).await?;
        let succession = offered["succession"].as_str().context("an id")?.to_owned();
        let moving = Moving { case, succession };
        self.until_coming(Who::Kari, &moving, "offered").await?;
        Ok(moving)
    }

    /// Kari asks Tor, who says yes; Inderøy hears of it, makes the package, and Steinkjer has it.
    ///
    /// # Errors
    /// If a node refuses, or it does not get so far.
    pub async fn accept_case(&self, moving: &Moving) -> anyhow::Result<()> {
        let account = self.made[&Place::Steinkjer].accounts[&Who::Tor];
        let Moving { case, succession } = moving;
        let path = format!("/moves/{succession}");
        let body = json!({ "account": account });
        let _: Value = self.person(Who::Kari)?.post(&format!("{path}/request"), &body).await?;
        let _: Value = self.person(Who::Tor)?.post(&format!("{path}/acceptance"), &Value::Null).await?;
        until("the package at Steinkjer", async || {
            let view: Value = self.person(Who::Marte)?.get(&format!("/cases/{case}/move")).await?;
            Ok((view["open"]["step"] == "stored").then_some(()))
        })
        .await
    }

    /// Marte carries it over; returns the case that Tor has.
    ///
    /// # Errors
    /// If the node refuses, or it does not come.
    pub async fn transfer_case(&self, moving: &Moving) -> anyhow::Result<CaseId> {
        let path = format!("/cases/{}/move/transfer", moving.case);
        let _: Value = self.person(Who::Marte)?.post(&path, &Value::Null).await?;
        let here = self.until_coming(Who::Tor, moving, "here").await?;
        Ok(serde_json::from_value(here["case"].clone())?)
    }

    /// Waits until a move is so far at Steinkjer, as somebody there sees it.
    ///
    /// # Errors
    /// If it does not get there.
    pub async fn until_coming(&self, who: Who, moving: &Moving, step: &str) -> anyhow::Result<Value> {
        until(&format!("the move at Steinkjer as {step}"), async || {
            let answer =
                self.person(who)?.ask(Method::GET, &format!("/moves/{}", moving.succession), None).await?;
            if answer.status == 404 {
                return Ok(None);
            }
            ensure!(answer.status == 200, "{}", answer.status);
            let seen: Value = serde_json::from_slice(&answer.body)?;
            Ok((seen["step"] == step).then_some(seen))
        })
        .await
    }

    /// A day at a node, so many days from its today.
    ///
    /// # Errors
    /// If its settings or its clock cannot be read.
    pub fn day_ahead(&self, place: Place, days: i64) -> anyhow::Result<String> {
        let zone = super::folder::settings(self.folder(place))?.node.time_zone;
        let now = jiff::Timestamp::from_millisecond(self.now(place)?)?;
        let today = now.to_zoned(zone).date();
        Ok(today.checked_add(jiff::Span::new().days(days))?.to_string())
    }
}
