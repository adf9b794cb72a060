//! The accept loop: connections and their limits.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tower_service::Service as _;

use crate::connections::{Admission, Connection, Connections};

/// Maximum size of the head of a request, in bytes.
const MAX_HEAD_BYTES: usize = 64 << 10;

/// Limits of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Maximum number of connections. Beyond, the oldest connection without a request in flight is closed; if each has one, new
    /// connections wait.
    pub max_connections: usize,
    /// Time for the head of a request, and between two requests.
    pub head_timeout: Duration,
    /// Time for the requests in flight after the stop.
    pub closing_time: Duration,
}

/// An event of a server that its operator may want to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The oldest connection without a request in flight was closed for a new one.
    ClosedIdle,
    /// A new connection waits, because each connection has a request in flight.
    Full,
    /// A client sent something other than HTTP.
    NotHttp,
}

/// Serves until `stop` is complete, and returns its result.
///
/// `respond` returns the response to a request, whose extensions contain its [`Requests`](crate::Requests). After the stop, no
/// connection is accepted. The server waits for `finish`, and then for the requests in flight within the closing time. No
/// connection outlives it.
pub async fn serve<T, R, F, B>(
    listener: TcpListener,
    limits: Limits,
    respond: R,
    stop: impl Future<Output = T>,
    finish: impl Future<Output = ()>,
    on_event: impl Fn(Event),
) -> T
where
    R: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: http_body::Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let connections = Connections::new(limits.max_connections);
    let graceful = GracefulShutdown::new();
    let mut tasks = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    let stopped = loop {
        let accepted = tokio::select! {
            stopped = &mut stop => break stopped,
            Some(is_http) = tasks.join_next() => {
                if matches!(is_http, Ok(false)) {
                    on_event(Event::NotHttp);
                }
                continue;
            }
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            // Out of descriptors, mostly: others may be given back meanwhile.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let open = tokio::select! {
            stopped = &mut stop => break stopped,
            open = admit(&connections, &on_event) => open,
        };
        let _ = stream.set_nodelay(true);
        let (respond, requests) = (respond.clone(), open.requests());
        let respond = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(requests.clone());
            let response = respond(request);
            async move { Ok::<_, Infallible>(response.await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_timeout)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(TokioIo::new(stream), respond);
        let connection = graceful.watch(connection);
        tasks.spawn(async move {
            tokio::select! {
                // A client that disconnects gets no response.
                ended = connection => !ended.is_err_and(|error| error.is_parse()),
                () = open.closing() => true,
            }
        });
    };
    drop(listener);
    let closing = tokio::spawn(graceful.shutdown());
    finish.await;
    let _ = timeout(limits.closing_time, closing).await;
    tasks.shutdown().await;
    stopped
}

/// Serves a router like [`serve`].
pub async fn serve_router<T>(
    listener: TcpListener,
    limits: Limits,
    router: Router,
    stop: impl Future<Output = T>,
    finish: impl Future<Output = ()>,
) -> T {
    let respond = move |request: Request<Incoming>| {
        let mut router = router.clone();
        async move {
            if head_bytes(&request) > MAX_HEAD_BYTES {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
                return response;
            }
            router.call(request.map(Body::new)).await.unwrap_or_else(|never| match never {})
        }
    };
    serve(listener, limits, respond, stop, finish, drop).await
}

/// Returns the size of the head of a request, in bytes. The limit of hyper is that of its buffer, which a head may exceed by a read.
fn head_bytes<T>(request: &Request<T>) -> usize {
    let uri = request.uri();
    let uri = uri.path_and_query().map_or(0, |path| path.as_str().len())
        + uri.authority().map_or(0, |authority| authority.as_str().len() + "http://".len());
    let line = request.method().as_str().len() + uri + "  HTTP/1.1\r\n".len();
    let headers = request.headers().iter();
    let headers = headers.map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len());
    line + headers.sum::<usize>() + "\r\n".len()
}

