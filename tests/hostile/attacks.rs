//! Everything else that a partner could send: proposals, grants, announcements, orders, receipts,
//! floods, and bytes that are no frame.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use stafett_node::clock;
use stafett_node::keys::{CertificateSubject, NodeKeys};
use stafett_node::startup::signing_key;
use stafett_node::transport::{CloseCode, StreamKind};
use stafett_protocol::consent::Direction;
use stafett_protocol::entry::{
    About, Actor, ChangeHash, Content, EntryDocument, EntryKind, FieldKey, FieldValue, SchemaVersion,
};
use stafett_protocol::erasure::{Done, EraseOrder, ORDER_TEXT, Receipt};
use stafett_protocol::grant::Grant;
use stafett_protocol::id::{
    CaseId, ConsentId, EntryId, GenerationId, GrantId, OrderId, ProposalId, RelationId,
};
use stafett_protocol::limits::FRAME_BYTES_MAX;
use stafett_protocol::mark::LinkMark;
use stafett_protocol::municipality::OrganisationNumber;
use stafett_protocol::signed::SigningKey;
use stafett_protocol::time::DAY;
use stafett_protocol::wire::codec::encode;
use stafett_protocol::wire::{
    Announce, Ask, Frame, GrantFrame, Hello, Living, MarkFrame, OrderFrame, PROTOCOL_VERSION, Propose,
    ReceiptFrame, Reconcile, RelationFrame, Resend, Shown, Stored, Want,
};
use stafett_tests::real::cast::Place;
use stafett_tests::real::hostile::Shot;

use crate::changes;
use crate::stake::Stake;
use crate::volley::{Must, Volley};

/// Above every kind that there is, and far from the next one.
const UNKNOWN_KIND: u16 = 98;
/// What the honest proposal says.
pub(crate) const PROPOSED: &str = "et ærlig forslag";

/// Every group.
pub(crate) fn all(stake: &Stake, signing: &SigningKey) -> anyhow::Result<Vec<Volley>> {
    let refuse = |refusals| Must::Refuse { refusals, offences: 0 };
    let offend = |refusals, offences| Must::Refuse { refusals, offences };
    let mut groups = vec![
        Volley::new("proposals outside the grant", proposals(stake)?, offend(10, 1)),
        Volley::new(
            "a grant for a case that the node owns",
            own_case(stake, signing, stake.family.case)?,
            refuse(4),
        ),
        Volley::new(
            "a grant for a case that it may not know",
            own_case(stake, signing, stake.others.case)?,
            refuse(4),
        ),
        Volley::new(
            "a grant for a case of Snåsa's",
            own_case(stake, signing, stake.others.of_snasa.0)?,
            refuse(4),
        ),
        Volley::new("entries under a grant that is over", stale(stake, signing)?, refuse(5)),
        Volley::new("entries that are others'", transplants(stake, signing)?, refuse(4)),
        Volley::new("orders for what is not its own", orders(stake, signing)?, refuse(4)),
        Volley::new("receipts with a lie", receipts(stake, signing)?, offend(3, 3)),
        Volley::new("asking again and again", again(stake), Must::Barely { answers_max: 10 }),
        Volley::new("frames out of turn", out_of_turn(stake), offend(6, 5)),
        Volley::new("unknown kinds", unknown_kinds(), refuse(14)),
    ];
    groups.extend(forged(stake, signing)?);
    let errors = Must::Close(CloseCode::ProtocolErrors);
    groups.push(Volley::new("reconciliation without end", reconciling(), errors));
    groups.push(Volley::new("wants without end", wants(), errors));
    groups.extend(no_frames(stake)?);
    groups.push(Volley::new("more than a share of bytes", large(90), Must::Close(CloseCode::InboundBudget)));
    Ok(groups)
}

