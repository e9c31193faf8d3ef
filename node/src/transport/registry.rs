//! Which partner has which link, which of two connections is kept, and who has to wait.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use stafett_protocol::municipality::OrganisationNumber;
use tokio::sync::watch;
use tokio::time::Instant;

use super::budget::ByteBudget;
use super::connection::{ConnectionId, LinkHandle};
use super::settings::TransportSettings;
use super::{CloseCode, RefusedHere};

/// Violations are counted over this long.
const VIOLATION_WINDOW: Duration = Duration::from_mins(1);

/// What the endpoint remembers of its partners while it runs.
pub(super) struct Registry {
    ours: OrganisationNumber,
    settings: TransportSettings,
    partners: Mutex<BTreeMap<OrganisationNumber, PartnerState>>,
    changed: watch::Sender<()>,
}

struct PartnerState {
    current: Option<Registered>,
    /// Becomes true when the engine was told that the link before the next one is down.
    finished: Option<watch::Receiver<bool>>,
    accepted: usize,
    inbound: Arc<Mutex<ByteBudget>>,
    outbound: Arc<Mutex<ByteBudget>>,
    violations: u32,
    violations_since: Option<Instant>,
    held_off_until: Option<Instant>,
    hold_off: Duration,
}

struct Registered {
    link: LinkHandle,
    since: Instant,
}

/// The budgets that all connections of one partner share.
pub(super) struct Budgets {
    pub(super) inbound: Arc<Mutex<ByteBudget>>,
    pub(super) outbound: Arc<Mutex<ByteBudget>>,
}

/// A place among the connections that a partner may have; given back when dropped.
pub(super) struct AcceptedSlot {
    registry: Arc<Registry>,
    partner: OrganisationNumber,
}

impl Drop for AcceptedSlot {
    fn drop(&mut self) {
        let mut partners = self.registry.lock();
        if let Some(state) = partners.get_mut(&self.partner) {
            state.accepted = state.accepted.saturating_sub(1);
        }
    }
}

