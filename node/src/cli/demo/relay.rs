//! The line between two nodes: datagrams of one node that dials go through here, and can be dropped.
//!
//! What passes is not looked at: QUIC's encryption is between the nodes.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

/// The largest payload of a UDP datagram over IPv4.
const DATAGRAM_BYTES_MAX: usize = 65_507;

/// One line. Dropped, it is cut for good.
pub(super) struct Relay {
    address: SocketAddr,
    state: Arc<State>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    target: OnceLock<SocketAddr>,
    cut: AtomicBool,
    dropped: AtomicU64,
}

impl Relay {
    /// Opens a line on loopback; it leads nowhere until it is told where.
    pub(super) async fn open() -> std::io::Result<Self> {
        let front = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let back = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = front.local_addr()?;
        let state = Arc::new(State::default());
        let task = tokio::spawn(forward(front, back, Arc::clone(&state)));
        Ok(Self { address, state, task })
    }

    /// Returns where the node that dials finds the line.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Says where the line leads. The first word counts.
    pub(super) fn lead_to(&self, target: SocketAddr) {
        let _ = self.state.target.set(target);
    }

    /// Drops every datagram from now on, both ways.
    pub(super) fn cut(&self) {
        self.state.cut.store(true, Ordering::SeqCst);
    }

    /// Forwards again.
    pub(super) fn heal(&self) {
        self.state.cut.store(false, Ordering::SeqCst);
    }

    /// Returns how many datagrams were dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.state.dropped.load(Ordering::Relaxed)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Carries datagrams until the task is aborted. A node has one socket, so the last address that
/// sent is the one that answers go to.
async fn forward(front: UdpSocket, back: UdpSocket, state: Arc<State>) {
    let mut to_target = vec![0; DATAGRAM_BYTES_MAX];
    let mut to_dialler = vec![0; DATAGRAM_BYTES_MAX];
    let mut dialler = None;
    loop {
        // A failed receive is a lost datagram, which QUIC sends again.
        tokio::select! {
            received = front.recv_from(&mut to_target) => if let Ok((bytes, from)) = received {
                dialler = Some(from);
                state.pass(&back, to_target.get(..bytes), state.target.get().copied()).await;
            },
            received = back.recv_from(&mut to_dialler) => if let Ok((bytes, from)) = received
                && state.target.get() == Some(&from)
            {
                state.pass(&front, to_dialler.get(..bytes), dialler).await;
            },
        }
    }
}

impl State {
    async fn pass(&self, socket: &UdpSocket, datagram: Option<&[u8]>, to: Option<SocketAddr>) {
        let is_cut = self.cut.load(Ordering::SeqCst);
        let sent = match (datagram, to) {
            (Some(datagram), Some(to)) if !is_cut => socket.send_to(datagram, to).await.is_ok(),
            _ => false,
        };
        if !sent {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn receive(socket: &UdpSocket) -> Option<Vec<u8>> {
        let mut bytes = vec![0; 64];
        let received = tokio::time::timeout(Duration::from_millis(200), socket.recv(&mut bytes)).await;
        received.ok()?.ok().and_then(|count| bytes.get(..count).map(<[u8]>::to_vec))
    }

    #[tokio::test]
    async fn a_cut_line_drops_both_ways_and_a_healed_one_carries_again() {
        let target = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket");
        let dialler = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket");
        let relay = Relay::open().await.expect("a relay");
        relay.lead_to(target.local_addr().expect("an address"));
        dialler.connect(relay.address()).await.expect("an address");
        dialler.send(b"hello").await.expect("sent");
        let mut bytes = [0; 64];
        let (_, line) = target.recv_from(&mut bytes).await.expect("received");

        relay.cut();
        dialler.send(b"lost").await.expect("sent");
        target.send_to(b"lost too", line).await.expect("sent");
        let while_cut = (receive(&target).await, receive(&dialler).await);
        relay.heal();
        dialler.send(b"again").await.expect("sent");
        target.send_to(b"and back", line).await.expect("sent");

        assert_eq!(while_cut, (None, None));
        assert_eq!(receive(&target).await.as_deref(), Some(b"again".as_slice()));
        assert_eq!(receive(&dialler).await.as_deref(), Some(b"and back".as_slice()));
        assert_eq!(relay.dropped(), 2);
    }
}
