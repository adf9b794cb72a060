//! Rate limit: a sliding window per action, so that the server does not throttle the client.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tc3_api::ActionInfo;

/// Length of the window: the second of the service, and the slack.
const WINDOW: Duration = Duration::from_secs(1).saturating_add(SLACK);

/// Difference by which the time between two requests may shrink on their way to the service. It costs 2.5 % of the rate.
const SLACK: Duration = Duration::from_millis(25);

/// Number of windows above which idle ones are removed. Action names of untyped calls may be external input.
const MAX_WINDOWS: usize = 1024;

/// Rate limit of a client, in requests per second and action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RateLimit {
    /// The limit that the service sets for each action and account; 20 if it is not known. The window of one second is
    /// extended by 25 ms, because the time between requests varies on their way to the service.
    #[default]
    PerAction,
    /// The same limit for each action. Zero counts as one. Set a lower one than the service's if several
    /// programs share an account, and a higher one if the service has raised it.
    Fixed(u32),
    /// No limit in the client. The server may throttle requests.
    Off,
}

/// Default limit of nearly all actions, in requests per second.
const DEFAULT_RATE: u32 = 20;

impl RateLimit {
    fn per_second(self, info: &ActionInfo<'_>) -> Option<usize> {
        let rate = match self {
            Self::PerAction => info.rate_limit.unwrap_or(DEFAULT_RATE),
            Self::Fixed(rate) => rate,
            Self::Off => return None,
        };
        Some(rate.max(1) as usize)
    }
}

/// The sliding windows of all actions. It reads no clock: the time is an argument.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    /// Per action, the times of the permits of the last window and of reserved permits, in ascending order.
    windows: Mutex<HashMap<Box<str>, VecDeque<Duration>>>,
}

impl Limiter {
    /// Reserves the next permit and returns the time from which it is valid.
    pub(crate) fn reserve(
        &self,
        limit: RateLimit,
        info: &ActionInfo<'_>,
        now: Duration,
    ) -> Duration {
        let Some(rate) = limit.per_second(info) else { return now };
        let mut windows = self.windows();
        let key = key(info);
        if windows.len() >= MAX_WINDOWS && !windows.contains_key(key.as_str()) {
            windows.retain(|_, times| {
                times.back().is_some_and(|&last| last.saturating_add(WINDOW) > now)
            });
        }
        let times = windows.entry(key.into()).or_default();
        while times.front().is_some_and(|&earliest| earliest.saturating_add(WINDOW) <= now) {
            times.pop_front();
        }
        let at = times.back().map_or(now, |&last| last.max(now));
        insert(times, rate, at)
    }

    /// Moves a reserved permit to the time of its use, which may be later than the reserved one. Returns the time from
    /// which the permit is valid: a later one than `now` if other permits were used late too.
    pub(crate) fn renew(
        &self,
        limit: RateLimit,
        info: &ActionInfo<'_>,
        reserved: Duration,
        now: Duration,
    ) -> Duration {
        // A timer of a simulation may return early.
        let at = now.max(reserved);
        let Some(rate) = limit.per_second(info) else { return at };
        let mut windows = self.windows();
        let Some(times) = windows.get_mut(key(info).as_str()) else { return at };
        if let Ok(index) = times.binary_search(&reserved) {
            times.remove(index);
        }
        insert(times, rate, at)
    }

    /// Releases a reserved permit that is not used.
    pub(crate) fn release(&self, info: &ActionInfo<'_>, at: Duration) {
        let mut windows = self.windows();
        if let Some(times) = windows.get_mut(key(info).as_str())
            && let Ok(index) = times.binary_search(&at)
        {
            times.remove(index);
        }
    }

    fn windows(&self) -> MutexGuard<'_, HashMap<Box<str>, VecDeque<Duration>>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(info: &ActionInfo<'_>) -> String {
    format!("{}/{}", info.service, info.name)
}