impl Registry {
    pub(super) fn new(ours: OrganisationNumber, settings: TransportSettings) -> Self {
        let changed = watch::Sender::new(());
        Self { ours, settings, partners: Mutex::new(BTreeMap::new()), changed }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<OrganisationNumber, PartnerState>> {
        self.partners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does `act` with the partner's state; a partner is in the table, so there are few.
    fn with<T>(&self, partner: OrganisationNumber, act: impl FnOnce(&mut PartnerState) -> T) -> T {
        act(self.lock().entry(partner).or_insert_with(|| PartnerState::new(&self.settings)))
    }

    /// Takes a place for an accepted connection.
    pub(super) fn accept(self: &Arc<Self>, partner: OrganisationNumber) -> Result<AcceptedSlot, RefusedHere> {
        self.with(partner, |state| {
            if state.held_off(Instant::now()).is_some() {
                return Err(RefusedHere::HeldOff);
            }
            if state.accepted >= self.settings.connections_per_partner_max {
                return Err(RefusedHere::TooManyConnections);
            }
            state.accepted = state.accepted.saturating_add(1);
            Ok(())
        })?;
        Ok(AcceptedSlot { registry: Arc::clone(self), partner })
    }

    pub(super) fn budgets(&self, partner: OrganisationNumber) -> Budgets {
        self.with(partner, |state| Budgets {
            inbound: Arc::clone(&state.inbound),
            outbound: Arc::clone(&state.outbound),
        })
    }

    /// Makes `link` the partner's link, or closes it because another one is kept. Returns what to
    /// wait for before the engine is told of it.
    pub(super) fn register(&self, link: &LinkHandle) -> Result<Option<watch::Receiver<bool>>, RefusedHere> {
        let now = Instant::now();
        let partner = link.partner();
        let verdict = self.with(partner, |state| {
            if let Some(old) = state.current.take() {
                let keep_new = keeps_new(&Rivals {
                    ours: self.ours,
                    partner,
                    old_dialled_by_us: old.link.dialled_by_us(),
                    old_age: now.saturating_duration_since(old.since),
                    new_dialled_by_us: link.dialled_by_us(),
                    race: self.settings.handshake_timeout,
                });
                if !keep_new {
                    state.current = Some(old);
                    return Err(RefusedHere::Duplicate);
                }
                let same_dialler = old.link.dialled_by_us() == link.dialled_by_us();
                let code = if same_dialler { CloseCode::Replaced } else { CloseCode::Duplicate };
                old.link.close(code, "another connection of this partner is kept");
            }
            state.current = Some(Registered { link: link.clone(), since: now });
            Ok(state.finished.replace(link.finished()))
        });
        self.changed.send_replace(());
        verdict
    }

    /// Forgets a link that is down, unless another has taken its place.
    pub(super) fn remove(&self, partner: OrganisationNumber, connection: ConnectionId) {
        self.with(partner, |state| {
            if state.current.as_ref().is_some_and(|current| current.link.connection_id() == connection) {
                state.current = None;
            }
        });
        self.changed.send_replace(());
    }

    /// Counts a rule that the partner broke; after enough of them it has to wait.
    pub(super) fn violated(&self, partner: OrganisationNumber, code: CloseCode) {
        let now = Instant::now();
        let settings = &self.settings;
        let wait = self.with(partner, |state| state.violated(code, settings, now));
        if let Some(wait) = wait {
            tracing::warn!(%partner, %code, ?wait, "partner broke rules and has to wait");
        }
    }

    /// Returns how much longer the partner has to wait.
    pub(super) fn held_off(&self, partner: OrganisationNumber) -> Option<Duration> {
        self.with(partner, |state| state.held_off(Instant::now()))
    }

    pub(super) fn is_up(&self, partner: OrganisationNumber) -> bool {
        self.with(partner, |state| state.current.is_some())
    }

    /// Returns when the partner has no link; at once if it has none.
    pub(super) async fn until_down(&self, partner: OrganisationNumber) {
        let mut changed = self.changed.subscribe();
        while self.is_up(partner) {
            if changed.changed().await.is_err() {
                return;
            }
        }
    }

    /// Returns every link that is up.
    pub(super) fn links(&self) -> Vec<LinkHandle> {
        self.lock().values().filter_map(|state| Some(state.current.as_ref()?.link.clone())).collect()
    }
}

impl PartnerState {
    fn new(settings: &TransportSettings) -> Self {
        let now = Instant::now();
        let inbound = settings.inbound_bytes_per_minute;
        let outbound = settings.outbound_bytes_per_minute;
        Self {
            current: None,
            finished: None,
            accepted: 0,
            inbound: Arc::new(Mutex::new(ByteBudget::new(inbound, inbound, now))),
            // Half a minute's worth at once: also a node that restarts stays below what its
            // partner accepts.
            outbound: Arc::new(Mutex::new(ByteBudget::new(outbound / 2, outbound, now))),
            violations: 0,
            violations_since: None,
            held_off_until: None,
            hold_off: settings.hold_off_min,
        }
    }

    fn held_off(&self, now: Instant) -> Option<Duration> {
        self.held_off_until?.checked_duration_since(now).filter(|left| !left.is_zero())
    }

    fn violated(&mut self, code: CloseCode, settings: &TransportSettings, now: Instant) -> Option<Duration> {
        let recent = |since: &Instant| now.saturating_duration_since(*since) < VIOLATION_WINDOW;
        if self.violations_since.filter(recent).is_none() {
            self.violations_since = Some(now);
            self.violations = 0;
        }
        self.violations = self.violations.saturating_add(1);
        if self.violations < settings.violations_per_minute_max && !code.holds_off_at_once() {
            return None;
        }
        // A partner that kept to the rules for the longest wait begins at the shortest again.
        let forgiven = self
            .held_off_until
            .is_none_or(|until| now.saturating_duration_since(until) >= settings.hold_off_max);
        if forgiven {
            self.hold_off = settings.hold_off_min;
        }
        let wait = self.hold_off;
        self.hold_off = wait.saturating_mul(2).min(settings.hold_off_max);
        self.held_off_until = now.checked_add(wait);
        self.violations = 0;
        Some(wait)
    }
}

/// Two connections with one partner.
struct Rivals {
    ours: OrganisationNumber,
    partner: OrganisationNumber,
    old_dialled_by_us: bool,
    old_age: Duration,
    new_dialled_by_us: bool,
    /// Two dials are one race if they were not further apart than this.
    race: Duration,
}

/// Of two connections by one dialler the newest is kept, else the one that the lower organisation
/// number dialled. Both sides come to the same answer without asking.
///
/// The second rule is for dials that crossed. A node only dials when it has no link, so a dial
/// that comes long after the link was made says that the other side lost it: then the new one
/// is kept, and nobody waits for the old one to time out.
fn keeps_new(rivals: &Rivals) -> bool {
    let crossed = rivals.old_dialled_by_us != rivals.new_dialled_by_us && rivals.old_age <= rivals.race;
    let lower_is_ours = rivals.ours < rivals.partner;
    !crossed || rivals.new_dialled_by_us == lower_is_ours
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_keep_the_same_of_two_crossed_dials() {
        let (low, high) = (number("310000000"), number("840029212"));
        for low_was_first in [true, false] {
            let at_low = keeps_new(&rivals(low, high, low_was_first, !low_was_first));
            let at_high = keeps_new(&rivals(high, low, !low_was_first, low_was_first));

            assert_eq!(at_low, at_high, "{low_was_first}");
            assert_eq!(at_low, !low_was_first, "the connection that {low} dialled is kept");
        }
    }

    #[test]
    fn newest_of_one_dialler_is_kept() {
        let (low, high) = (number("310000000"), number("840029212"));
        for (ours, partner) in [(low, high), (high, low)] {
            assert!(keeps_new(&rivals(ours, partner, true, true)));
            assert!(keeps_new(&rivals(ours, partner, false, false)));
        }
    }

    #[test]
    fn dial_long_after_the_link_was_made_takes_its_place() {
        let (low, high) = (number("310000000"), number("840029212"));
        let old = Duration::from_secs(6);

        assert!(!keeps_new(&rivals(low, high, true, false)));
        assert!(keeps_new(&Rivals { old_age: old, ..rivals(low, high, true, false) }));
    }

    #[test]
    fn fifth_violation_in_a_minute_makes_a_partner_wait_and_the_next_wait_is_longer() {
        let settings = TransportSettings::default();
        let mut state = PartnerState::new(&settings);
        let start = Instant::now();
        let mut violate = |at| state.violated(CloseCode::Framing, &settings, at);

        for _ in 0..4 {
            assert_eq!(violate(start), None);
        }
        assert_eq!(violate(start), Some(Duration::from_mins(1)));
        for _ in 0..4 {
            assert_eq!(violate(start), None);
        }
        assert_eq!(violate(start), Some(Duration::from_mins(2)));
        for _ in 0..4 {
            assert_eq!(violate(start + Duration::from_hours(3)), None);
        }
        assert_eq!(violate(start + Duration::from_hours(3)), Some(Duration::from_mins(1)));
    }

    #[test]
    fn violations_in_different_minutes_do_not_add_up() {
        let settings = TransportSettings::default();
        let mut state = PartnerState::new(&settings);
        let start = Instant::now();

        for minute in 0..20 {
            let at = start + Duration::from_mins(minute);
            assert_eq!(state.violated(CloseCode::Framing, &settings, at), None);
        }
    }

    #[test]
    fn bad_signature_makes_a_partner_wait_at_once() {
        let settings = TransportSettings::default();
        let mut state = PartnerState::new(&settings);
        let start = Instant::now();

        assert_eq!(state.violated(CloseCode::BadSignature, &settings, start), Some(Duration::from_mins(1)));
        assert_eq!(state.held_off(start), Some(Duration::from_mins(1)));
        assert_eq!(state.held_off(start + Duration::from_mins(1)), None);
    }

    fn rivals(
        ours: OrganisationNumber,
        partner: OrganisationNumber,
        old_dialled_by_us: bool,
        new_dialled_by_us: bool,
    ) -> Rivals {
        Rivals {
            ours,
            partner,
            old_dialled_by_us,
            old_age: Duration::from_secs(1),
            new_dialled_by_us,
            race: Duration::from_secs(5),
        }
    }

    fn number(text: &str) -> OrganisationNumber {
        text.parse().expect("an organisation number")
    }
}
