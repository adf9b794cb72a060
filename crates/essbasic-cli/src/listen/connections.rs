//! The open connections, up to a maximum.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Maximum number of connections. The platform needs a few.
pub(super) const MAX_CONNECTIONS: usize = 256;

/// The open connections, by the order of their start.
#[derive(Default)]
pub(super) struct Connections(Mutex<State>);

#[derive(Default)]
struct State {
    last: u64,
    open: BTreeMap<u64, Arc<Shared>>,
}

#[derive(Default)]
struct Shared {
    /// Number of its messages that are being handled.
    messages: AtomicUsize,
    closing: Notify,
}

/// An open connection, until it is dropped.
pub(super) struct Connection {
    number: u64,
    shared: Arc<Shared>,
    connections: Arc<Connections>,
}

/// A new connection was admitted, or not.
pub(super) enum Admission {
    Open(Connection),
    /// The oldest connection without a message is closed for it.
    Instead(Connection),
    /// A message is being handled for each connection.
    Full,
}

impl Connections {
    /// Admits a connection. At the maximum, the oldest connection without a message that is being handled is closed: a
    /// client that sends nothing, or slowly, does not keep others out.
    pub(super) fn admit(self: &Arc<Self>) -> Admission {
        let mut state = self.state();
        let is_full = state.open.len() >= MAX_CONNECTIONS;
        if is_full {
            let is_idle = |shared: &Shared| shared.messages.load(Ordering::SeqCst) == 0;
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
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Waits until it has to be closed for another connection.
    pub(super) async fn closing(&self) {
        self.shared.closing.notified().await;
    }

    /// Returns a counter of its messages.
    pub(super) fn messages(&self) -> Messages {
        Messages(Arc::clone(&self.shared))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connections.state().open.remove(&self.number);
    }
}

/// Counts the messages of a connection that are being handled.
#[derive(Clone)]
pub(super) struct Messages(Arc<Shared>);

impl Messages {
    /// Counts a message until the result is dropped.
    pub(super) fn begin(&self) -> Handling {
        self.0.messages.fetch_add(1, Ordering::SeqCst);
        Handling(Arc::clone(&self.0))
    }
}

/// One message that is being handled, until it is dropped.
pub(super) struct Handling(Arc<Shared>);

impl Drop for Handling {
    fn drop(&mut self) {
        self.0.messages.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(admission: Admission) -> Connection {
        match admission {
            Admission::Open(connection) | Admission::Instead(connection) => connection,
            Admission::Full => panic!("not admitted"),
        }
    }

    #[tokio::test]
    async fn the_oldest_connection_without_a_message_is_closed() {
        let connections = Arc::<Connections>::default();
        let mut open: Vec<Connection> =
            (0..MAX_CONNECTIONS).map(|_| admitted(connections.admit())).collect();
        let first = open[0].messages().begin();
        // The second one is the oldest without a message.
        let next = connections.admit();
        assert!(matches!(next, Admission::Instead(_)));
        open[1].closing().await;
        open.push(admitted(next));
        drop(open.remove(1));
        assert_eq!(connections.state().open.len(), MAX_CONNECTIONS);
        let mut handling: Vec<Handling> = open[1..].iter().map(|c| c.messages().begin()).collect();
        assert!(matches!(connections.admit(), Admission::Full));
        drop(handling.pop());
        assert!(matches!(connections.admit(), Admission::Instead(_)));
        drop(first);
        drop(open);
        assert!(connections.state().open.is_empty());
        assert!(matches!(connections.admit(), Admission::Open(_)));
    }
}
