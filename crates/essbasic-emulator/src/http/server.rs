//! The thin HTTP server: one thread, one runtime, HTTP/1.1.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};

use crate::api::service::Service;
use crate::callback::Post;
use crate::error::ApiError;
use crate::faults::{Connection, FaultKind, Script, Tampered};
use crate::http::body;
use crate::http::request::Wire;
use crate::http::tls::Tls;
use crate::http::write_timeout::WriteTimeout;
use crate::limits::END_OF_TIME;

/// Connections at a time; others wait. Below the descriptors that a process has on most systems.
const CONNECTIONS: usize = 400;

/// How long a client may take over its headers, and then over its body.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a client may take none of a response.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);

/// Why a connection is dropped without an answer.
type Dropped = Box<dyn std::error::Error + Send + Sync>;

/// What every connection is served from.
struct Front {
    service: Arc<Service>,
    /// Where links lead to, but for the address.
    scheme: &'static str,
    /// Their address; behind a wildcard only the client knows it.
    address: Option<SocketAddr>,
    tls: Option<Tls>,
}

/// A running server; dropping it stops it.
#[derive(Debug)]
pub(crate) struct Server {
    scheme: &'static str,
    /// Whom clients must trust, as PEM.
    pub(crate) authority: Option<String>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves, lets time pass, and sends callbacks where there is somebody to send them to.
    pub(crate) fn start(
        listener: TcpListener,
        service: Arc<Service>,
        post: Option<Post>,
        tls: Option<Tls>,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let authority = tls.as_ref().map(|tls| tls.authority().to_owned());
        let front = Arc::new(Front {
            service: Arc::clone(&service),
            scheme,
            address: (!address.ip().is_unspecified()).then_some(address),
            tls,
        });
        let thread =
            std::thread::Builder::new().name("essbasic-emulator".into()).spawn(move || {
                // The runtime's end afterwards ends every connection.
                runtime.block_on(async {
                    tokio::spawn(keep_time(service));
                    tokio::spawn(accept(listener, front));
                    if let Some(post) = post {
                        tokio::spawn(post.run());
                    }
                    // An error means that the sender was dropped, which is the sign to stop.
                    let _ = stopped.await;
                });
                // A lookup of the callback's host name may take long, and nobody waits for it any more.
                runtime.shutdown_background();
            })?;
        Ok(Self { scheme, authority, address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where this machine reaches the server, as a URL.
    pub(crate) fn endpoint(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(match address {
                SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
                SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
            });
        }
        format!("{}://{address}", self.scheme)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in the thread has been reported by its own hook.
            let _ = thread.join();
        }
    }
}

/// Sees to it that what happens by itself is told of when it does, also while nobody calls.
async fn keep_time(service: Arc<Service>) {
    loop {
        let (next, alarm) = {
            let state = &service.lock().state;
            (state.next_due(), Arc::clone(&state.alarm))
        };
        match next.and_then(|at| service.clock.until(at)) {
            // An error means that the time has come.
            Some(wait) => _ = tokio::time::timeout(wait, alarm.notified()).await,
            None => alarm.notified().await,
        }
    }
}

async fn accept(listener: TcpListener, front: Arc<Front>) {
    let at = listener.local_addr();
    let absence = &front.service.faults.absence;
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut listening = tokio::net::TcpListener::from_std(listener);
    loop {
        let listener = match listening {
            Ok(listener) => listener,
            Err(error) => return tracing::error!(%error, "the emulator cannot listen"),
        };
        tokio::select! {
            () = accept_from(&listener, &places, &front) => {}
            () = absence.begun() => {}
        }
        // Connections are refused where nobody listens.
        drop(listener);
        absence.left();
        absence.over().await;
        listening = listen_again(&at).await;
    }
}

/// Listens at an address that was ours a moment ago.
async fn listen_again(at: &io::Result<SocketAddr>) -> io::Result<tokio::net::TcpListener> {
    let at = at.as_ref().map_err(|error| io::Error::from(error.kind()))?;
    loop {
        match tokio::net::TcpListener::bind(at).await {
            // Somebody's connection may have taken the port in passing.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                tracing::warn!(%error, "cannot listen again yet");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            listening => return listening,
        }
    }
}

async fn accept_from(
    listener: &tokio::net::TcpListener,
    places: &Arc<Semaphore>,
    front: &Arc<Front>,
) {
    loop {
        let Ok(place) = Arc::clone(places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let served = welcome(stream, Arc::clone(front));
                tokio::spawn(async move {
                    served.await;
                    drop(place);
                });
            }
            Err(error) => {
                // Out of descriptors, mostly: others may be given back meanwhile.
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn welcome(stream: TcpStream, front: Arc<Front>) {
    // An answer in small pieces must not wait for the client's acknowledgements.
    let _ = stream.set_nodelay(true);
    if let Some(tls) = &front.tls {
        let accepted = tls.accept(stream, front.service.faults.draw_handshake());
        return match tokio::time::timeout(READ_TIMEOUT, accepted).await {
            Ok(Ok(stream)) => serve(stream, &front).await,
            Ok(Err(error)) => tracing::debug!(%error, "no handshake"),
            Err(_) => tracing::debug!("a handshake took too long"),
        };
    }
    serve(stream, &front).await;
}

async fn serve(stream: impl Connection, front: &Front) {
    let script = Script::default();
    let stream = Tampered::new(WriteTimeout::new(stream, WRITE_TIMEOUT), script.clone());
    let answer = service_fn(|request| answer(front, &script, request));
    let mut connection = pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(READ_TIMEOUT)
            // The answers carry the emulator's own time.
            .auto_date_header(false)
            .serve_connection(TokioIo::new(stream), answer)
    );
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = front.service.faults.absence.begun() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

async fn answer(
    Front { service, scheme, address, .. }: &Front,
    script: &Script,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Dropped> {
    let (parts, body) = request.into_parts();
    let action = parts.headers.get("x-tc-action").and_then(|action| action.to_str().ok());
    let most = body::max_bytes(action);
    let (reply, fault) = match tokio::time::timeout(READ_TIMEOUT, body::read(body, most)).await?? {
        Some(body) => {
            let wire = Wire { method: parts.method, uri: parts.uri, headers: parts.headers, body };
            let endpoint = match address {
                Some(address) => format!("{scheme}://{address}"),
                None => format!("{scheme}://{}", wire.header("host").unwrap_or_default()),
            };
            service.answer(&wire, &endpoint)
        }
        None => {
            let message = format!("The request body is longer than {most} bytes.");
            (service.refuse(&ApiError::new("RequestSizeLimitExceeded", message)), None)
        }
    };
    let mut response = Response::new(Full::new(reply.body.clone()));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    for note in reply.notes {
        headers.insert(note, HeaderValue::from_static("true"));
    }
    headers.extend(reply.headers);
    let ahead = fault.map(FaultKind::ahead).unwrap_or_default();
    let now = std::time::UNIX_EPOCH + service.clock.now().saturating_add(ahead).min(END_OF_TIME);
    if let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(now)) {
        headers.insert(header::DATE, date);
    }
    if fault == Some(FaultKind::Refused) {
        // Whoever has the answer is refused from then on.
        service.faults.absence.settled().await;
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(steps) = fault.and_then(|fault| fault.steps(&head(&response), &reply.body)) {
        script.set(steps);
    }
    Ok(response)
}

/// The head of an answer as it goes over the wire, but for its end and what says how long the body is.
fn head<B>(response: &Response<B>) -> String {
    let mut head = format!("HTTP/1.1 {}\r\n", response.status());
    for (name, value) in response.headers() {
        head += &format!("{name}: {}\r\n", value.to_str().unwrap_or_default());
    }
    head
}
