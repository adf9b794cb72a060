//! The order of steps and events.

use tc3_transport::{TransportError, TransportErrorKind};

use super::{Event, Step};

/// The result that a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awaited {
    /// The call has not started, or is done.
    Nothing,
    Credential,
    Permit,
    Response,
    Timer,
}

impl Awaited {
    /// Returns the result of a step.
    pub(super) fn of(step: &Step<'_>) -> Self {
        match step {
            Step::Credential(_) => Self::Credential,
            Step::Reserve(..) => Self::Permit,
            Step::Send(_) => Self::Response,
            Step::Sleep(_) => Self::Timer,
            Step::Done(_) | Step::Opened => Self::Nothing,
        }
    }

    /// Returns the event if it can be the result of the step. A request in flight that expires has timed out.
    pub(super) fn checked(self, event: Event) -> Option<Event> {
        match (self, event) {
            (Self::Response, Event::Expired) => {
                let timeout = TransportError::new(TransportErrorKind::Timeout);
                Some(Event::Response(Err(timeout)))
            }
            (Self::Credential, event @ (Event::Credential(_) | Event::Expired))
            | (Self::Permit, event @ (Event::Permit(_) | Event::Expired))
            | (Self::Response, event @ Event::Response(_))
            | (Self::Timer, event @ (Event::Woke | Event::Expired)) => Some(event),
            _ => None,
        }
    }
}
