//! Calls whose response is a stream of events. The call is done when its stream has ended.

use std::sync::Arc;

use tc3_api::ActionInfo;
use tc3_transport::Bytes;

use super::{Call, Step};
use crate::engine::Engine;
use crate::error::{Error, ErrorKind};
use crate::options::CallOptions;
use crate::time::Now;

impl<'a> Call<'a> {
    /// Creates a call whose response may be a stream of events. Its timeout ends with the headers of the stream.
    pub(crate) fn streamed(
        engine: &Arc<Engine>,
        options: &Arc<CallOptions>,
        info: ActionInfo<'a>,
        body: Bytes,
        now: Now,
    ) -> Result<Self, Error> {
        if engine.encapsulation(&info).is_some() {
            let message = "an encapsulated call cannot have a streamed response";
            return Err(Error::new(ErrorKind::Request, message).of_call(info.name, 0, false));
        }
        let mut call = Self::new(engine, options, info, body, now)?;
        call.is_streamed = true;
        Ok(call)
    }

    /// Opens the stream, or fails a call that expects one response.
    pub(super) fn on_stream(&mut self, now: Now, status: u16, request_id: String) -> Step<'a> {
        if self.is_streamed {
            self.attempt_succeeded(now, status, request_id);
            self.refill_budget();
            return Step::Opened;
        }
        const HINT: &str = "the response is a stream: use `call_stream`, or do not request one";
        let error = Error::response(ErrorKind::Decode, UNEXPECTED.to_owned(), request_id, status);
        self.note_outcome(&error);
        let step = match self.fail(error.retryable(false)) {
            Step::Done(Err(error)) => Step::Done(Err(error.with_hint(HINT.into()))),
            step => step,
        };
        if let Step::Done(Err(error)) = &step {
            self.attempt_failed(now, &error.clone(), &step);
        }
        step
    }

    /// Ends the call after its stream.
    pub(crate) fn end_stream(&mut self, now: Now) {
        self.stream_ended(now, Ok(()));
    }

    /// Ends the call with a failure of its stream. Returns the error with the facts of the call.
    pub(crate) fn fail_stream(&mut self, now: Now, error: Error) -> Error {
        let (status, id) = self.last_response();
        let id = error.request_id().unwrap_or(id).to_owned();
        let error = error.of_response(id, status.unwrap_or_default());
        let error = error.of_call(self.info.name, self.attempts, true);
        self.stream_ended(now, Err(&error));
        error
    }

    /// Returns the request ID of the response, or an empty string.
    pub(crate) fn request_id(&self) -> &str {
        self.last_response().1
    }

    /// Returns the current time of the client's clock.
    pub(crate) fn now(&self) -> Now {
        self.engine.config.clock.now()
    }

    /// Returns the limit of a response, and of an event, in bytes.
    pub(crate) fn max_bytes(&self) -> usize {
        self.engine.config.max_response_bytes
    }

    /// Returns the action.
    pub(crate) fn info(&self) -> &ActionInfo<'a> {
        &self.info
    }
}

const UNEXPECTED: &str = "the response is a stream of events (text/event-stream)";
