//! Blocking operations that a caller can stop waiting for.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel, sync_channel};
use std::thread::{Builder, JoinHandle};

use tc3_transport::{
    BlockingBody, BlockingChunks, BlockingTransport, Bytes, Request, Response, TransportError,
};
use tracing::dispatcher;

use crate::exchange::{Exchanged, complete_blocking};
use crate::limiter::{BlockingRateLimiter, LimiterError, PermitRequest, Reservation};
use crate::stop::{Stop, stopped};
use crate::time::POLL_INTERVAL;

type Work = Box<dyn FnOnce() + Send>;

/// A thread for blocking operations, such as those of one exchange.
///
/// A thread cannot be interrupted. A caller that has stopped waiting returns without it; the thread ends with its current
/// operation. It owns everything that it uses, and its results are dropped.
struct Thread {
    operations: Sender<Work>,
    thread: JoinHandle<()>,
}

impl Thread {
    /// Starts a thread with the tracing subscriber and span of the caller. Returns `None` if the system has no more
    /// threads.
    fn start() -> Option<Self> {
        let (operations, received) = channel::<Work>();
        let (subscriber, span) = (dispatcher::get_default(Clone::clone), tracing::Span::current());
        let run = move || {
            // The span is dropped within the subscriber, which would not close its parents otherwise.
            dispatcher::with_default(&subscriber, move || {
                span.in_scope(|| received.into_iter().for_each(|operation| operation()));
            });
        };
        let thread = Builder::new().name("tc3-exchange".into()).spawn(run).ok()?;
        Some(Self { operations, thread })
    }

    /// Returns the output of an operation and the thread, or `None` once `is_over` returns true.
    fn run<T: Send + 'static>(
        self,
        is_over: &dyn Fn() -> bool,
        operation: impl FnOnce() -> T + Send + 'static,
    ) -> Option<(T, Self)> {
        let (sender, output) = sync_channel(1);
        // Errors mean that the other side no longer waits, or has panicked.
        let operation = Box::new(move || drop(sender.send(operation())));
        drop(self.operations.send(operation));
        loop {
            match output.recv_timeout(POLL_INTERVAL) {
                Ok(output) => return Some((output, self)),
                Err(RecvTimeoutError::Timeout) if is_over() => return None,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    drop(self.operations);
                    match self.thread.join() {
                        Err(panic) => std::panic::resume_unwind(panic),
                        Ok(()) => return None,
                    }
                }
            }
        }
    }
}

/// Returns the output of a function, or `None` once `is_over`, which is polled, returns true.
pub(crate) fn call<T: Send + 'static>(
    is_over: &dyn Fn() -> bool,
    function: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    match Thread::start() {
        Some(thread) => thread.run(is_over, function).map(|(output, _)| output),
        None => Some(function()),
    }
}

/// Sends a request and reads the whole response. With a [`Stop`], returns `None` once `is_over` returns true for it, which
/// is polled.
pub(crate) fn exchange(
    transport: &Arc<dyn BlockingTransport>,
    request: Request,
    max_bytes: usize,
    stop: Option<&Stop>,
    is_over: &dyn Fn(&Stop) -> bool,
) -> Option<Result<Exchanged<BlockingBody>, TransportError>> {
    let Some((stop, thread)) = stop.and_then(|stop| Some((stop, Thread::start()?))) else {
        return Some(complete_blocking(&**transport, request, max_bytes));
    };
    let transport = Arc::clone(transport);
    let operation = move || complete_blocking(&*transport, request, max_bytes);
    thread.run(&|| is_over(stop), operation).map(|(result, _)| result)
}

/// Sends a request. Returns `None` after the grace of a stop; reading the body fails then.
pub(crate) fn send(
    transport: &Arc<dyn BlockingTransport>,
    request: Request,
    stop: &Stop,
) -> Option<Result<Response<BlockingBody>, TransportError>> {
    let Some(thread) = Thread::start() else { return Some(transport.send(request)) };
    let transport = Arc::clone(transport);
    let (result, thread) = thread.run(&|| stop.is_grace_over(), move || transport.send(request))?;
    let stop = stop.clone();
    Some(result.map(|response| {
        response.map(|body| BlockingBody::stream(Chunks { rest: Some((body, thread)), stop }))
    }))
}

/// Reserves a permit or confirms the reserved one. Returns `None` at a stop: a permit that is reserved later is released.
pub(crate) fn reserve(
    limiter: &Arc<dyn BlockingRateLimiter>,
    request: &PermitRequest<'_>,
    reserved: Option<Reservation>,
    stop: Option<&Stop>,
) -> Option<Result<Reservation, LimiterError>> {
    let Some((stop, thread)) = stop.and_then(|stop| Some((stop, Thread::start()?))) else {
        return Some(Reservation::reserve_blocking(limiter, request, reserved));
    };
    let limiter = Arc::clone(limiter);
    let (service, action) = (request.service.to_owned(), request.action.to_owned());
    let PermitRequest { rate, now, timeout, .. } = *request;
    let operation = move || {
        let request = PermitRequest { service: &service, action: &action, rate, now, timeout };
        Reservation::reserve_blocking(&limiter, &request, reserved)
    };
    thread.run(&|| stop.is_stopped(), operation).map(|(result, _)| result)
}

/// A body that is read on the thread of its exchange.
struct Chunks {
    /// `None` after a stop.
    rest: Option<(BlockingBody, Thread)>,
    stop: Stop,
}

impl BlockingChunks for Chunks {
    fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        let (mut body, thread) = self.rest.take().ok_or_else(stopped)?;
        let read = move || {
            let chunk = body.chunk();
            (chunk, body)
        };
        let is_over = || self.stop.is_grace_over();
        let ((chunk, body), thread) = thread.run(&is_over, read).ok_or_else(stopped)?;
        self.rest = Some((body, thread));
        chunk
    }
}
