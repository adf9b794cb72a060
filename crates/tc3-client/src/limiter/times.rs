//! The permits of one action: at most `rate` in any window.

use std::collections::VecDeque;
use std::time::Duration;

/// Length of the window: the second of the service, and the slack.
pub(super) const WINDOW: Duration = Duration::from_secs(1).saturating_add(SLACK);

/// Difference by which the time between two requests may shrink on their way to the service. It costs 2.5 % of the rate.
const SLACK: Duration = Duration::from_millis(25);

#[derive(Default)]
pub(super) struct Permits {
    /// The times of the permits of the last window and of reserved permits, in ascending order.
    times: VecDeque<Duration>,
    /// No permit of the rate is free before this time.
    full_until: (u32, Duration),
}

impl Permits {
    /// Reserves the earliest permit from `now` on. Returns its time.
    pub(super) fn reserve(&mut self, rate: u32, now: Duration) -> Duration {
        while self.times.front().is_some_and(|&earliest| earliest.saturating_add(WINDOW) <= now) {
            self.times.pop_front();
        }
        let mut at = match self.full_until {
            (full_rate, until) if full_rate == rate => until.max(now),
            _ => now,
        };
        while let Some(earliest) = self.conflict(rate, at) {
            at = earliest;
        }
        self.full_until = (rate, at);
        self.insert(at);
        at
    }

    /// Replaces a reserved permit by one that is used from `at` on. Returns its time.
    ///
    /// Permits with a later time do not delay it: they are late too when they are confirmed.
    pub(super) fn confirm(&mut self, rate: u32, reserved: Duration, mut at: Duration) -> Duration {
        self.remove(reserved);
        let index = self.index_after(at);
        // The permit before the last `rate - 1` must be at least one window older.
        if let Some(earlier) =
            index.checked_sub(rate.max(1) as usize).and_then(|index| self.time(index))
        {
            at = at.max(earlier.saturating_add(WINDOW));
        }
        self.insert(at);
        at
    }

    /// Removes a permit with this time, if there is one.
    pub(super) fn remove(&mut self, at: Duration) {
        if let Ok(index) = self.times.binary_search(&at) {
            self.times.remove(index);
            let (rate, until) = self.full_until;
            self.full_until = (rate, until.min(at.saturating_sub(WINDOW)));
        }
    }

    /// Returns whether a permit is reserved, or was used within the last window.
    pub(super) fn is_in_use(&self, now: Duration) -> bool {
        self.times.back().is_some_and(|&last| last.saturating_add(WINDOW) > now)
    }

    fn insert(&mut self, at: Duration) {
        self.times.insert(self.index_after(at), at);
    }

    fn index_after(&self, at: Duration) -> usize {
        self.times.partition_point(|&other| other <= at)
    }

    fn time(&self, index: usize) -> Option<Duration> {
        self.times.get(index).copied()
    }

    /// Returns a later time before which no permit is free, if a permit at `at` would exceed the rate.
    fn conflict(&self, rate: u32, at: Duration) -> Option<Duration> {
        let (rate, index) = (rate.max(1) as usize, self.index_after(at));
        // The windows of `rate` other permits that contain `at`, the last one first.
        let mut windows = (index.saturating_sub(rate)..=index).rev();
        windows.find_map(|start| {
            let (first, last) = (self.time(start)?, self.time(start + rate - 1)?);
            let is_exceeded = last.max(at).saturating_sub(first.min(at)) < WINDOW;
            // A permit is in conflict with the others until one window after the first of them.
            is_exceeded.then(|| first.saturating_add(WINDOW)).filter(|&free| free > at)
        })
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.times.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    /// A model: all permits of all times, and a search of all times that may be the earliest.
    #[derive(Default)]
    struct Model(Vec<Duration>);

    impl Model {
        /// Returns whether a permit at `at` keeps each window that contains it within the rate.
        fn allows(&self, rate: u32, at: Duration) -> bool {
            let is_near = |other: &&Duration| other.abs_diff(at) < WINDOW;
            let mut near: Vec<_> = self.0.iter().filter(is_near).copied().collect();
            near.push(at);
            near.iter().all(|&start| {
                let window = near.iter().filter(|&&time| time >= start && time - start < WINDOW);
                start > at || window.count() <= rate as usize
            })
        }

        /// Returns the earliest time from `now` on that the granted permits allow.
        fn earliest(&self, rate: u32, now: Duration) -> Duration {
            let ends = self.0.iter().map(|time| *time + WINDOW).filter(|end| *end > now);
            let candidates: BTreeSet<_> = std::iter::once(now).chain(ends).collect();
            candidates.into_iter().find(|at| self.allows(rate, *at)).unwrap()
        }
    }

    #[derive(Debug, Clone, Copy)]
    enum Step {
        /// Time passes, in milliseconds.
        Wait(u64),
        Reserve,
        /// A waiting call is cancelled.
        Release(prop::sample::Index),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            2 => (0_u64..1_500).prop_map(Step::Wait),
            6 => Just(Step::Reserve),
            3 => any::<prop::sample::Index>().prop_map(Step::Release),
        ]
    }

    proptest! {
        #[test]
        fn grants_the_earliest_permit_within_the_rate(
            steps in proptest::collection::vec(step(), 1..200),
            rate in 1_u32..8,
        ) {
            let (mut permits, mut model) = (Permits::default(), Model::default());
            let mut now = Duration::ZERO;
            for step in steps {
                match step {
                    Step::Wait(millis) => now += Duration::from_millis(millis),
                    Step::Reserve => {
                        let at = permits.reserve(rate, now);
                        prop_assert_eq!(at, model.earliest(rate, now));
                        model.0.push(at);
                    }
                    Step::Release(index) => {
                        let waiting: Vec<_> =
                            (0..model.0.len()).filter(|&index| model.0[index] > now).collect();
                        if !waiting.is_empty() {
                            permits.remove(model.0.swap_remove(*index.get(&waiting)));
                        }
                    }
                }
            }
            model.0.sort();
            for window in model.0.windows(rate as usize + 1) {
                prop_assert!(window[rate as usize] - window[0] >= WINDOW);
            }
        }
    }

    #[test]
    fn a_released_permit_is_that_of_the_next_reservation() {
        let now = Duration::from_secs(5);
        let mut permits = Permits::default();
        let granted: Vec<_> = (0..4).map(|_| permits.reserve(1, now)).collect();
        assert_eq!(granted, [0, 1, 2, 3].map(|windows| now + windows * WINDOW));
        permits.remove(granted[1]);
        assert_eq!(permits.reserve(1, now), granted[1]);
        assert_eq!(permits.reserve(1, now), now + 4 * WINDOW);
        // The permits on both sides leave no room.
        permits.remove(granted[2]);
        let later = now + Duration::from_millis(1);
        assert_eq!(permits.reserve(1, later), granted[2]);
    }
}
