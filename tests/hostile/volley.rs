//! What is sent at once, and what it must draw.

use anyhow::{Context, ensure};
use stafett_node::transport::CloseCode;
use stafett_protocol::wire::codec::encode;
use stafett_tests::real::hostile::{Drawn, Hostile, Shot};

use crate::QUIET;

/// Protocol errors that a partner may make in a minute.
const OFFENCES_MAX: usize = 5;
/// Links of one partner that a minute may see closed for a frame that is none.
const CLOSES_MAX: usize = 4;

/// What a volley must draw.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Must {
    /// So many refusals and no more, on a link that stays. So many of them are protocol errors.
    Refuse { refusals: usize, offences: usize },
    /// Nothing is refused, and no more than so many frames come of it, on a link that stays.
    Barely { answers_max: usize },
    /// The link is closed with this code.
    Close(CloseCode),
}

/// What is sent at once.
pub(crate) struct Volley {
    pub(crate) name: &'static str,
    pub(crate) shots: Vec<Shot>,
    pub(crate) must: Must,
}

impl Volley {
    pub(crate) fn new(name: &'static str, shots: Vec<Shot>, must: Must) -> Self {
        Self { name, shots, must }
    }

    /// Bytes that it costs of the share that a partner has in a minute.
    pub(crate) fn bytes(&self) -> anyhow::Result<u64> {
        let mut bytes = 0;
        for shot in &self.shots {
            // Each frame counts 64 bytes besides its own.
            bytes += 64
                + match shot {
                    Shot::Frame(frame) => encode(frame)?.len(),
                    Shot::Bytes(_, bytes) => bytes.len(),
                };
        }
        Ok(u64::try_from(bytes)?)
    }

    /// Fires it, and hears the node until it has drawn what it must.
    pub(crate) async fn fire(&self, hostile: &mut Hostile) -> anyhow::Result<Drawn> {
        let mut drawn = hostile.fire(&self.shots).await.with_context(|| self.name.to_owned())?;
        // What the store was asked about first is refused later than what was not.
        let begun = std::time::Instant::now();
        while let Must::Refuse { refusals, .. } = self.must
            && drawn.closed.is_none()
            && drawn.refusals() < refusals
            && begun.elapsed() < stafett_tests::real::SOON
        {
            drawn.answers.extend(hostile.next(QUIET).await?);
            drawn.closed = hostile.closed();
        }
        Ok(drawn)
    }

    /// Checks what was drawn.
    pub(crate) fn check(&self, drawn: &Drawn) -> anyhow::Result<()> {
        let all = self.shots.len();
        let told = format!(
            "{}: {} of {all} sent, {} refusals, {} answers, closed {:?}",
            self.name,
            drawn.sent,
            drawn.refusals(),
            drawn.answers.len(),
            drawn.closed
        );
        match self.must {
            Must::Close(code) => ensure!(drawn.closed == Some(code), "{told}; must be closed with {code:?}"),
            Must::Refuse { refusals, .. } => {
                ensure!(drawn.closed.is_none() && drawn.sent == all, "{told}; the link must stay");
                ensure!(drawn.refusals() == refusals, "{told}; must draw {refusals} refusals");
            }
            Must::Barely { answers_max } => {
                ensure!(drawn.closed.is_none() && drawn.sent == all, "{told}; the link must stay");
                ensure!(drawn.refusals() == 0, "{told}; nothing of it is refused");
                ensure!(drawn.answers.len() <= answers_max, "{told}; must draw at most {answers_max}");
            }
        }
        Ok(())
    }
}

/// One partner's share of the volleys, in the order in which it fires them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turn {
    /// On a link that stays, or that it may make anew at once.
    pub(crate) first: Vec<usize>,
    /// After it the node takes no link, or no bytes, for a while.
    pub(crate) last: Option<usize>,
    offences: usize,
    closes: usize,
}

/// Shares volleys out so that no partner is held off before its last one: a node that closes and
/// waits longer and longer would be attacked no more.
pub(crate) fn share_out(volleys: &[Volley], partners: usize) -> anyhow::Result<Vec<Turn>> {
    let mut turns = vec![Turn::default(); partners];
    let mut order: Vec<usize> = (0..volleys.len()).collect();
    // What closes a link stands last.
    order.sort_by_key(|index| matches!(volleys[*index].must, Must::Close(_)));
    for index in order {
        let Volley { name, must, .. } = &volleys[index];
        let fits = |turn: &&mut Turn| match must {
            Must::Refuse { offences, .. } => turn.offences + offences <= OFFENCES_MAX,
            Must::Barely { .. } => true,
            Must::Close(CloseCode::Framing) => turn.closes < CLOSES_MAX,
            Must::Close(_) => turn.last.is_none(),
        };
        let free =
            turns.iter_mut().filter(fits).min_by_key(|turn| (turn.closes, turn.offences, turn.first.len()));
        let turn = free.with_context(|| format!("no partner is left for {name}"))?;
        match must {
            Must::Refuse { offences, .. } => turn.offences += offences,
            Must::Barely { .. } => {}
            Must::Close(CloseCode::Framing) => turn.closes += 1,
            Must::Close(_) => {
                turn.last = Some(index);
                continue;
            }
        }
        turn.first.push(index);
    }
    Ok(turns)
}