/// What another key signed, or the right key in somebody else's name: each closes the link.
fn forged(stake: &Stake, signing: &SigningKey) -> anyhow::Result<Vec<Volley>> {
    let wrong = wrong_key(stake.own)?;
    let (inderoy, snasa) = (Place::Inderoy.number(), Place::Snasa.number());
    let forged = [
        ("a grant signed by another key", grant(&wrong, our_grant(stake, CaseId::from_bytes([2; 16])))?),
        ("a grant of another owner", grant(signing, grant_of(snasa, stake.others.of_snasa.0))?),
        ("a grant in the node's name", grant(signing, grant_of(inderoy, stake.family.case))?),
        ("an order in the node's name", order(signing, order_of(inderoy, stake.family.case, stake.shared))?),
        ("a receipt signed by another key", receipt(&wrong, true_receipt(stake)?)?),
        ("a mark signed by another key", mark(&wrong, stake.own)?),
    ];
    let must = Must::Close(CloseCode::BadSignature);
    Ok(forged.into_iter().map(|(name, shot)| Volley::new(name, vec![shot], must)).collect())
}

/// What a partner may go on sending without an end: nothing of it breaks a rule, all of it is
/// refused or comes to nothing, and all of it costs the node work.
pub(crate) fn floods(stake: &Stake) -> anyhow::Result<Vec<Volley>> {
    let refuse = |refusals| Must::Refuse { refusals, offences: 0 };
    let outside = propose(stake, "et forslag til")?;
    let outside = |_| {
        let proposal = ProposalId::from_random(clock::random());
        let areas = BTreeSet::from(["home".parse().expect("a code")]);
        Shot::Frame(Frame::Propose(Box::new(Propose { proposal, areas, ..outside.clone() })))
    };
    Ok(vec![
        Volley::new(
            "kinds that nobody knows",
            (0..40).flat_map(|_| unknown_kinds()).collect(),
            refuse(40 * 14),
        ),
        Volley::new("asking again and again", again(stake), Must::Barely { answers_max: 10 }),
        Volley::new("proposals of another area", (0..300).map(outside).collect(), refuse(300)),
        // Fewer than may wait for one entry.
        Volley::new("unknown dependencies", changes::on_something_unknown(stake, 60)?, refuse(60)),
        Volley::new("frames of the greatest length", large(4), refuse(4)),
    ])
}

/// Frames of an unknown kind, as long as one may be.
fn large(count: usize) -> Vec<Shot> {
    let bytes = [&UNKNOWN_KIND.to_be_bytes()[..], &noise(FRAME_BYTES_MAX - 2)].concat();
    (0..count).map(|_| Shot::Bytes(StreamKind::Data, bytes.clone())).collect()
}

fn wrong_key(own: Place) -> anyhow::Result<std::sync::Arc<SigningKey>> {
    let now = clock::now();
    let subject = CertificateSubject {
        organisation: own.number(),
        municipality: "x".to_owned(),
        from: now,
        until: now.plus(DAY),
    };
    Ok(signing_key(&NodeKeys::generate(&subject)?)?)
}

fn genesis(text: &str) -> anyhow::Result<stafett_protocol::entry::operation::Change> {
    let fields = BTreeMap::from([(FieldKey::Description, FieldValue::Text(text.to_owned()))]);
    let (_, change) = EntryDocument::create(Actor(clock::random()), &Content::new(EntryKind::Note, fields)?)?;
    Ok(change.into_change())
}

fn propose(stake: &Stake, text: &str) -> anyhow::Result<Propose> {
    Ok(Propose {
        proposal: ProposalId::from_random(clock::random()),
        grant: *stake.announce.grants.first().context("a grant")?,
        case: stake.family.case,
        schema: SchemaVersion::CURRENT,
        kind: EntryKind::Note,
        areas: BTreeSet::from(["language".parse()?]),
        about: BTreeSet::from([About::Subject]),
        towards: None,
        change: genesis(text)?,
    })
}

/// A proposal within the grant.
pub(crate) fn honest_proposal(stake: &Stake) -> anyhow::Result<Frame> {
    Ok(Frame::Propose(Box::new(propose(stake, PROPOSED)?)))
}

