//! At most so many calls to an action in any one second, so that the server need not refuse.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
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
    windows: Mutex<HashMap<Box<str>, VecDeque<Duration>>>,
}

impl Limiter {
    /// Books the next free moment for a call and tells how long it is until then.
    pub(crate) fn reserve(
        &self,
        limit: RateLimit,
        info: &ActionInfo<'_>,
        now: Duration,
    ) -> Duration {
        let Some(rate) = limit.per_second(info) else { return Duration::ZERO };
        let key = format!("{}/{}", info.service, info.name);
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= REMEMBERED && !windows.contains_key(key.as_str()) {
            windows.retain(|_, times| times.back().is_some_and(|&last| last + WINDOW > now));
        }
        let times = windows.entry(key.into()).or_default();
        // The call before the last `rate - 1` must lie a whole window back.
        let mut at = times.back().map_or(now, |&last| last.max(now));
        while times.len() >= rate {
            if let Some(earlier) = times.pop_front() {
                at = at.max(earlier + WINDOW);
            }
        }
        times.push_back(at);
        at - now
    }
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
            assert_eq!(reserve(), Duration::ZERO);
        }
        for _ in 0..20 {
            assert_eq!(reserve(), WINDOW);
        }
        assert_eq!(reserve(), 2 * WINDOW);
        let other = ActionInfo::new("s", "v", "B").with_rate_limit(1);
        assert_eq!(limiter.reserve(RateLimit::PerAction, &other, now), Duration::ZERO);
        assert_eq!(limiter.reserve(RateLimit::PerAction, &other, now), WINDOW);
    }

    #[test]
    fn names_from_outside_do_not_fill_the_memory() {
        let limiter = Limiter::default();
        for index in 0..10_000_u64 {
            let name = index.to_string();
            let info = ActionInfo::new("s", "v", &name);
            limiter.reserve(RateLimit::PerAction, &info, Duration::from_secs(2 * index));
        }
        assert!(limiter.windows.lock().unwrap().len() <= REMEMBERED);
    }

    proptest! {
        #[test]
        fn never_more_than_the_rate_in_any_second(
            gaps in proptest::collection::vec(0_u64..400, 1..200),
            rate in 1_u32..30,
        ) {
            let limiter = Limiter::default();
            let mut now = Duration::ZERO;
            let mut sent = Vec::new();
            for gap in gaps {
                now += Duration::from_millis(gap);
                sent.push(now + limiter.reserve(RateLimit::Fixed(rate), &INFO, now));
            }
            for window in sent.windows(rate as usize + 1) {
                prop_assert!(window[rate as usize] - window[0] >= WINDOW);
            }
        }
    }
}
