//! Accepting of connections.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::connections::Connections;
use super::handler::Handler;

/// Maximum pause after a connection could not be accepted.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until the task is dropped. During an outage the listener is closed.
pub(super) async fn run(listener: std::net::TcpListener, handler: Arc<Handler>) {
    let address = listener.local_addr();
    let outage = &handler.service.faults.outage;
    let connections = Connections::new();
    let mut bound = TcpListener::from_std(listener);
    loop {
        let listener = match bound {
            Ok(listener) => listener,
            Err(error) => return tracing::error!(%error, "cannot listen"),
        };
        tokio::select! {
            () = accept(&listener, &connections, &handler) => {}
            () = outage.started() => {}
        }
        // The operating system refuses connections to a closed port.
        drop(listener);
        outage.listener_closed();
        outage.ended().await;
        bound = bind_again(&address).await;
    }
}

/// Binds to an address that the emulator has used before.
async fn bind_again(address: &io::Result<std::net::SocketAddr>) -> io::Result<TcpListener> {
    let address = address.as_ref().map_err(|error| io::Error::from(error.kind()))?;
    loop {
        match TcpListener::bind(address).await {
            // An outgoing connection of another process may use the port for a short time.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                tracing::warn!(%error, "cannot listen yet");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            bound => return bound,
        }
    }
}

async fn accept(listener: &TcpListener, connections: &Arc<Connections>, handler: &Arc<Handler>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (handler, connected) = (Arc::clone(handler), connections.add());
                tokio::spawn(async move { handler.accepted(stream, &connected).await });
                connections.within_limit().await;
            }
            Err(error) => {
                // The usual cause is a lack of file descriptors, which other parts of the program may release.
                tracing::warn!(%error, "cannot accept a connection");
                let _ = tokio::time::timeout(RETRY_PAUSE, connections.close_idle()).await;
            }
        }
    }
}
