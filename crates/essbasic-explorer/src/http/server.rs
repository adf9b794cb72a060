//! The server: connections and their limits.

use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::time::{sleep, timeout};
use tower_service::Service as _;

use super::connections::{Admission, Connections};

/// Maximum number of connections. A browser opens six.
const MAX_CONNECTIONS: usize = 64;

/// Time for the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum size of the head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// Time for the requests in flight after the stop.
const CLOSING: Duration = Duration::from_secs(1);

/// Serves until `stop` is complete, and then waits while `is_writing`: the outcome of a call that changes data must reach the
/// page. The listener must not block.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()>,
    is_writing: impl Fn() -> bool,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let connections = Connections::new(MAX_CONNECTIONS);
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let Ok((stream, _)) = accepted else {
            // Out of descriptors, mostly: others may be given back meanwhile.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let open = match connections.admit() {
            Admission::Open(open) | Admission::Instead(open) => open,
            Admission::Full => continue,
        };
        let _ = stream.set_nodelay(true);
        let (router, requests) = (router.clone(), open.requests());
        let respond = service_fn(move |mut request: Request<Incoming>| {
            let mut router = router.clone();
            request.extensions_mut().insert(requests.clone());
            async move { router.call(request.map(Body::new)).await }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), respond);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            tokio::select! {
                // A client that disconnects gets no response.
                _ended = connection => {}
                () = open.closing() => {}
            }
        });
    }
    drop(listener);
    let mut closed = std::pin::pin!(graceful.shutdown());
    while timeout(CLOSING, &mut closed).await.is_err() && is_writing() {}
    Ok(())
}
