//! The answer of an engine to its driver: what to do next.

use std::convert::Infallible;
use std::num::NonZeroUsize;

/// What a driver does next.
///
/// `W` is the evidence that something ends the wait: a timer, or steps in flight. An engine whose driver
/// performs one step after another has neither, and its `W` is uninhabited: such an engine cannot ask its
/// driver to wait.
#[must_use]
pub(crate) enum Next<S, W = Infallible> {
    /// Perform this step, then report to the engine how it ended.
    Step(S),
    /// Wait for the end of this, then ask again.
    Wait(W),
    /// Nothing is left to begin, and nothing is in flight.
    Done,
}

/// The number of steps in flight.
pub(crate) type InFlight = NonZeroUsize;

impl<S> Next<S, InFlight> {
    /// Returns the step; without one, `Wait` if other steps are in flight and `Done` if none is.
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
