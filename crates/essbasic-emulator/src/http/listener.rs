//! Accepting of connections.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::handler::Handler;

/// Maximum number of simultaneous connections; further ones wait. The value is below the default limit of file
/// descriptors on most systems.
const MAX_CONNECTIONS: usize = 400;

/// Accepts connections until the task is dropped. During an outage the listener is closed.
pub(super) async fn run(listener: std::net::TcpListener, handler: Arc<Handler>) {
    let address = listener.local_addr();
    let outage = &handler.service.faults.outage;
    let permits = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut bound = TcpListener::from_std(listener);
    loop {
        let listener = match bound {
            Ok(listener) => listener,
            Err(error) => return tracing::error!(%error, "cannot listen"),
        };
        tokio::select! {
            () = accept(&listener, &permits, &handler) => {}
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

async fn accept(listener: &TcpListener, permits: &Arc<Semaphore>, handler: &Arc<Handler>) {
    loop {
        let Ok(permit) = Arc::clone(permits).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let handler = Arc::clone(handler);
                tokio::spawn(async move {
                    handler.accepted(stream).await;
                    drop(permit);
                });
            }
            Err(error) => {
                // The usual cause is a lack of file descriptors, which other connections may release.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}
