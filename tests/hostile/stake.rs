//! What is at stake: a world in which hostile programs stand in partners' places, and what each
//! knows.

use stafett_protocol::id::{CaseId, ConsentId, EntryId};
use stafett_protocol::wire::{Announce, Frame};
use stafett_tests::real::cast::{Place, Who};
use stafett_tests::real::hostile::Hostile;
use stafett_tests::real::world::{Family, World};
use stafett_tests::real::{opened, until};

use crate::QUIET;

/// What is at stake, and what one hostile program knows.
pub(crate) struct Stake {
    /// In whose place it stands.
    pub(crate) own: Place,
    pub(crate) family: Family,
    /// Shared with its service, and so with the hostile program.
    pub(crate) shared: EntryId,
    /// In the same case, of an area that it has no consent for.
    pub(crate) hidden: EntryId,
    /// What stands elsewhere.
    pub(crate) others: Others,
    /// The announcement of the shared entry, as it came.
    pub(crate) announce: Announce,
    /// An order for it that waits for its receipt.
    pub(crate) order: String,
    pub(crate) withdrawn: (CaseId, ConsentId),
}

/// What no hostile program may know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Others {
    /// A case that is shared with nobody.
    pub(crate) case: CaseId,
    pub(crate) entry: EntryId,
    /// A case of Snåsa's that Inderøy's school reads.
    pub(crate) of_snasa: (CaseId, EntryId),
}

/// Makes a world and starts Inderøy and Snåsa; in the other places stand hostile programs.
pub(crate) async fn world(hostile: &[Place]) -> anyhow::Result<World> {
    let places: Vec<Place> =
        [Place::Inderoy, Place::Snasa].into_iter().chain(hostile.iter().copied()).collect();
    let pairs: Vec<(Place, Place)> = places.iter().skip(1).map(|place| (*place, Place::Inderoy)).collect();
    let mut world = World::make(&places, &pairs, &[]).await?;
    world.start(Place::Inderoy).await?;
    world.start(Place::Snasa).await?;
    Ok(world)
}

pub(crate) async fn others(world: &World) -> anyhow::Result<Others> {
    let other = world.open_case(Who::Marte, ["Biret", "Risten", "Mikkel"]).await?;
    let entry = world.write(Who::Marte, other.case, &["language"], "noe annet").await?;
    let theirs = world.open_case(Who::Laila, ["Mahtte", "Sara", "Per"]).await?;
    let of_snasa = world.write(Who::Laila, theirs.case, &["language"], "fra nabokommunen").await?;
    world.share(Who::Laila, theirs, (Place::Inderoy, "school"), &["language"]).await?;
    arrived(world, Place::Inderoy, of_snasa).await?;
    Ok(Others { case: other.case, entry, of_snasa: (theirs.case, of_snasa) })
}

/// Shares something with a hostile program's service, and takes something back.
pub(crate) async fn prepare(
    world: &World,
    others: Others,
    (own, service): (Place, &str),
) -> anyhow::Result<(Stake, Hostile)> {
    let family = world.open_case(Who::Marte, ["Ante", "Eva", "Nils"]).await?;
    let shared = world.write(Who::Marte, family.case, &["language"], "Ante leser litt hver dag").await?;
    let hidden = world.write(Who::Marte, family.case, &["home"], "hjemme er det stille").await?;
    world.share(Who::Marte, family, (own, service), &["language"]).await?;
    world.share(Who::Marte, family, (Place::Snasa, "school"), &["language"]).await?;
    arrived(world, Place::Snasa, shared).await?;

    let ended = world.open_case(Who::Marte, ["Nils", "Eva", "Jon"]).await?;
    world.write(Who::Marte, ended.case, &["language"], "skal trekkes tilbake").await?;
    let consent = world.share(Who::Marte, ended, (own, service), &["language"]).await?;
    let mut hostile = dial(world, own).await?;
    let announce = hostile
        .find("the announcement of the shared entry", |frame| match frame {
            Frame::Announce(body) if body.entry == shared => Some(*body),
            _ => None,
        })
        .await?;
    hostile.until_quiet(QUIET).await?;
    world.withdraw(Who::Marte, ended.case, consent, ended.father).await?;
    let order = hostile
        .find("the order to erase", |frame| match frame {
            Frame::Order(body) => Some(body.token),
            _ => None,
        })
        .await?;
    let withdrawn = (ended.case, consent);
    Ok((Stake { own, family, shared, hidden, others, announce, order, withdrawn }, hostile))
}

/// A link of a hostile program, greeted.
pub(crate) async fn dial(world: &World, own: Place) -> anyhow::Result<Hostile> {
    let quic = world.quic(Place::Inderoy)?;
    let hostile = Hostile::dial(&world.made[&own], &world.made[&Place::Inderoy], quic).await?;
    hostile.greet().await?;
    Ok(hostile)
}

/// Waits until an entry is in a node's store.
pub(crate) async fn arrived(world: &World, place: Place, entry: EntryId) -> anyhow::Result<()> {
    let store = opened::open(world.folder(place))?;
    until("an entry at the honest partner", async || Ok(store.entry(entry).await?.map(drop))).await
}
