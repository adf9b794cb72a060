use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The emulator's time: real, sped up, or moved by hand. It never goes back.
#[derive(Debug)]
pub(crate) struct Clock {
    /// How many seconds of the emulator pass in a real one; zero is a clock moved by hand.
    speed: f64,
    since: Mutex<Since>,
}

#[derive(Debug, Clone, Copy)]
struct Since {
    real: Instant,
    /// The emulator's time at that moment, since the Unix epoch.
    emulated: Duration,
}

/// Past this the HTTP date and the signature's day no longer have a form.
const END: Duration = Duration::from_secs(253_402_300_799);

/// Nobody waits longer at once.
const LONGEST_WAIT: Duration = Duration::from_secs(86_400);

impl Clock {
    /// A clock that starts at the real time, or at the given one.
    pub(crate) fn new(start: Option<Duration>, speed: f64) -> Self {
        let start = start
            .unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default());
        let since = Since { real: Instant::now(), emulated: start.min(END) };
        Self { speed, since: Mutex::new(since) }
    }

    /// The time since the Unix epoch.
    pub(crate) fn now(&self) -> Duration {
        let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        self.at(since)
    }

    fn at(&self, since: Since) -> Duration {
        let passed = since.real.elapsed().as_secs_f64() * self.speed;
        let passed = Duration::try_from_secs_f64(passed).unwrap_or(END);
        since.emulated.saturating_add(passed).min(END)
    }

    /// How long it really takes until then; `None` where the clock is moved by hand.
    pub(crate) fn until(&self, then: Duration) -> Option<Duration> {
        let left = then.saturating_sub(self.now()).as_secs_f64();
        // A millisecond at least: what is left after rounding must not keep a thread busy.
        (self.speed > 0.0).then(|| {
            Duration::try_from_secs_f64(left / self.speed)
                .map_or(LONGEST_WAIT, |left| left.clamp(Duration::from_millis(1), LONGEST_WAIT))
        })
    }

    /// Jumps ahead.
    pub(crate) fn advance(&self, by: Duration) {
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        let emulated = self.at(*since).saturating_add(by).min(END);
        *since = Since { real: Instant::now(), emulated };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_moved_by_hand_stands_still_in_between_and_at_the_end() {
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
    }
}
