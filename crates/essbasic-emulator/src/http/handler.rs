//! Handling of one connection: TLS, requests, responses, and the faults of both.

use std::borrow::Cow;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;

use super::body;
use super::connection::Connection;
use super::connections::Connected;
use super::date::Date;
use super::guard::Guard;
use super::reply::Reply;
use super::request::WireRequest;
use super::tls::Tls;
use super::write_timeout::WriteTimeout;
use crate::api::service::Service;
use crate::error::ApiError;
use crate::faults::kind::FaultKind;
use crate::faults::stream::{Script, ScriptedStream};
use crate::limits::MAX_TIME;
use crate::routes;

/// Default of [`Handler::read_timeout`].
pub(crate) const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum time without progress while a response is written.
const WRITE_TIMEOUT: Duration = Duration::from_secs(60);

/// Reason for which a connection is closed without a response.
type ConnectionError = Box<dyn std::error::Error + Send + Sync>;

/// Handler of all connections.
pub(super) struct Handler {
    pub(super) service: Arc<Service>,
    /// Scheme of links.
    pub(super) scheme: &'static str,
    /// Endpoint of links; `None` for a wildcard address, for which links use the `Host` header.
    pub(super) endpoint: Option<String>,
    pub(super) tls: Option<Tls>,
    /// Guard of the administration; `None` if the emulator is not limited to this machine.
    pub(super) guard: Option<Guard>,
    /// Maximum time for reading the head of a request, and again for its body.
    pub(super) read_timeout: Duration,
    pub(super) date: Date,
}

impl Handler {
    /// Serves a new connection until it is closed.
    pub(super) async fn accepted(&self, stream: TcpStream, connected: &Connected) {
        // Small writes must not wait for the client's acknowledgements.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else { return self.serve(stream, connected).await };
        let accepted = tls.accept(stream, self.service.faults.draw_handshake());
        let accepted = tokio::select! {
            accepted = tokio::time::timeout(self.read_timeout, accepted) => accepted,
            () = connected.closing() => return,
        };
        match accepted {
            Ok(Ok(stream)) => self.serve(stream, connected).await,
            Ok(Err(error)) => tracing::debug!(%error, "the TLS handshake failed"),
            Err(_) => tracing::debug!("the TLS handshake timed out"),
        }
    }

    async fn serve(&self, stream: impl Connection, connected: &Connected) {
        let script = Script::default();
        let stream = ScriptedStream::new(WriteTimeout::new(stream, WRITE_TIMEOUT), script.clone());
        let respond = service_fn(|request| self.respond(connected, &script, request));
        let mut connection = pin!(
            http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(self.read_timeout)
                // `Date` is the emulator's time.
                .auto_date_header(false)
                .serve_connection(TokioIo::new(stream), respond)
        );
        let closed = tokio::select! {
            closed = &mut connection => Some(closed),
            () = self.service.faults.outage.started() => None,
            () = connected.closing() => None,
        };
        let closed = match closed {
            Some(closed) => closed,
            None => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = closed {
            tracing::debug!(%error, "connection closed");
        }
    }

    async fn respond(
        &self,
        connected: &Connected,
        script: &Script,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, ConnectionError> {
        let _in_flight = connected.request();
        let (reply, fault) = self.reply(request).await?;
        let mut response = Response::new(Full::new(reply.body.clone()));
        *response.status_mut() = reply.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
        for note in reply.notes {
            headers.insert(note, HeaderValue::from_static("true"));
        }
        headers.extend(reply.headers);
        let offset = fault.map(FaultKind::clock_offset).unwrap_or_default();
        let now = self.service.clock.now().saturating_add(offset).min(MAX_TIME);
        headers.extend(self.date.at(now).map(|date| (header::DATE, date)));
        if fault == Some(FaultKind::Refused) {
            // A client that has the response must find the port closed.
            self.service.faults.outage.settled().await;
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(steps) = fault.and_then(|fault| fault.steps(&head(&response), &reply.body)) {
            script.set(steps);
        }
        Ok(response)
    }

    /// Reads a request and returns the reply, and the fault that applies to it.
    async fn reply(
        &self,
        request: Request<Incoming>,
    ) -> Result<(Reply, Option<FaultKind>), ConnectionError> {
        let (parts, body) = request.into_parts();
        let guard = self.guard.as_ref().filter(|_| routes::is_admin(parts.uri.path()));
        if let Some(refusal) = guard.and_then(|guard| guard.refusal(&parts)) {
            return Ok((refusal, None));
        }
        let action = parts.headers.get("x-tc-action").and_then(|action| action.to_str().ok());
        let max_bytes = body::max_bytes(action);
        let read = tokio::time::timeout(self.read_timeout, body::read(body, max_bytes)).await??;
        let Some(body) = read else {
            let message = format!("The request body is longer than {max_bytes} bytes.");
            let error = ApiError::new("RequestSizeLimitExceeded", message);
            return Ok((self.service.reject(&error), None));
        };
        let request =
            WireRequest { method: parts.method, uri: parts.uri, headers: parts.headers, body };
        let scheme = self.scheme;
        let endpoint = match &self.endpoint {
            Some(endpoint) => Cow::Borrowed(endpoint.as_str()),
            None => format!("{scheme}://{}", request.header("host").unwrap_or_default()).into(),
        };
        Ok(routes::respond(&self.service, &request, &endpoint))
    }
}

/// Returns the head of a response as text, without the headers of its length and without its last line.
fn head<B>(response: &Response<B>) -> String {
    let mut head = format!("HTTP/1.1 {}\r\n", response.status());
    for (name, value) in response.headers() {
        head += &format!("{name}: {}\r\n", value.to_str().unwrap_or_default());
    }
    head
}
