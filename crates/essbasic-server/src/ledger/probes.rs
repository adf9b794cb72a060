//! Times of the probes of a paused loop.

/// Shortest delay until a probe, in milliseconds.
const FIRST_MS: i64 = 5_000;

/// Returns the delay until the next probe: as long as the pause has lasted, at least five seconds and at most `longest`. A failure of a
/// moment delays all contracts for seconds, a lasting one causes few requests.
pub(crate) fn delay(since: i64, now: i64, longest: i64) -> i64 {
    now.saturating_sub(since).max(FIRST_MS).min(longest)
}

/// Returns true if it is time for the next probe. One that is further away than the longest delay was set before the clock went back.
pub(crate) fn is_due(probe_at: i64, now: i64, longest: i64) -> bool {
    probe_at <= now || probe_at > now.saturating_add(longest.max(FIRST_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probes_are_rarer_the_longer_a_pause_lasts() {
        let mut now = 1_000_000;
        let delays = [(); 8].map(|()| {
            let delay = delay(1_000_000, now, 180_000);
            now += delay;
            delay
        });
        assert_eq!(delays, [5_000, 5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 180_000]);
        assert_eq!(delay(0, 1, 1_000), 1_000, "never longer than the longest");
        assert!(is_due(9, 9, 6_000) && !is_due(10, 9, 6_000));
        assert!(!is_due(6_009, 9, 6_000) && is_due(6_010, 9, 6_000), "the clock went back");
        assert_eq!(delay(10, 0, 180_000), 5_000, "the clock went back");
    }
}