fn proposals(stake: &Stake) -> anyhow::Result<Vec<Shot>> {
    let good = propose(stake, "et forslag")?;
    let fresh =
        |proposal: Propose| Propose { proposal: ProposalId::from_random(clock::random()), ..proposal };
    let areas = |areas: &[&str]| -> anyhow::Result<BTreeSet<_>> {
        areas.iter().map(|area| area.parse().map_err(anyhow::Error::from)).collect()
    };
    let all = vec![
        Propose { areas: areas(&["home"])?, ..good.clone() },
        Propose { areas: areas(&["language", "home"])?, ..good.clone() },
        Propose { areas: BTreeSet::new(), ..good.clone() },
        Propose { case: stake.others.case, ..good.clone() },
        Propose { case: stake.others.of_snasa.0, ..good.clone() },
        Propose { case: CaseId::from_bytes([4; 16]), ..good.clone() },
        Propose { grant: GrantId::from_bytes([4; 16]), ..good.clone() },
        Propose { kind: EntryKind::CaseCard, ..good.clone() },
        Propose { schema: SchemaVersion(999), ..good },
    ];
    Ok(all.into_iter().map(|one| Shot::Frame(Frame::Propose(Box::new(fresh(one))))).collect())
}

fn grant_of(owner: OrganisationNumber, case: CaseId) -> Grant {
    let now = clock::now();
    Grant {
        grant: GrantId::from_random(clock::random()),
        owner,
        partner: Place::Inderoy.number(),
        service: "school".parse().expect("a code"),
        case,
        consent: ConsentId::from_random(clock::random()),
        areas: ["language", "home"].iter().map(|area| area.parse().expect("a code")).collect(),
        kinds: EntryKind::ALL.into_iter().collect(),
        direction: Direction::Both,
        from: now,
        until: now.plus(DAY),
    }
}

fn our_grant(stake: &Stake, case: CaseId) -> Grant {
    grant_of(stake.own.number(), case)
}

fn grant(signing: &SigningKey, grant: Grant) -> anyhow::Result<Shot> {
    Ok(Shot::Frame(Frame::Grant(GrantFrame { token: signing.sign(grant)?.token().to_owned() })))
}

fn announce(grant: GrantId, case: CaseId, entry: EntryId) -> anyhow::Result<Announce> {
    let change = genesis("lagt inn av en annen")?;
    Ok(Announce {
        grants: BTreeSet::from([grant]),
        case,
        entry,
        generation: GenerationId::from_random(clock::random()),
        schema: SchemaVersion::CURRENT,
        kind: EntryKind::Note,
        areas: BTreeSet::from(["language".parse()?]),
        about: BTreeSet::from([About::Subject]),
        only_for: None,
        written_by_yours: None,
        genesis: change.hash()?,
        answers: None,
        changes: vec![change],
    })
}

fn announced(announce: Announce) -> Shot {
    Shot::Frame(Frame::Announce(Box::new(announce)))
}

/// Claims a case that is not its own, and puts an entry into it.
fn own_case(stake: &Stake, signing: &SigningKey, case: CaseId) -> anyhow::Result<Vec<Shot>> {
    let claimed = our_grant(stake, case);
    let id = claimed.grant;
    Ok(vec![
        grant(signing, claimed)?,
        announced(announce(id, case, EntryId::from_random(clock::random()))?),
        announced(announce(id, case, stake.shared)?),
        announced(announce(id, case, stake.hidden)?),
    ])
}

fn stale(stake: &Stake, signing: &SigningKey) -> anyhow::Result<Vec<Shot>> {
    let case = CaseId::from_random(clock::random());
    let now = clock::now();
    let over = Grant {
        from: stafett_protocol::time::UnixMillis(now.0 - 2 * DAY),
        until: stafett_protocol::time::UnixMillis(now.0 - DAY),
        ..our_grant(stake, case)
    };
    let later = Grant { from: now.plus(DAY), until: now.plus(2 * DAY), ..our_grant(stake, case) };
    let narrow = Grant { areas: BTreeSet::from(["health".parse()?]), ..our_grant(stake, case) };
    let ids = [over.grant, later.grant, narrow.grant, GrantId::from_random(clock::random())];
    let mut shots = vec![grant(signing, over)?, grant(signing, later)?, grant(signing, narrow)?];
    for id in ids {
        shots.push(announced(announce(id, case, EntryId::from_random(clock::random()))?));
    }
    // Under the grant that it got itself, it is not the owner.
    let received = *stake.announce.grants.first().context("a grant")?;
    shots.push(announced(announce(received, stake.family.case, EntryId::from_random(clock::random()))?));
    Ok(shots)
}

