//! The HTTP server around the receiver.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use essbasic_callback::{CallbackService, Message, Receiver};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::sync::{Notify, Semaphore};
use tokio::time::{sleep, timeout};
use tower_service::Service as _;

use super::take::Take;
use crate::failure::Failure;

/// How long a request may take over its head.
const HEAD: Duration = Duration::from_secs(30);

/// How long a request may take over its body and what is done with the message.
const REQUEST: Duration = Duration::from_secs(60);

/// How long requests under way may take once the end is asked for.
const FAREWELL: Duration = Duration::from_secs(10);

/// The platform needs a few; strangers get no more.
const CONNECTIONS: usize = 256;

/// Serves until Ctrl-C or SIGTERM; a second one does not wait for requests under way.
pub(super) fn until_told(
    listener: TcpListener,
    receiver: Receiver,
    take: Take,
) -> Result<(), Failure> {
    let told = Arc::new(Notify::new());
    let teller = Arc::clone(&told);
    let mut again = false;
    ctrlc::set_handler(move || {
        if std::mem::replace(&mut again, true) {
            std::process::exit(130);
        }
        teller.notify_one();
    })
    .map_err(|error| Failure::new(format!("signals cannot be received: {error}; try again")))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let served = runtime.and_then(|runtime| {
        let take = Arc::new(take);
        runtime.block_on(serve(listener, receiver, take, &told))
    });
    served.map_err(|error| Failure::new(format!("cannot serve: {error}; try again")))
}

async fn serve(
    listener: TcpListener,
    receiver: Receiver,
    take: Arc<Take>,
    told: &Notify,
) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let service = CallbackService::new(receiver, move |message: Message| {
        let take = Arc::clone(&take);
        async move { take.message(message).await }
    });
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = told.notified() => break,
        };
        let Ok((stream, _)) = accepted else {
            // Out of descriptors, mostly: others may be given back meanwhile.
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let service = service.clone();
        let answer = service_fn(move |request: Request<Incoming>| {
            let answered = timeout(REQUEST, service.clone().call(request));
            async move {
                Ok::<_, std::convert::Infallible>(match answered.await {
                    Ok(Ok(answer)) => answer.map(|text| Full::new(Bytes::from(text))),
                    Err(_elapsed) => {
                        let mut answer = Response::new(Full::default());
                        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
                        answer
                    }
                })
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .serve_connection(TokioIo::new(stream), answer);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // Who does not speak HTTP, or hangs up, is left without an answer.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    // What has not ended by then comes again.
    let _ = timeout(FAREWELL, graceful.shutdown()).await;
    Ok(())
}
