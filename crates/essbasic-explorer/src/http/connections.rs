//! The open connections of a server, up to a maximum.

#![allow(missing_debug_implementations, reason = "internal to the explorer and the command")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// The open connections, by the order of their start.
pub struct Connections {
    max: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: u64,
    open: BTreeMap<u64, Arc<Shared>>,
}

#[derive(Default)]
struct Shared {
    /// Number of its requests in flight.
    requests: AtomicUsize,
    closing: Notify,
}

/// An open connection, until it is dropped.
pub struct Connection {
    number: u64,
    shared: Arc<Shared>,
    connections: Arc<Connections>,
}

/// A new connection was admitted, or not.
pub enum Admission {
    /// There are fewer than the maximum.
    Open(Connection),
    /// The oldest connection without a request in flight is closed for it.
    Instead(Connection),
    /// Every connection has a request in flight.
    Full,
}

impl Connections {
    /// Returns a set of at most `max` connections.
    pub fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, state: Mutex::default() })
    }

    /// Admits a connection. At the maximum, the oldest connection without a request in flight is closed: a client that sends
    /// nothing, or slowly, does not keep others out.
    pub fn admit(self: &Arc<Self>) -> Admission {
        let mut state = self.state();
        let is_full = state.open.len() >= self.max;
        if is_full {
            let is_idle = |shared: &Shared| shared.requests.load(Ordering::SeqCst) == 0;
            let idle = state.open.iter().find(|(_, shared)| is_idle(shared));
            let Some(number) = idle.map(|(number, _)| *number) else { return Admission::Full };
            if let Some(closed) = state.open.remove(&number) {
                closed.closing.notify_one();
            }
        }
        state.last += 1;
        let (number, shared) = (state.last, Arc::<Shared>::default());
        state.open.insert(number, Arc::clone(&shared));
        let connection = Connection { number, shared, connections: Arc::clone(self) };
        if is_full { Admission::Instead(connection) } else { Admission::Open(connection) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Waits until it has to be closed for another connection.
    pub async fn closing(&self) {
        self.shared.closing.notified().await;
    }

    /// Returns a counter of its requests.
    pub fn requests(&self) -> Requests {
        Requests(Arc::clone(&self.shared))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.state().open.remove(&self.number);
    }
}

/// Counts the requests of a connection.
#[derive(Clone)]
pub struct Requests(Arc<Shared>);

impl Requests {
    /// Counts a request until the result is dropped.
    pub fn begin(&self) -> InFlight {
        self.0.requests.fetch_add(1, Ordering::SeqCst);
        InFlight(Arc::clone(&self.0))
    }
}

/// One request in flight, until it is dropped.
pub struct InFlight(Arc<Shared>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAX: usize = 64;

    fn admitted(admission: Admission) -> Connection {
        match admission {
            Admission::Open(connection) | Admission::Instead(connection) => connection,
            Admission::Full => panic!("not admitted"),
        }
    }

    #[tokio::test]
    async fn the_oldest_connection_without_a_request_is_closed() {
        let connections = Connections::new(MAX);
        let mut open: Vec<Connection> = (0..MAX).map(|_| admitted(connections.admit())).collect();
        let first = open[0].requests().begin();
        // The second one is the oldest without a request.
        let next = connections.admit();
        assert!(matches!(next, Admission::Instead(_)));
        open[1].closing().await;
        open.push(admitted(next));
        drop(open.remove(1));
        assert_eq!(connections.state().open.len(), MAX);
        let mut busy: Vec<InFlight> = open[1..].iter().map(|c| c.requests().begin()).collect();
        assert!(matches!(connections.admit(), Admission::Full));
        drop(busy.pop());
        assert!(matches!(connections.admit(), Admission::Instead(_)));
        drop(first);
        drop(open);
        assert!(connections.state().open.is_empty());
        assert!(matches!(connections.admit(), Admission::Open(_)));
    }
}
