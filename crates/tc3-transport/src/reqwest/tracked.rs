//! Request bodies that show whether a request was written.

use core::convert::Infallible;
use core::pin::Pin;
use core::task::{Context, Poll};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// A body in one piece. hyper reads it before it writes the headers to the connection.
pub(super) struct Tracked {
    data: Option<Bytes>,
    progress: Progress,
}

/// The state of a request with a body.
#[derive(Clone)]
pub(super) struct Progress(Arc<AtomicBool>);

impl Progress {
    /// Returns whether no byte of the request was written. It is false for a request without a body.
    pub(super) fn is_unsent(&self) -> bool {
        !self.0.load(Ordering::SeqCst)
    }
}

impl Tracked {
    /// Returns the body for a request, and its progress.
    pub(super) fn new(data: Bytes) -> (reqwest::Body, Progress) {
        let progress = Progress(Arc::new(AtomicBool::new(data.is_empty())));
        let body = match data.is_empty() {
            true => data.into(),
            false => reqwest::Body::wrap(Self { data: Some(data), progress: progress.clone() }),
        };
        (body, progress)
    }
}

impl Body for Tracked {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.progress.0.store(true, Ordering::SeqCst);
        Poll::Ready(self.data.take().map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.as_ref().map_or(0, Bytes::len) as u64)
    }
}
