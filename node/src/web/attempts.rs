//! Wrong tokens, counted for each peer: ten in a minute, and then no token of that peer is
//! looked up until the minute is over.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::web::limits::{ATTEMPT_PEERS_MAX, ATTEMPTS_MAX, ATTEMPTS_WINDOW};

/// Counts wrong tokens.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    counted: Mutex<BTreeMap<IpAddr, Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    since: Instant,
    wrong: u32,
}

impl Window {
    fn is_over(&self, now: Instant) -> bool {
        now.duration_since(self.since) >= ATTEMPTS_WINDOW
    }
}

impl Attempts {
    /// Returns how long a peer must wait before a token of its is looked up; none if it need not.
    pub(crate) fn must_wait(&self, peer: IpAddr, now: Instant) -> Option<Duration> {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        // A peer that did not fit is counted with the others that did not.
        let window = counted.get(&counted_as(peer)).or_else(|| counted.get(&OVERFLOW))?;
        if window.wrong < ATTEMPTS_MAX {
            return None;
        }
        ATTEMPTS_WINDOW.checked_sub(now.duration_since(window.since)).filter(|left| !left.is_zero())
    }

    /// Counts a wrong token.
    pub(crate) fn was_wrong(&self, peer: IpAddr, now: Instant) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = counted_as(peer);
        if !counted.contains_key(&key) && counted.len() >= ATTEMPT_PEERS_MAX {
            counted.retain(|_, window| !window.is_over(now));
            if counted.len() >= ATTEMPT_PEERS_MAX {
                key = OVERFLOW;
            }
        }
        let window = counted.entry(key).or_insert(Window { since: now, wrong: 0 });
        if window.is_over(now) {
            *window = Window { since: now, wrong: 0 };
        }
        window.wrong = window.wrong.saturating_add(1);
    }
}

/// Stands for all peers that are not counted one by one; no peer has this address.
const OVERFLOW: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

/// One subscriber has a whole /64 of IPv6 addresses (RFC 6177), so it is counted as one.
fn counted_as(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn eleventh_look_up_within_a_minute_waits_and_other_peers_do_not() {
        let attempts = Attempts::default();
        let start = Instant::now();
        for _ in 1..ATTEMPTS_MAX {
            attempts.was_wrong(peer(1), start);
        }
        assert_eq!(attempts.must_wait(peer(1), start), None);

        attempts.was_wrong(peer(1), start);

        assert_eq!(attempts.must_wait(peer(1), start), Some(ATTEMPTS_WINDOW));
        assert_eq!(attempts.must_wait(peer(2), start), None);
    }

    #[test]
    fn after_the_minute_the_count_starts_anew() {
        let attempts = Attempts::default();
        let start = Instant::now();
        for _ in 0..ATTEMPTS_MAX {
            attempts.was_wrong(peer(1), start);
        }
        let last = start + ATTEMPTS_WINDOW - Duration::from_millis(1);
        assert_eq!(attempts.must_wait(peer(1), last), Some(Duration::from_millis(1)));

        let later = start + ATTEMPTS_WINDOW;

        assert_eq!(attempts.must_wait(peer(1), later), None);
        attempts.was_wrong(peer(1), later);
        assert_eq!(attempts.must_wait(peer(1), later), None);
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_counted_together() {
        let attempts = Attempts::default();
        let now = Instant::now();
        for host in 0..ATTEMPTS_MAX {
            attempts.was_wrong(format!("2001:db8:0:1::{host:x}").parse().expect("an address"), now);
        }

        assert!(attempts.must_wait("2001:db8:0:1::ffff".parse().expect("an address"), now).is_some());
        assert!(attempts.must_wait("2001:db8:0:2::1".parse().expect("an address"), now).is_none());
    }

    #[test]
    fn flood_of_addresses_takes_bounded_memory_and_is_refused_as_one_peer() {
        let attempts = Attempts::default();
        let now = Instant::now();
        let address = |number: u32| IpAddr::from((0x0A00_0000 + number).to_be_bytes());
        let peers = u32::try_from(ATTEMPT_PEERS_MAX).expect("fits") + ATTEMPTS_MAX;

        (0..peers).for_each(|number| attempts.was_wrong(address(number), now));

        assert_eq!(attempts.counted.lock().expect("not poisoned").len(), ATTEMPT_PEERS_MAX + 1);
        assert!(attempts.must_wait(address(peers), now).is_some());
        assert_eq!(attempts.must_wait(address(1), now), None);
        assert_eq!(attempts.must_wait(address(peers), now + ATTEMPTS_WINDOW), None);
    }
}
