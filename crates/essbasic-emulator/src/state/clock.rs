//! Clock of the emulator.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::limits::MAX_TIME;

/// Clock that follows the real time, with a speed, or is advanced manually. It never goes back.
#[derive(Debug)]
pub(crate) struct Clock {
    origin: Mutex<Origin>,
}

#[derive(Debug, Clone, Copy)]
struct Origin {
    real: Instant,
    /// Time of the emulator at `real`, since the Unix epoch.
    emulated: Duration,
    /// Seconds of the emulator per real second; zero for a manual clock.
    speed: f64,
}

/// Maximum of a single wait.
const MAX_WAIT: Duration = Duration::from_secs(86_400);

impl Clock {
    /// Creates a clock that starts at the given time, or at the real time.
    pub(crate) fn new(start: Option<Duration>, speed: f64) -> Self {
        let start = start
            .unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
        let origin = Origin { real: Instant::now(), emulated: start.min(MAX_TIME), speed };
        Self { origin: Mutex::new(origin) }
    }

    /// Returns the time since the Unix epoch.
    pub(crate) fn now(&self) -> Duration {
        self.origin().now()
    }

    fn origin(&self) -> MutexGuard<'_, Origin> {
        self.origin.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the real time until `at`; `None` if the clock does not reach it without an advance.
    pub(crate) fn until(&self, at: Duration) -> Option<Duration> {
        let origin = *self.origin();
        let left = at.saturating_sub(origin.now()).as_secs_f64();
        // At least a millisecond, so that rounding does not cause a busy loop.
        (origin.speed > 0.0 && at <= MAX_TIME).then(|| {
            Duration::try_from_secs_f64(left / origin.speed)
                .map_or(MAX_WAIT, |left| left.clamp(Duration::from_millis(1), MAX_WAIT))
        })
    }

    /// Advances the clock, at most to the end of the year 9999.
    pub(crate) fn advance(&self, by: Duration) {
        let mut origin = self.origin();
        let emulated = origin.now().saturating_add(by).min(MAX_TIME);
        *origin = Origin { real: Instant::now(), emulated, ..*origin };
    }

    /// Returns the seconds of the emulator per real second.
    pub(crate) fn speed(&self) -> f64 {
        self.origin().speed
    }

    /// Sets the speed, without a jump of the time.
    pub(crate) fn set_speed(&self, speed: f64) {
        let mut origin = self.origin();
        *origin = Origin { real: Instant::now(), emulated: origin.now(), speed };
    }
}

impl Origin {
    fn now(&self) -> Duration {
        let passed = self.real.elapsed().as_secs_f64() * self.speed;
        let passed = Duration::try_from_secs_f64(passed).unwrap_or(MAX_TIME);
        self.emulated.saturating_add(passed).min(MAX_TIME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_only_by_an_advance_up_to_the_end() {
        let clock = Clock::new(Some(Duration::from_secs(10)), 0.0);
        assert_eq!((clock.now(), clock.now()), (Duration::from_secs(10), Duration::from_secs(10)));
        clock.advance(Duration::from_secs(5));
        assert_eq!(clock.now(), Duration::from_secs(15));
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), MAX_TIME);
        assert_eq!(clock.until(MAX_TIME), None);
    }

    #[test]
    fn a_faster_clock_shortens_waits() {
        let clock = |speed| Clock::new(Some(Duration::from_secs(10)), speed);
        assert!(clock(10.0).until(Duration::from_secs(20)).unwrap() <= Duration::from_secs(1));
        assert_eq!(clock(1e300).until(MAX_TIME), Some(Duration::from_millis(1)));
        assert_eq!(clock(1e-300).until(MAX_TIME), Some(MAX_WAIT));
        assert_eq!(clock(1.0).until(Duration::ZERO), Some(Duration::from_millis(1)));
        assert_eq!(clock(1e6).until(MAX_TIME + Duration::from_secs(1)), None);
    }

    #[test]
    fn a_change_of_speed_does_not_change_the_time() {
        let clock = Clock::new(Some(Duration::from_secs(10)), 0.0);
        clock.advance(Duration::from_secs(5));
        clock.set_speed(1e-9);
        assert_eq!(clock.now().as_secs(), 15);
        clock.set_speed(0.0);
        assert_eq!((clock.now().as_secs(), clock.until(MAX_TIME)), (15, None));
    }
}
