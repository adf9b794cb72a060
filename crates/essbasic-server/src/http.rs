//! Connections of the listeners, bounded in number and time.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use essbasic_page::{Limits, Requests, serve_router};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// Limits of a listener.
const LIMITS: Limits = Limits {
    max_connections: 256,
    head_timeout: Duration::from_secs(15),
    closing_time: Duration::from_secs(2),
};

/// Serves until `closed` is true. No connection outlives it.
pub(crate) async fn serve(listener: TcpListener, router: Router, closed: watch::Receiver<bool>) {
    serve_and_finish(listener, router, closed, async {}).await;
}

/// Serves as [`serve`], and completes `finish` before connections are closed.
pub(crate) async fn serve_and_finish(
    listener: TcpListener,
    router: Router,
    mut closed: watch::Receiver<bool>,
    finish: impl Future<Output = ()>,
) {
    let stop = async { drop(closed.wait_for(|closed| *closed).await) };
    serve_router(listener, LIMITS, router, stop, finish).await;
}

/// Middleware that keeps the connection of each request open until its response. Only for clients that are trusted.
pub(crate) async fn in_flight(request: Request, next: Next) -> Response {
    let _in_flight = request.extensions().get::<Requests>().map(Requests::begin);
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn stalled_heads_are_closed_and_give_their_place_to_others() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (close, closed) = watch::channel(false);
        let router = Router::new()
            .route("/", get(|| async { "here" }))
            .layer(axum::middleware::from_fn(in_flight));
        let server = tokio::spawn(serve(listener, router, closed));
        let mut stalled = Vec::new();
        for _ in 0..LIMITS.max_connections {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
            stalled.push(stream);
        }
        let mut last = TcpStream::connect(address).await.unwrap();
        last.write_all(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut response = String::new();
        last.read_to_string(&mut response).await.unwrap();
        assert!(response.starts_with("HTTP/1.1 200 ") && response.ends_with("here"), "{response}");
        for mut stream in stalled {
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
            assert!(!rest.starts_with(b"HTTP/1.1 200"));
        }
        close.send_replace(true);
        server.await.unwrap();
    }
}
