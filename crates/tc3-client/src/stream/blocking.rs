//! Driver of a stream in the blocking client.

use core::fmt;
use core::iter::FusedIterator;

use tc3_transport::BlockingBody;

use super::{Items, Step};
use crate::error::Error;

/// The items of a streamed response, from [`Client::call_stream`](crate::blocking::Client::call_stream).
///
/// It is an iterator of `Result<T, Error>`, which ends after the first error. Dropping it closes the connection.
pub struct EventStream<T> {
    items: Items<T>,
    /// `None` after the end.
    body: Option<BlockingBody>,
}

impl<T> EventStream<T> {
    pub(crate) fn new(items: Items<T>, body: Option<BlockingBody>) -> Self {
        Self { items, body }
    }

    /// Returns the request ID of the response, by which the service's support finds the call.
    pub fn request_id(&self) -> Option<&str> {
        self.items.request_id()
    }
}

impl<T> Iterator for EventStream<T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut step = self.items.next();
        loop {
            match step {
                Step::Item(item) => {
                    if self.items.is_ended() {
                        self.body = None;
                    }
                    return Some(item);
                }
                Step::End => {
                    self.body = None;
                    return None;
                }
                Step::Read => {
                    step =
                        self.items.read(self.body.as_mut().map_or(Ok(None), BlockingBody::chunk));
                }
            }
        }
    }
}

impl<T> FusedIterator for EventStream<T> {}

impl<T> fmt::Debug for EventStream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("request_id", &self.request_id())
            .finish_non_exhaustive()
    }
}
