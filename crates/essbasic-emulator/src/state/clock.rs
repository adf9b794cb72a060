use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::limits::END_OF_TIME as END;

/// The emulator's time: real, sped up, or moved by hand. It never goes back.
#[derive(Debug)]
pub(crate) struct Clock {
    since: Mutex<Since>,
}

#[derive(Debug, Clone, Copy)]
struct Since {
    real: Instant,
    /// The emulator's time at that moment, since the Unix epoch.
    emulated: Duration,
    /// Seconds of the emulator per real second; zero is a clock moved by hand.
    speed: f64,
}

/// Nobody waits longer at once.
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);

impl Clock {
    /// A clock that starts at the real time, or at the given one.
    pub(crate) fn new(start: Option<Duration>, speed: f64) -> Self {
        let start = start
            .unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
        let since = Since { real: Instant::now(), emulated: start.min(END), speed };
        Self { since: Mutex::new(since) }
    }

    /// The time since the Unix epoch.
    pub(crate) fn now(&self) -> Duration {
        self.since().now()
    }

    fn since(&self) -> MutexGuard<'_, Since> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The real time until then; `None` if that never comes by itself.
    pub(crate) fn until(&self, then: Duration) -> Option<Duration> {
        let since = *self.since();
        let left = then.saturating_sub(since.now()).as_secs_f64();
        // A millisecond at least: what is left after rounding must not keep a thread busy.
        (since.speed > 0.0 && then <= END).then(|| {
            Duration::try_from_secs_f64(left / since.speed)
                .map_or(LONGEST_WAIT, |left| left.clamp(Duration::from_millis(1), LONGEST_WAIT))
        })
    }

    /// Moves the clock ahead, at most to the end of the year 9999.
    pub(crate) fn advance(&self, by: Duration) {
        let mut since = self.since();
        let emulated = since.now().saturating_add(by).min(END);
        *since = Since { real: Instant::now(), emulated, ..*since };
    }

    /// Changes the speed from now on.
    pub(crate) fn set_speed(&self, speed: f64) {
        let mut since = self.since();
        *since = Since { real: Instant::now(), emulated: since.now(), speed };
    }
}

impl Since {
    fn now(&self) -> Duration {
        let passed = self.real.elapsed().as_secs_f64() * self.speed;
        let passed = Duration::try_from_secs_f64(passed).unwrap_or(END);
        self.emulated.saturating_add(passed).min(END)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_stands_still_in_between_and_at_the_end() {
        let clock = Clock::new(Some(Duration::from_secs(10)), 0.0);
        assert_eq!((clock.now(), clock.now()), (Duration::from_secs(10), Duration::from_secs(10)));
        clock.advance(Duration::from_secs(5));
        assert_eq!(clock.now(), Duration::from_secs(15));
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), END);
        assert_eq!(clock.until(END), None);
    }

    #[test]
    fn the_faster_the_clock_the_sooner_then_is() {
        let clock = |speed| Clock::new(Some(Duration::from_secs(10)), speed);
        assert!(clock(10.0).until(Duration::from_secs(20)).unwrap() <= Duration::from_secs(1));
        assert_eq!(clock(1e300).until(END), Some(Duration::from_millis(1)));
        assert_eq!(clock(1e-300).until(END), Some(LONGEST_WAIT));
        assert_eq!(clock(1.0).until(Duration::ZERO), Some(Duration::from_millis(1)));
        assert_eq!(clock(1e6).until(END + Duration::from_secs(1)), None);
    }

    #[test]
    fn a_change_of_speed_keeps_the_time() {
        let clock = Clock::new(Some(Duration::from_secs(10)), 0.0);
        clock.advance(Duration::from_secs(5));
        clock.set_speed(1e-9);
        assert_eq!(clock.now().as_secs(), 15);
        clock.set_speed(0.0);
        assert_eq!((clock.now().as_secs(), clock.until(END)), (15, None));
    }
}