/// In a case of its own, entries with ids of others.
fn transplants(stake: &Stake, signing: &SigningKey) -> anyhow::Result<Vec<Shot>> {
    let case = CaseId::from_random(clock::random());
    let own = our_grant(stake, case);
    let id = own.grant;
    let mut shots = vec![grant(signing, own)?];
    for entry in [stake.shared, stake.hidden, stake.others.entry, stake.others.of_snasa.1] {
        shots.push(announced(announce(id, case, entry)?));
    }
    Ok(shots)
}

fn order_of(owner: OrganisationNumber, case: CaseId, entry: EntryId) -> EraseOrder {
    EraseOrder {
        order: OrderId::from_random(clock::random()),
        owner,
        partner: Place::Inderoy.number(),
        case,
        grant: GrantId::from_random(clock::random()),
        service: "school".parse().expect("a code"),
        entries: BTreeSet::from([entry]),
        text: ORDER_TEXT.to_owned(),
    }
}

fn order(signing: &SigningKey, order: EraseOrder) -> anyhow::Result<Shot> {
    Ok(Shot::Frame(Frame::Order(OrderFrame { token: signing.sign(order)?.token().to_owned() })))
}

/// Orders in its own name for entries of the node, of a case it may not know, and of Snåsa's.
fn orders(stake: &Stake, signing: &SigningKey) -> anyhow::Result<Vec<Shot>> {
    let own = stake.own.number();
    let nowhere = CaseId::from_random(clock::random());
    [
        (stake.family.case, stake.shared),
        (stake.family.case, stake.hidden),
        (stake.others.case, stake.others.entry),
        (stake.others.of_snasa.0, stake.others.of_snasa.1),
        (nowhere, stake.shared),
        (nowhere, stake.others.of_snasa.1),
    ]
    .into_iter()
    .map(|(case, entry)| order(signing, order_of(own, case, entry)))
    .collect()
}

/// The order that waits, read without its signature.
fn waiting_order(stake: &Stake) -> anyhow::Result<EraseOrder> {
    let claims = stake.order.split('.').nth(1).context("a token")?;
    Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims)?)?)
}

fn true_receipt(stake: &Stake) -> anyhow::Result<Receipt> {
    let order = waiting_order(stake)?;
    let items = order.entries.iter().map(|entry| (*entry, Done::Erased)).collect();
    Ok(Receipt::of(&order, items))
}

fn receipt(signing: &SigningKey, receipt: Receipt) -> anyhow::Result<Shot> {
    Ok(Shot::Frame(Frame::Receipt(ReceiptFrame { token: signing.sign(receipt)?.token().to_owned() })))
}

/// A receipt that answers the order.
pub(crate) fn honest_receipt(stake: &Stake, signing: &SigningKey) -> anyhow::Result<Frame> {
    match receipt(signing, true_receipt(stake)?)? {
        Shot::Frame(frame) => Ok(frame),
        Shot::Bytes(..) => anyhow::bail!("a receipt is a frame"),
    }
}

/// Fewer entries, others, another case, another order, another owner, another partner.
fn receipts(stake: &Stake, signing: &SigningKey) -> anyhow::Result<Vec<Shot>> {
    let good = true_receipt(stake)?;
    let more = good.items.clone().into_iter().chain([(stake.shared, Done::Erased)]).collect();
    [
        Receipt { items: BTreeMap::new(), ..good.clone() },
        Receipt { items: more, ..good.clone() },
        Receipt { case: stake.family.case, ..good.clone() },
        Receipt { order: OrderId::from_random(clock::random()), ..good },
    ]
    .into_iter()
    .map(|one| receipt(signing, one))
    .collect()
}

fn noise(bytes: usize) -> Vec<u8> {
    let mut noise = Vec::with_capacity(bytes + 32);
    while noise.len() < bytes {
        noise.extend_from_slice(&clock::random::<32>());
    }
    noise.truncate(bytes);
    noise
}

fn reconciling() -> Vec<Shot> {
    let message = |round, message| Shot::Frame(Frame::Reconcile(Reconcile { round, message }));
    // Version 1 of the protocol, then a range that claims more ids than there are bytes.
    let claim = [&[0x61][..], &[0, 0, 2], &[0xff; 8], &[0x7f]].concat();
    let mut shots = vec![
        message(0, Vec::new()),
        message(0, claim),
        message(0, noise(150 * 1024)),
        message(9, vec![0x61]),
        message(u32::MAX, vec![0x61]),
    ];
    shots.extend((0..200).map(|_| message(0, vec![0x61, 0, 0, 2, 0])));
    shots
}

