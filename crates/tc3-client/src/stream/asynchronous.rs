//! Driver of a stream in the async client.

use core::fmt;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use futures_core::Stream;
use tc3_transport::{AsyncBody, Bytes, TransportError};

use super::{Items, Step};
use crate::error::Error;

type Chunk = (AsyncBody, Result<Option<Bytes>, TransportError>);

/// The items of a streamed response, from [`Client::call_stream`](crate::Client::call_stream).
///
/// It is a `Stream` of `Result<T, Error>`, which ends after the first error. Dropping it closes the connection.
pub struct EventStream<T> {
    items: Items<T>,
    source: Source,
}

type Reading = Pin<Box<dyn Future<Output = Chunk> + Send>>;

enum Source {
    Idle(AsyncBody),
    /// A chunk is being read. The future is kept, so that a dropped [`EventStream::next`] loses no bytes.
    Reading(Reading),
    Closed,
}

impl<T> EventStream<T> {
    pub(crate) fn new(items: Items<T>, body: Option<AsyncBody>) -> Self {
        Self { items, source: body.map_or(Source::Closed, Source::Idle) }
    }

    /// Returns the next item; `None` at the end of the stream, and after an error. Dropping the future loses no item.
    ///
    /// # Errors
    /// Returns an [`Error`] if the service reports one in the stream, or if the stream is incomplete or invalid.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        core::future::poll_fn(|context| self.poll(context)).await
    }

    /// Returns the request ID of the response, by which the service's support finds the call.
    pub fn request_id(&self) -> Option<&str> {
        self.items.request_id()
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, Error>>> {
        let mut step = self.items.next();
        loop {
            match step {
                Step::Item(item) => {
                    if self.items.is_ended() {
                        self.source = Source::Closed;
                    }
                    return Poll::Ready(Some(item));
                }
                Step::End => {
                    self.source = Source::Closed;
                    return Poll::Ready(None);
                }
                Step::Read => step = ready!(self.read(context)),
            }
        }
    }

    fn read(&mut self, context: &mut Context<'_>) -> Poll<Step<T>> {
        let mut reading: Reading = match std::mem::replace(&mut self.source, Source::Closed) {
            Source::Closed => return Poll::Ready(self.items.read(Ok(None))),
            Source::Reading(reading) => reading,
            Source::Idle(mut body) => Box::pin(async move {
                let chunk = body.chunk().await;
                (body, chunk)
            }),
        };
        match reading.as_mut().poll(context) {
            Poll::Pending => {
                self.source = Source::Reading(reading);
                Poll::Pending
            }
            Poll::Ready((body, chunk)) => {
                self.source = Source::Idle(body);
                Poll::Ready(self.items.read(chunk))
            }
        }
    }
}

impl<T> Stream for EventStream<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll(context)
    }
}

// No part of it is pinned in place.
impl<T> Unpin for EventStream<T> {}

impl<T> fmt::Debug for EventStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("request_id", &self.request_id())
            .finish_non_exhaustive()
    }
}