/// Inserts a permit that is valid from `at` or later, and returns its time.
fn insert(times: &mut VecDeque<Duration>, rate: usize, mut at: Duration) -> Duration {
    let index = times.partition_point(|&other| other <= at);
    // The permit before the last `rate - 1` must be at least one window older.
    if let Some(&earlier) = index.checked_sub(rate).and_then(|index| times.get(index)) {
        at = at.max(earlier.saturating_add(WINDOW));
    }
    times.insert(times.partition_point(|&other| other <= at), at);
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INFO: ActionInfo<'static> = ActionInfo::new("s", "v", "A");

    #[test]
    fn grants_twenty_permits_per_second_and_action() {
        let limiter = Limiter::default();
        let now = Duration::from_secs(5);
        let reserve = || limiter.reserve(RateLimit::PerAction, &INFO, now);
        for _ in 0..20 {
            assert_eq!(reserve(), now);
        }
        for _ in 0..20 {
            assert_eq!(reserve(), now + WINDOW);
        }
        assert_eq!(reserve(), now + 2 * WINDOW);
        let other = ActionInfo::new("s", "v", "B").with_rate_limit(1);
        assert_eq!(limiter.reserve(RateLimit::PerAction, &other, now), now);
        assert_eq!(limiter.reserve(RateLimit::PerAction, &other, now), now + WINDOW);
    }

    #[test]
    fn releases_unused_permits() {
        let limiter = Limiter::default();
        let now = Duration::from_secs(5);
        let reserve = || limiter.reserve(RateLimit::PerAction, &INFO, now);
        let reserved: Vec<_> = (0..1000).map(|_| reserve()).collect();
        assert_eq!(reserved[999], now + 49 * WINDOW);
        for at in &reserved[20..] {
            limiter.release(&INFO, *at);
        }
        assert_eq!(reserve(), now + WINDOW);
        limiter.release(&INFO, Duration::ZERO);
        limiter.release(&ActionInfo::new("s", "v", "B"), now);
        assert_eq!(limiter.windows()["s/A"].len(), 21);
    }

    #[test]
    fn bounds_the_number_of_windows() {
        let limiter = Limiter::default();
        for index in 0..10_000_u64 {
            let name = index.to_string();
            let info = ActionInfo::new("s", "v", &name);
            limiter.reserve(RateLimit::PerAction, &info, Duration::from_secs(2 * index));
        }
        assert!(limiter.windows().len() <= MAX_WINDOWS);
    }

    /// Calls that wake up late, in any order, wait again rather than exceed the rate.
    #[test]
    fn late_calls_do_not_exceed_the_rate() {
        for seed in 0..200 {
            let mut rng = fastrand::Rng::with_seed(seed);
            let (limiter, rate) = (Limiter::default(), rng.u32(1..6));
            let limit = RateLimit::Fixed(rate);
            let mut waiting: Vec<(Duration, Duration)> = Vec::new();
            let late = |rng: &mut fastrand::Rng, at: Duration| {
                at + Duration::from_millis(if rng.bool() { 0 } else { rng.u64(..1500) })
            };
            let mut sent = Vec::new();
            for _ in 0..60 {
                let at = limiter.reserve(limit, &INFO, Duration::ZERO);
                match at.is_zero() {
                    true => sent.push(at),
                    false => waiting.push((late(&mut rng, at), at)),
                }
            }
            while !waiting.is_empty() {
                waiting.sort();
                let (now, reserved) = waiting.remove(0);
                let at = limiter.renew(limit, &INFO, reserved, now);
                match at == now {
                    true => sent.push(at),
                    false => waiting.push((late(&mut rng, at), at)),
                }
            }
            assert_eq!(sent.len(), 60);
            for window in sent.windows(rate as usize + 1) {
                assert!(window[rate as usize] - window[0] >= WINDOW, "seed {seed}: {sent:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn never_exceeds_the_rate_in_any_second(
            calls in proptest::collection::vec((0_u64..400, proptest::option::of(0_usize..40)), 1..200),
            rate in 1_u32..30,
        ) {
            let limiter = Limiter::default();
            let mut now = Duration::ZERO;
            let mut sent = Vec::new();
            for (gap, cancelled) in calls {
                now += Duration::from_millis(gap);
                sent.push(limiter.reserve(RateLimit::Fixed(rate), &INFO, now));
                // A waiting call is cancelled.
                if let Some(back) = cancelled
                    && let Some(index) = sent.len().checked_sub(back + 1)
                    && sent[index] > now
                {
                    limiter.release(&INFO, sent.remove(index));
                }
            }
            for window in sent.windows(rate as usize + 1) {
                prop_assert!(window[rate as usize] - window[0] >= WINDOW);
            }
        }
    }
}
