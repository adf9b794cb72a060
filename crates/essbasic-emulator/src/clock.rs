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
    }
}
