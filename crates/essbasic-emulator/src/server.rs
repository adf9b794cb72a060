//! The thin HTTP server: one thread, one runtime, HTTP/1.1.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::oneshot;

use crate::error::ApiError;
use crate::service::Service;
use crate::wire::Wire;

/// As the real service: a JSON body may have 10 MB; a little is left for what surrounds it.
const LARGEST_BODY: usize = 12 << 20;

/// How long a client may take over its headers.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// A running server; dropping it stops it.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(listener: TcpListener, service: Arc<Service>) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let endpoint: Arc<str> = format!("http://{address}").into();
        let thread =
            std::thread::Builder::new().name("essbasic-emulator".into()).spawn(move || {
                // Dropping the runtime afterwards ends every connection.
                runtime.block_on(async {
                    tokio::spawn(accept(listener, service, endpoint));
                    // An error means that the sender was dropped, which is the sign to stop.
                    let _ = stopped.await;
                });
            })?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
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

async fn accept(listener: TcpListener, service: Arc<Service>, endpoint: Arc<str>) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "the emulator cannot listen"),
    };
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (service, endpoint) = (Arc::clone(&service), Arc::clone(&endpoint));
                tokio::spawn(async move {
                    let answer = service_fn(|request| answer(&service, &endpoint, request));
                    let connection = http1::Builder::new()
                        .timer(TokioTimer::new())
                        .header_read_timeout(HEADER_TIMEOUT)
                        // The answers carry the emulator's own time.
                        .auto_date_header(false)
                        .serve_connection(TokioIo::new(stream), answer);
                    if let Err(error) = connection.await {
                        tracing::debug!(%error, "connection ended");
                    }
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

async fn answer(
    service: &Service,
    endpoint: &str,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let reply = match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => {
            let wire = Wire {
                method: parts.method,
                uri: parts.uri,
                headers: parts.headers,
                body: body.to_bytes(),
            };
            service.answer(&wire, endpoint)
        }
        Err(_) => service.refuse(&ApiError::new(
            "RequestSizeLimitExceeded",
            format!("The request body is longer than {LARGEST_BODY} bytes, or broke off."),
        )),
    };
    let mut response = Response::new(Full::new(reply.body));
    *response.status_mut() = reply.status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    let now = std::time::UNIX_EPOCH + service.clock.now();
    if let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(now)) {
        headers.insert(header::DATE, date);
    }
    Ok(response)
}
