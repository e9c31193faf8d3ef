//! Without an agreement in force, the pinned key and the right organisation number there is no
//! link, and not one frame.

use anyhow::ensure;
use stafett_config::PartnerConfig;
use stafett_tests::real::cast::{Place, Who};
use stafett_tests::real::folder::{self, Days};
use stafett_tests::real::until;
use stafett_tests::real::world::World;

/// What stands at Steinkjer about Inderøy, and what Steinkjer's log then says.
struct Wrong {
    what: &'static str,
    file: Option<PartnerConfig>,
    says: String,
}

fn wrongs(world: &World) -> anyhow::Result<Vec<Wrong>> {
    let (own, their) = (&world.made[&Place::Steinkjer], &world.made[&Place::Inderoy]);
    let third = &world.made[&Place::Snasa];
    let with = |days| folder::partner(own, their, None, days);
    let inderoy = Place::Inderoy.organisation();
    let snasa = folder::partner(own, third, None, Days::IN_FORCE)?;
    let mut wrong_key = with(Days::IN_FORCE)?;
    wrong_key.keys = snasa.keys.clone();
    let wrong_number = PartnerConfig { keys: with(Days::IN_FORCE)?.keys, ..snasa };
    let unknown = format!("no partner has the key {}", their.identity.tls_fingerprint);
    Ok(vec![
        Wrong { what: "no agreement", file: None, says: unknown.clone() },
        Wrong {
            what: "an agreement that ended yesterday",
            file: Some(with(Days { from: -30, until: -1 })?),
            says: format!("the agreement with {inderoy} ended at"),
        },
        Wrong {
            what: "an agreement that begins tomorrow",
            file: Some(with(Days { from: 1, until: 30 })?),
            says: format!("the agreement with {inderoy} begins at"),
        },
        Wrong { what: "another key", file: Some(wrong_key), says: unknown },
        Wrong {
            what: "the right key for another organisation",
            file: Some(wrong_number),
            says: format!("but the certificate names {inderoy}"),
        },
    ])
}

fn clear_partners(world: &World, place: Place) -> anyhow::Result<()> {
    for file in std::fs::read_dir(world.folder(place).join("partners"))? {
        std::fs::remove_file(file?.path())?;
    }
    Ok(())
}

/// Steinkjer alone starts again, so that its log says each reason anew.
async fn refused(world: &mut World, wrong: &Wrong) -> anyhow::Result<()> {
    clear_partners(world, Place::Steinkjer)?;
    if let Some(file) = &wrong.file {
        folder::put_partner(world.folder(Place::Steinkjer), file)?;
    }
    let logged = world.log(Place::Steinkjer).map_or(0, |log| log.len());
    world.start(Place::Steinkjer).await?;
    until(wrong.what, async || {
        let log = world.log(Place::Steinkjer)?;
        Ok(log[logged..].contains(&wrong.says).then_some(()))
    })
    .await?;
    // Long enough for another attempt.
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    for (from, to) in [
        (Place::Inderoy, Place::Steinkjer),
        (Place::Steinkjer, Place::Inderoy),
        (Place::Steinkjer, Place::Snasa),
    ] {
        let handed = world.handed(from, to)?;
        ensure!(handed.is_empty(), "{}: {from:?} handed {} frames to {to:?}", wrong.what, handed.len());
    }
    for place in [Place::Inderoy, Place::Steinkjer] {
        ensure!(!world.log(place)?.contains("link is up"), "{}: a link at {place:?}", wrong.what);
    }
    world.kill(Place::Steinkjer).await
}

async fn story() -> anyhow::Result<()> {
    let places = [Place::Steinkjer, Place::Inderoy, Place::Snasa];
    let mut world = World::make(&places, &[(Place::Inderoy, Place::Steinkjer)], &[]).await?;
    world.start(Place::Inderoy).await?;
    let family = world.open_case(Who::Marte, ["Ante", "Eva", "Nils"]).await?;
    let entry = world.write(Who::Marte, family.case, &["language"], "Ante leser litt hver dag").await?;
    world.share(Who::Marte, family, (Place::Steinkjer, "ppt"), &["language"]).await?;
    for wrong in wrongs(&world)? {
        refused(&mut world, &wrong).await?;
    }
    // With the right file the same two nodes link at once, and what was waiting goes over.
    let right =
        folder::partner(&world.made[&Place::Steinkjer], &world.made[&Place::Inderoy], None, Days::IN_FORCE)?;
    clear_partners(&world, Place::Steinkjer)?;
    folder::put_partner(world.folder(Place::Steinkjer), &right)?;
    world.start(Place::Steinkjer).await?;
    world.assign(family.case, Who::Ole).await?;
    world.until_readable(Who::Ole, family.case, entry).await?;
    ensure!(world.log(Place::Steinkjer)?.contains("link is up"), "the words of the log have changed");
    dialler_refuses_too(&mut world).await?;
    world.end().await
}

/// The node that dials checks the other's key as well, and takes a changed file without a restart.
async fn dialler_refuses_too(world: &mut World) -> anyhow::Result<()> {
    let (own, third) = (&world.made[&Place::Inderoy], &world.made[&Place::Snasa]);
    let address = world.line(Place::Inderoy, Place::Steinkjer).address();
    let mut file = folder::partner(own, &world.made[&Place::Steinkjer], Some(address), Days::IN_FORCE)?;
    let right = file.clone();
    file.keys = folder::partner(own, third, None, Days::IN_FORCE)?.keys;
    folder::put_partner(world.folder(Place::Inderoy), &file)?;
    let unknown = world.made[&Place::Steinkjer].identity.tls_fingerprint.to_string();
    let says = format!("no partner has the key {unknown}");
    until("the living link's end", async || {
        let log = world.log(Place::Inderoy)?;
        Ok((log.contains("link is down") && log.contains(&says)).then_some(()))
    })
    .await?;
    let before = world.handed(Place::Inderoy, Place::Steinkjer)?.len();
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    let after = world.handed(Place::Inderoy, Place::Steinkjer)?.len();
    ensure!(before == after, "{} frames went to a node with another key", after - before);
    folder::put_partner(world.folder(Place::Inderoy), &right)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_agreement_key_and_organisation_there_is_no_link_and_the_log_says_why() {
    story().await.expect("the story holds");
}
