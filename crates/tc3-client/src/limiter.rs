//! At most so many calls to an action in any one second, so that the server need not refuse.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tc3_api::ActionInfo;

const WINDOW: Duration = Duration::from_secs(1);

/// Actions remembered at once. Names of untyped calls may come from outside: past this many, those
/// that no longer hold anybody back are forgotten.
const REMEMBERED: usize = 1024;

/// How often a client calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum RateLimit {
    /// What each action's service allows one account: 20 a second where nothing else is known.
    #[default]
    PerAction,
    /// This many calls a second to each action: less than the default where several programs share
    /// an account, more where the service has raised it. Zero counts as one.
    Fixed(u32),
    /// No limit here; the server's still holds.
    Off,
}

/// The default of nearly every action of the service.
const USUAL: u32 = 20;

impl RateLimit {
    fn per_second(self, info: &ActionInfo<'_>) -> Option<usize> {
        let rate = match self {
            Self::PerAction => info.rate_limit.unwrap_or(USUAL),
            Self::Fixed(rate) => rate,
            Self::Off => return None,
        };
        Some(rate.max(1) as usize)
    }
}

/// The sliding windows of all actions. Reads no clock: the time is an argument.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    /// When calls went out within the last second, and when those that wait will, in this order.
    windows: Mutex<HashMap<Box<str>, VecDeque<Duration>>>,
}

impl Limiter {
    /// Books the next free moment for a call and tells when that is.
    pub(crate) fn reserve(
        &self,
        limit: RateLimit,
        info: &ActionInfo<'_>,
        now: Duration,
    ) -> Duration {
        let Some(rate) = limit.per_second(info) else { return now };
        let mut windows = self.windows();
        let key = key(info);
        if windows.len() >= REMEMBERED && !windows.contains_key(key.as_str()) {
            windows.retain(|_, times| {
                times.back().is_some_and(|&last| last.saturating_add(WINDOW) > now)
            });
        }
        let times = windows.entry(key.into()).or_default();
        while times.front().is_some_and(|&earliest| earliest.saturating_add(WINDOW) <= now) {
            times.pop_front();
        }
        let mut at = times.back().map_or(now, |&last| last.max(now));
        // The call before the last `rate - 1` must lie a whole window back.
        if let Some(&earlier) = times.len().checked_sub(rate).and_then(|place| times.get(place)) {
            at = at.max(earlier.saturating_add(WINDOW));
        }
        times.push_back(at);
        at
    }

    /// Frees a moment that was booked and will not be used.
    pub(crate) fn release(&self, info: &ActionInfo<'_>, at: Duration) {
        let mut windows = self.windows();
        if let Some(times) = windows.get_mut(key(info).as_str())
            && let Ok(place) = times.binary_search(&at)
        {
            times.remove(place);
        }
    }

    fn windows(&self) -> MutexGuard<'_, HashMap<Box<str>, VecDeque<Duration>>> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(info: &ActionInfo<'_>) -> String {
    format!("{}/{}", info.service, info.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const INFO: ActionInfo<'static> = ActionInfo::new("s", "v", "A");

    #[test]
    fn twenty_at_once_and_then_one_as_each_leaves_the_window() {
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
    fn who_gives_up_waiting_frees_the_place() {
        let limiter = Limiter::default();
        let now = Duration::from_secs(5);
        let reserve = || limiter.reserve(RateLimit::PerAction, &INFO, now);
        let booked: Vec<_> = (0..1000).map(|_| reserve()).collect();
        assert_eq!(booked[999], now + 49 * WINDOW);
        for at in &booked[20..] {
            limiter.release(&INFO, *at);
        }
        assert_eq!(reserve(), now + WINDOW);
        limiter.release(&INFO, Duration::ZERO);
        limiter.release(&ActionInfo::new("s", "v", "B"), now);
        assert_eq!(limiter.windows()["s/A"].len(), 21);
    }

    #[test]
    fn names_from_outside_do_not_fill_the_memory() {
        let limiter = Limiter::default();
        for index in 0..10_000_u64 {
            let name = index.to_string();
            let info = ActionInfo::new("s", "v", &name);
            limiter.reserve(RateLimit::PerAction, &info, Duration::from_secs(2 * index));
        }
        assert!(limiter.windows().len() <= REMEMBERED);
    }

    proptest! {
        #[test]
        fn never_more_than_the_rate_in_any_second(
            calls in proptest::collection::vec((0_u64..400, proptest::option::of(0_usize..40)), 1..200),
            rate in 1_u32..30,
        ) {
            let limiter = Limiter::default();
            let mut now = Duration::ZERO;
            let mut sent = Vec::new();
            for (gap, give_up) in calls {
                now += Duration::from_millis(gap);
                sent.push(limiter.reserve(RateLimit::Fixed(rate), &INFO, now));
                // One of the latest that still waits goes away.
                if let Some(back) = give_up
                    && let Some(place) = sent.len().checked_sub(back + 1)
                    && sent[place] > now
                {
                    limiter.release(&INFO, sent.remove(place));
                }
            }
            for window in sent.windows(rate as usize + 1) {
                prop_assert!(window[rate as usize] - window[0] >= WINDOW);
            }
        }
    }
}