fn wants() -> Vec<Shot> {
    let want = |count: usize| {
        let fingerprints = (0..count).map(|_| clock::random()).collect();
        Shot::Frame(Frame::Want(Want { fingerprints }))
    };
    (0..20).map(|_| want(7_500)).chain((0..500).map(|_| want(1))).collect()
}

fn mark(key: &SigningKey, own: Place) -> anyhow::Result<Shot> {
    let (signer, partner) = (own.number(), Place::Inderoy.number());
    let mark = key.sign(LinkMark { signer, partner, incarnation: 9, number: 9 })?;
    Ok(Shot::Frame(Frame::Mark(MarkFrame { token: mark.token().to_owned() })))
}

fn again(stake: &Stake) -> Vec<Shot> {
    let (entry, generation) = (stake.shared, stake.announce.generation);
    let resend = || Shot::Frame(Frame::Resend(Resend { entry, generation }));
    let stored = || Shot::Frame(Frame::Stored(Stored::Grant(GrantId::from_random(clock::random()))));
    let ask = || Shot::Frame(Frame::Ask(Ask { incarnation: u64::MAX }));
    let asked = (0..500).map(|_| ask());
    (0..1_000).map(|_| resend()).chain((0..1_000).map(|_| stored())).chain(asked).collect()
}

fn out_of_turn(stake: &Stake) -> Vec<Shot> {
    let relation = Frame::Relation(RelationFrame {
        relation: RelationId::from_random(clock::random()),
        case: stake.family.case,
        from: stake.shared,
        to: stake.hidden,
    });
    let hello =
        Frame::Hello(Hello { version: PROTOCOL_VERSION, schema: SchemaVersion::CURRENT, salt: [1; 32] });
    let on_control = encode(&Frame::Want(Want { fingerprints: vec![[1; 32]] })).expect("a frame");
    let on_data = encode(&hello).expect("a frame");
    vec![
        Shot::Frame(relation),
        Shot::Frame(hello),
        Shot::Frame(Frame::Shown(Shown { token: None })),
        Shot::Frame(Frame::Living(Living { grants: stake.announce.grants.clone(), is_last: true })),
        Shot::Bytes(StreamKind::Control, on_control),
        Shot::Bytes(StreamKind::Data, on_data),
    ]
}

fn unknown_kinds() -> Vec<Shot> {
    let kinds = [0_u16, UNKNOWN_KIND, 99, 255, 256, 4_096, u16::MAX];
    let body = |kind: u16| [kind.to_be_bytes().to_vec(), noise(40)].concat();
    let both =
        |kind| [Shot::Bytes(StreamKind::Control, body(kind)), Shot::Bytes(StreamKind::Data, body(kind))];
    kinds.into_iter().flat_map(both).collect()
}

/// Bytes of a known kind that are no frame: each closes the link, so each has one of its own.
fn no_frames(stake: &Stake) -> anyhow::Result<Vec<Volley>> {
    let whole = encode(&Frame::Announce(Box::new(stake.announce.clone())))?;
    let must = Must::Close(CloseCode::Framing);
    let data = |name, bytes: Vec<u8>| Volley::new(name, vec![Shot::Bytes(StreamKind::Data, bytes)], must);
    // In the encoding of lengths 253 begins a number of eight bytes.
    let length = [&[253][..], &u64::MAX.to_be_bytes()].concat();
    let four_gib = [&[252][..], &u32::MAX.to_be_bytes()].concat();
    let nested = [&[0, 4][..], &[0; 32], &four_gib.repeat(1_000)].concat();
    let half = whole[..whole.len() / 2].to_vec();
    Ok(vec![
        data("an announcement with a byte too many", [&whole[..], &[0]].concat()),
        data("half an announcement", half),
        data("noise in the form of changes", [&[0, 4][..], &noise(60_000)].concat()),
        data("a list of endless length", [&[0, 12][..], &length].concat()),
        data("lengths within lengths", nested),
        data("a token of endless length", [&[0, 2][..], &length, b"x"].concat()),
        data("a change hash in place of a proposal", [&[0, 7][..], &ChangeHash([1; 32]).0].concat()),
    ])
}
