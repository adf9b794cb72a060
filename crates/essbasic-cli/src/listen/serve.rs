//! The HTTP server around the receiver.

use std::convert::Infallible;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use essbasic_callback::{CallbackService, Message, Receiver, Refused};
use essbasic_explorer::__private::{Admission, Connections};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tower_service::Service as _;

use super::command::Running;
use super::queue::Queue;
use super::refusals::Refusals;
use crate::cause::Cause;
use crate::failure::Failure;
use crate::interrupt;

/// Maximum number of connections. The platform needs a few.
const MAX_CONNECTIONS: usize = 256;

/// Time for the head of a request.
const HEAD: Duration = Duration::from_secs(30);

/// Time for the body of a request and the outcome of its message. A message that takes longer is handled to its
/// end, and its next delivery has the outcome.
const REQUEST: Duration = Duration::from_secs(60);

/// Time for responses after the messages in flight have an outcome. An incomplete request has no longer.
const CLOSING: Duration = Duration::from_secs(1);

/// Serves until Ctrl-C or SIGTERM, or until no message can be handled any more. A second signal ends the process
/// at once. Calls `started` when signals are received.
pub(super) fn until_stopped(
    listener: TcpListener,
    started: impl FnOnce(),
    receiver: Arc<Receiver>,
    queue: Queue,
    running: Running,
) -> Result<(), Failure> {
    let stop = Arc::new(Notify::new());
    let (signal, killed) = (Arc::clone(&stop), running.clone());
    let mut again = false;
    ctrlc::set_handler(move || {
        if std::mem::replace(&mut again, true) {
            killed.kill();
            std::process::exit(interrupt::INTERRUPTED);
        }
        // A note blocks if stderr does.
        std::thread::spawn(interrupt::exit_if_blocked);
        signal.notify_one();
    })
    .map_err(|error| Failure::new(format!("signals cannot be received: {error}; try again")))?;
    // Only now does a signal end it in order.
    started();
    let unable = |error: std::io::Error| Failure::new(format!("cannot serve: {error}; try again"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(unable)?;
    let queue = Arc::new(queue);
    let served = runtime.block_on(serve(listener, receiver, &queue, &stop));
    queue.report_unfinished();
    running.kill();
    // A write that blocks, as to a pipe that nobody reads, does not keep the process.
    runtime.shutdown_background();
    match served {
        Ok(None) => Ok(()),
        Ok(Some(why)) => Err(Failure::new(why)),
        Err(error) => Err(unable(error)),
    }
}

/// Returns why no message can be handled any more, unless it was stopped.
async fn serve(
    listener: TcpListener,
    receiver: Arc<Receiver>,
    queue: &Arc<Queue>,
    stop: &Notify,
) -> std::io::Result<Option<String>> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let connections = Connections::new(MAX_CONNECTIONS);
    let graceful = GracefulShutdown::new();
    let refusals = Arc::new(Refusals::default());
    let closed = loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.notified() => break None,
            why = queue.closed() => break Some(why),
        };
        let Ok((stream, _)) = accepted else {
            // Out of descriptors, mostly: others may be given back meanwhile.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let open = match connections.admit() {
            Admission::Open(open) => open,
            Admission::Instead(open) => {
                refusals.note(
                    "more than 256 connections, so that the oldest idle one was closed; let a proxy limit clients",
                );
                open
            }
            Admission::Full => {
                refusals.note("256 connections wait for their messages; let a proxy limit clients");
                continue;
            }
        };
        let (handler, messages) = (Arc::clone(queue), open.requests());
        let service = CallbackService::new(Arc::clone(&receiver), move |message: Message| {
            let (handler, handling) = (Arc::clone(&handler), messages.begin());
            async move {
                let handled = handler.handle(message).await;
                drop(handling);
                handled
            }
        });
        let noted = Arc::clone(&refusals);
        let respond = service_fn(move |request: Request<Incoming>| {
            let (mut service, noted) = (service.clone(), Arc::clone(&noted));
            async move {
                let response = timeout(REQUEST, service.call(request)).await;
                Ok::<_, Infallible>(match response {
                    Ok(Ok(response)) => {
                        note(&noted, &response);
                        response.map(|text| Full::new(Bytes::from(text)))
                    }
                    Err(_elapsed) => {
                        let mut response = Response::new(Full::default());
                        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                        response
                    }
                })
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .serve_connection(TokioIo::new(stream), respond);
        let connection = graceful.watch(connection);
        let noted = Arc::clone(&refusals);
        tokio::spawn(async move {
            let ended = tokio::select! {
                ended = connection => ended,
                () = open.closing() => return,
            };
            // A client that disconnects gets no response.
            if ended.is_err_and(|error| error.is_parse()) {
                noted.note(
                    "not HTTP; register the address with http://, or put a TLS proxy before it",
                );
            }
        });
    };
    drop(listener);
    // Messages without an outcome by then are delivered again.
    let closing = tokio::spawn(graceful.shutdown());
    let _ = timeout(queue.shutdown_time(), queue.idle()).await;
    let _ = timeout(CLOSING, closing).await;
    refusals.end();
    Ok(closed)
}

fn note(refusals: &Refusals, response: &Response<String>) {
    if let Some(refused) = response.extensions().get::<Refused>() {
        let reason = refused.reason();
        refusals.note(&Cause::new(reason, reason.hint()).to_string());
    } else if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        refusals.note("not a message: the method is not POST; send a callback of the platform");
    }
}
