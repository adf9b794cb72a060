//! The next action of a driver, as returned by an engine.

use std::convert::Infallible;
use std::num::NonZeroUsize;

/// Next action of a driver.
///
/// `W` proves that an event ends the wait: a timer, or steps in flight. The driver of some engines performs one step
/// at a time and has neither event. Their `W` is uninhabited, so that they cannot request a wait.
#[must_use]
pub(crate) enum Next<S, W = Infallible> {
    /// Perform this step, then report its outcome to the engine.
    Step(S),
    /// Wait for this event, then request the next action again.
    Wait(W),
    /// The engine has finished: no step is left or in flight.
    Done,
}

/// Number of steps in flight.
pub(crate) type InFlight = NonZeroUsize;

impl<S> Next<S, InFlight> {
    /// Returns the step if there is one. Otherwise returns `Wait` if steps are in flight, and else `Done`.
    pub(crate) fn of(step: Option<S>, in_flight: usize) -> Self {
        match (step, NonZeroUsize::new(in_flight)) {
            (Some(step), _) => Self::Step(step),
            (None, Some(in_flight)) => Self::Wait(in_flight),
            (None, None) => Self::Done,
        }
    }
}

impl<S> From<Option<S>> for Next<S> {
    fn from(step: Option<S>) -> Self {
        step.map_or(Self::Done, Self::Step)
    }
}
