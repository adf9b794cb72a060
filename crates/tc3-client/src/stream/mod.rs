//! Streams of events: the responses of [streaming actions](tc3_api::StreamingAction).

#[cfg(feature = "async-core")]
pub(crate) mod asynchronous;
#[cfg(feature = "ureq")]
pub(crate) mod blocking;

use tc3_api::{Event, EventDecoder, EventError, StreamInfo};
use tc3_transport::{Bytes, TransportError, TransportErrorKind};

use crate::call::Watched;
use crate::error::{Error, ErrorKind};
use crate::one_line::one_line;
use crate::response::DecodeEvent;

/// The state of one stream: bytes in, items out. A driver reads the body.
pub(crate) struct Items<T> {
    call: Watched<'static>,
    info: StreamInfo,
    decode: DecodeEvent<T>,
    state: State<T>,
}

enum State<T> {
    /// The item of a response that is not a stream.
    Single(T),
    Open {
        decoder: EventDecoder,
        /// Bytes that are not decoded yet.
        input: Bytes,
    },
    Ended,
}

/// A step that the driver performs.
pub(crate) enum Step<T> {
    Item(Result<T, Error>),
    /// Read the next chunk of the body, and pass it to [`Items::read`].
    Read,
    /// The stream has ended. The body is not needed any more.
    End,
}

const INCOMPLETE_HINT: &str =
    "the items before this error are valid; another call begins a new stream";

impl<T> Items<T> {
    /// Returns the items of an open stream, or the item of a response that is not a stream.
    pub(crate) fn new(
        call: Watched<'static>,
        info: StreamInfo,
        decode: DecodeEvent<T>,
        single: Option<T>,
    ) -> Self {
        let decoder = EventDecoder::new(call.max_bytes());
        let state = match single {
            Some(item) => State::Single(item),
            None => State::Open { decoder, input: Bytes::new() },
        };
        Self { call, info, decode, state }
    }

    /// Returns the request ID of the response; `None` if it has none.
    pub(crate) fn request_id(&self) -> Option<&str> {
        Some(self.call.request_id()).filter(|id| !id.is_empty())
    }

    /// Returns whether the body is not needed any more.
    pub(crate) fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// Returns the next step. After an error the stream has ended.
    pub(crate) fn next(&mut self) -> Step<T> {
        let (decoder, input) = match &mut self.state {
            State::Open { decoder, input } => (decoder, input),
            State::Ended => return Step::End,
            State::Single(_) => {
                return match std::mem::replace(&mut self.state, State::Ended) {
                    State::Single(item) => Step::Item(Ok(item)),
                    State::Open { .. } | State::Ended => Step::End,
                };
            }
        };
        let mut rest: &[u8] = input;
        let event = decoder.decode(&mut rest);
        let decoded = input.len().saturating_sub(rest.len());
        *input = input.slice(decoded..);
        match event {
            Ok(Some(event)) => self.on_event(event),
            Ok(None) => Step::Read,
            Err(error) => self.fail(self.invalid(error)),
        }
    }

    /// Adds the next chunk of the body, its end (`None`), or the failure to read it. Returns the error with which the
    /// stream ends.
    pub(crate) fn read(&mut self, chunk: Result<Option<Bytes>, TransportError>) -> Step<T> {
        match (chunk, &mut self.state) {
            (Ok(Some(chunk)), State::Open { input, .. }) => {
                *input = chunk;
                self.next()
            }
            (Ok(None), State::Open { .. }) => self.on_end(),
            (Err(error), State::Open { .. }) => self.fail(incomplete(error)),
            (_, State::Single(_) | State::Ended) => self.next(),
        }
    }

    fn on_event(&mut self, event: Event) -> Step<T> {
        if event.is_end_marker() {
            return self.end();
        }
        if let Some(failure) = event.failure(&self.info) {
            let id = one_line(&failure.request_id, 128);
            return self.fail(Error::api(self.call.info(), &failure.error, id, 0));
        }
        match (self.decode)(event) {
            Ok(item) => Step::Item(Ok(item)),
            Err(error) => {
                let message = format!("unexpected event: {error}");
                self.fail(Error::new(ErrorKind::Decode, message).with_hint(INCOMPLETE_HINT.into()))
            }
        }
    }

    /// Ends the stream after the end of the body.
    fn on_end(&mut self) -> Step<T> {
        let State::Open { decoder, .. } = std::mem::replace(&mut self.state, State::Ended) else {
            return Step::End;
        };
        let interrupted = |text: &str| {
            let error = TransportError::new(TransportErrorKind::Interrupted);
            incomplete(error.with_detail(text))
        };
        match decoder.finish() {
            // Some services omit the empty line after it.
            Ok(Some(event)) if event.is_end_marker() => self.end(),
            Ok(Some(_)) => self.fail(interrupted("the stream ended within an event")),
            Ok(None) if self.info.has_end_marker => {
                self.fail(interrupted("the stream ended before its last event, [DONE]"))
            }
            Ok(None) => self.end(),
            Err(error) => self.fail(self.invalid(error)),
        }
    }

    fn invalid(&self, error: EventError) -> Error {
        let hint = match error {
            EventError::TooLong(_) => "raise the limit: `Config::with_max_response_bytes`",
            _ => INCOMPLETE_HINT,
        };
        Error::new(ErrorKind::Decode, error.to_string()).with_hint(hint.into())
    }

    fn end(&mut self) -> Step<T> {
        self.state = State::Ended;
        let now = self.call.now();
        self.call.end_stream(now);
        Step::End
    }

    fn fail(&mut self, error: Error) -> Step<T> {
        self.state = State::Ended;
        let now = self.call.now();
        Step::Item(Err(self.call.fail_stream(now, error)))
    }
}

/// Returns the error of a stream that is not complete. The service has executed the call.
fn incomplete(error: TransportError) -> Error {
    Error::transport(error).retryable(false).with_hint(INCOMPLETE_HINT.into())
}
