//! The HTTP server around the receiver.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use essbasic_callback::{CallbackService, Message, Receiver, Refused};
use essbasic_page::{Event, Limits, Requests};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::{Request, Response, StatusCode};
use tokio::sync::Notify;
use tokio::time::timeout;
use tower_service::Service as _;

use super::command::Running;
use super::queue::Queue;
use super::refusals::Refusals;
use crate::cause::Cause;
use crate::failure::Failure;
use crate::interrupt;

/// Limits of the server. The platform needs a few connections. An incomplete request has no longer than the closing time, after
/// the messages in flight have an outcome.
const LIMITS: Limits = Limits {
    max_connections: 256,
    head_timeout: Duration::from_secs(30),
    closing_time: Duration::from_secs(1),
};

/// Time for the body of a request and the outcome of its message. A message that takes longer is handled to its
/// end, and its next delivery has the outcome.
const REQUEST: Duration = Duration::from_secs(60);

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
    let refusals = Arc::new(Refusals::default());
    let stop = async {
        tokio::select! {
            () = stop.notified() => None,
            why = queue.closed() => Some(why),
        }
    };
    // Messages without an outcome by then are delivered again.
    let finish = async { drop(timeout(queue.shutdown_time(), queue.idle()).await) };
    let (handler, noted) = (Arc::clone(queue), Arc::clone(&refusals));
    let respond = move |request: Request<Incoming>| {
        let response = respond(request, Arc::clone(&receiver), Arc::clone(&handler));
        let noted = Arc::clone(&noted);
        async move {
            let response = response.await;
            note(&noted, &response);
            response.map(|text| Full::new(Bytes::from(text)))
        }
    };
    let on_event = |event: Event| refusals.note(text(event));
    let closed = essbasic_page::serve(listener, LIMITS, respond, stop, finish, on_event).await;
    refusals.end();
    Ok(closed)
}

/// Returns the response to a request, after its message has an outcome.
async fn respond(
    request: Request<Incoming>,
    receiver: Arc<Receiver>,
    queue: Arc<Queue>,
) -> Response<String> {
    let requests = request.extensions().get::<Requests>().cloned();
    let mut service = CallbackService::new(receiver, move |message: Message| {
        // The connection of an authentic message is kept open.
        let (queue, in_flight) = (Arc::clone(&queue), requests.as_ref().map(Requests::begin));
        async move {
            let handled = queue.handle(message).await;
            drop(in_flight);
            handled
        }
    });
    match timeout(REQUEST, service.call(request)).await {
        Ok(Ok(response)) => response,
        Err(_elapsed) => {
            let mut response = Response::default();
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            response
        }
    }
}

/// Returns the line for an event.
fn text(event: Event) -> &'static str {
    match event {
        Event::ClosedIdle => {
            "more than 256 connections, so that the oldest idle one was closed; let a proxy limit clients"
        }
        Event::Full => "256 connections wait for their messages; let a proxy limit clients",
        Event::NotHttp => {
            "not HTTP; register the address with http://, or put a TLS proxy before it"
        }
        _ => "an unknown event of the server; please report this",
    }
}

fn note(refusals: &Refusals, response: &Response<String>) {
    if let Some(refused) = response.extensions().get::<Refused>() {
        let reason = refused.reason();
        refusals.note(&Cause::new(reason, reason.hint()).to_string());
    } else if response.status() == StatusCode::METHOD_NOT_ALLOWED {
        refusals.note("not a message: the method is not POST; send a callback of the platform");
    }
}