/// Admits a connection, which may have to wait.
async fn admit(connections: &Arc<Connections>, on_event: &impl Fn(Event)) -> Connection {
    let mut is_waiting = false;
    loop {
        match connections.admit() {
            Admission::Open(open) => return open,
            Admission::Instead(open) => {
                on_event(Event::ClosedIdle);
                return open;
            }
            Admission::Full => {
                if !std::mem::replace(&mut is_waiting, true) {
                    on_event(Event::Full);
                }
                connections.ended().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::sync::oneshot;

    use super::*;
    use crate::connections::Requests;

    const MAX_CONNECTIONS: usize = 4;

    const LIMITS: Limits = Limits {
        max_connections: MAX_CONNECTIONS,
        head_timeout: Duration::from_secs(15),
        closing_time: Duration::from_secs(2),
    };

    async fn bind() -> (TcpListener, std::net::SocketAddr) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        (listener, address)
    }

    async fn request(address: std::net::SocketAddr) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await.unwrap();
        stream
    }

    async fn read(mut stream: TcpStream) -> String {
        let mut response = Vec::new();
        let _ = stream.read_to_end(&mut response).await;
        String::from_utf8_lossy(&response).into_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn stalled_heads_are_closed_and_give_their_place_to_others() {
        let (listener, address) = bind().await;
        let (stop, stopped) = oneshot::channel::<()>();
        let router = Router::new().route("/", get(|| async { "here" }));
        let server = tokio::spawn(serve_router(listener, LIMITS, router, stopped, async {}));
        let mut stalled = Vec::new();
        for _ in 0..MAX_CONNECTIONS {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
            stalled.push(stream);
        }
        let response = read(request(address).await).await;
        assert!(response.starts_with("HTTP/1.1 200 ") && response.ends_with("here"), "{response}");
        for stream in stalled {
            assert!(!read(stream).await.starts_with("HTTP/1.1 200"));
        }
        drop(stop);
        let _ = server.await.unwrap();
    }

    #[tokio::test]
    async fn the_size_of_a_head_is_limited() {
        let (listener, address) = bind().await;
        let (stop, stopped) = oneshot::channel::<()>();
        let router = Router::new().route("/", get(|| async { "here" }));
        let server = tokio::spawn(serve_router(listener, LIMITS, router, stopped, async {}));
        for (bytes, status) in [
            (1 << 10, "200"),
            (MAX_HEAD_BYTES, "200"),
            (MAX_HEAD_BYTES + 1, "431"),
            (70_000, "431"),
        ] {
            let start = "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX: ";
            let value = "a".repeat(bytes - start.len() - 4);
            let mut stream = TcpStream::connect(address).await.unwrap();
            // The server may close the connection before it has read all.
            let _ = stream.write_all(format!("{start}{value}\r\n\r\n").as_bytes()).await;
            let mut line = [0; 12];
            stream.read_exact(&mut line).await.unwrap();
            assert_eq!(line, format!("HTTP/1.1 {status}").as_bytes(), "{bytes}");
        }
        drop(stop);
        let _ = server.await.unwrap();
    }

    #[tokio::test]
    async fn connections_wait_if_each_has_a_request_in_flight() {
        let (listener, address) = bind().await;
        let (release, released) = tokio::sync::watch::channel(false);
        let (started, mut starts) = tokio::sync::mpsc::unbounded_channel();
        let respond = move |request: Request<Incoming>| {
            let (mut released, started) = (released.clone(), started.clone());
            async move {
                let _in_flight = request.extensions().get::<Requests>().map(Requests::begin);
                started.send(()).unwrap();
                released.wait_for(|released| *released).await.unwrap();
                Response::new(Body::from("here"))
            }
        };
        let events = RefCell::new(Vec::new());
        let clients = async {
            let mut streams = Vec::new();
            for _ in 0..MAX_CONNECTIONS {
                streams.push(request(address).await);
                starts.recv().await.unwrap();
            }
            streams.push(request(address).await);
            let mut garbage = TcpStream::connect(address).await.unwrap();
            garbage.write_all(b"\x16\x03\x01 TLS\r\n\r\n").await.unwrap();
            while events.borrow().is_empty() {
                tokio::task::yield_now().await;
            }
            assert!(starts.try_recv().is_err());
            release.send_replace(true);
            for stream in streams {
                assert!(read(stream).await.ends_with("here"));
            }
            while events.borrow().len() < 2 {
                tokio::task::yield_now().await;
            }
        };
        serve(listener, LIMITS, respond, clients, async {}, |e| events.borrow_mut().push(e)).await;
        assert_eq!(*events.borrow(), [Event::Full, Event::NotHttp]);
    }

    #[tokio::test(start_paused = true)]
    async fn no_connection_outlives_the_server() {
        let (listener, address) = bind().await;
        let (started, mut starts) = tokio::sync::mpsc::unbounded_channel();
        let router = Router::new().route(
            "/",
            get(async move || {
                started.send(()).unwrap();
                std::future::pending::<&str>().await
            }),
        );
        let mut client = None;
        let stop = async {
            client = Some(request(address).await);
            starts.recv().await.unwrap();
        };
        let began = tokio::time::Instant::now();
        let finish = sleep(Duration::from_secs(3));
        serve_router(listener, LIMITS, router, stop, finish).await;
        assert_eq!(began.elapsed().as_secs(), 5);
        assert_eq!(read(client.unwrap()).await, "");
    }
}
