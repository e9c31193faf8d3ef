//! The line between two nodes: datagrams of the node that dials go through here, and can be
//! dropped, lost now and then, or made late so that others overtake them. What passes is not
//! looked at.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

use super::chance::Chance;

const DATAGRAM_BYTES_MAX: usize = 65_507;

/// One line. Dropped, it is cut for good.
pub struct Relay {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

/// What a bad line does to datagrams, each by its own chance.
#[derive(Debug, Clone, Copy)]
pub struct Disturbance {
    /// What the chances are drawn from.
    pub chance: Chance,
    /// How many of a hundred are lost.
    pub lost_percent: u64,
    /// How many of a hundred are late.
    pub late_percent: u64,
    /// By how much at the most: whatever was sent meanwhile overtakes them.
    pub late_ms_max: u64,
}

/// What becomes of one datagram.
enum Fate {
    Passes,
    IsLost,
    IsLate(Duration),
}

#[derive(Default)]
struct State {
    target: Mutex<Option<SocketAddr>>,
    cut: AtomicBool,
    disturbance: Mutex<Option<Disturbance>>,
    forwarded: AtomicU64,
    dropped: AtomicU64,
    late: AtomicU64,
}

impl Relay {
    /// Opens a line on loopback; it leads nowhere until it is told where.
    ///
    /// # Errors
    /// If the system has no socket.
    pub async fn open() -> std::io::Result<Self> {
        let front = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let back = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = front.local_addr()?;
        let state = Arc::new(State::default());
        let task = tokio::spawn(forward(Arc::new(front), Arc::new(back), Arc::clone(&state)));
        Ok(Self { address, state, task })
    }

    /// Where the node that dials finds the line.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Says where the line leads from now on.
    pub fn lead_to(&self, target: SocketAddr) {
        *self.state.target.lock().unwrap_or_else(PoisonError::into_inner) = Some(target);
    }

    /// Drops every datagram from now on, both ways.
    pub fn cut(&self) {
        self.state.cut.store(true, Ordering::SeqCst);
    }

    /// Forwards again.
    pub fn heal(&self) {
        self.state.cut.store(false, Ordering::SeqCst);
    }

    /// Loses datagrams and makes them late from now on, both ways; none ends that.
    pub fn disturb(&self, how: Option<Disturbance>) {
        *self.state.disturbance.lock().unwrap_or_else(PoisonError::into_inner) = how;
    }

    /// How many datagrams were late.
    pub fn late(&self) -> u64 {
        self.state.late.load(Ordering::Relaxed)
    }

    /// How many datagrams have passed, and how many were dropped.
    pub fn counts(&self) -> (u64, u64) {
        (self.state.forwarded.load(Ordering::Relaxed), self.state.dropped.load(Ordering::Relaxed))
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A node has one socket, so the last address that sent is the one that answers go to.
async fn forward(front: Arc<UdpSocket>, back: Arc<UdpSocket>, state: Arc<State>) {
    let mut to_target = vec![0; DATAGRAM_BYTES_MAX];
    let mut to_dialler = vec![0; DATAGRAM_BYTES_MAX];
    let mut dialler = None;
    loop {
        // A failed receive is a lost datagram, which QUIC sends again.
        tokio::select! {
            received = front.recv_from(&mut to_target) => if let Ok((bytes, from)) = received {
                dialler = Some(from);
                state.pass(&back, to_target.get(..bytes), state.target()).await;
            },
            received = back.recv_from(&mut to_dialler) => if let Ok((bytes, from)) = received
                && state.target() == Some(from)
            {
                state.pass(&front, to_dialler.get(..bytes), dialler).await;
            },
        }
    }
}

impl State {
    fn target(&self) -> Option<SocketAddr> {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn pass(&self, socket: &Arc<UdpSocket>, datagram: Option<&[u8]>, to: Option<SocketAddr>) {
        let passed = match (self.cut.load(Ordering::SeqCst), datagram, to, self.fate()) {
            (false, Some(datagram), Some(to), Fate::Passes) => socket.send_to(datagram, to).await.is_ok(),
            (false, Some(datagram), Some(to), Fate::IsLate(wait)) => {
                let (socket, datagram) = (Arc::clone(socket), datagram.to_vec());
                self.late.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(async move {
                    tokio::time::sleep(wait).await;
                    // A failed send is a lost datagram.
                    let _ = socket.send_to(&datagram, to).await;
                });
                true
            }
            _ => false,
        };
        let count = if passed { &self.forwarded } else { &self.dropped };
        count.fetch_add(1, Ordering::Relaxed);
    }

    fn fate(&self) -> Fate {
        let how = *self.disturbance.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(how) = how else { return Fate::Passes };
        let number = self.forwarded.load(Ordering::Relaxed) + self.dropped.load(Ordering::Relaxed);
        let drawn = |what: &str, end: u64| how.chance.below(&format!("datagram {number} {what}"), end);
        match drawn("fate", 100) {
            fate if fate < how.lost_percent => Fate::IsLost,
            fate if fate < how.lost_percent + how.late_percent => {
                Fate::IsLate(Duration::from_millis(drawn("wait", how.late_ms_max.max(1))))
            }
            _ => Fate::Passes,
        }
    }
}
