//! The rate limiter within a process: a sliding window per action.

use core::fmt;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::permit::{Permit, PermitRequest};
use super::times::Permits;
#[cfg(test)]
use super::times::WINDOW;

/// Number of windows above which idle ones are removed. Action names of untyped calls may be external input.
const MAX_WINDOWS: usize = 1024;

/// A rate limiter within this process: a sliding window per action. Clones share the windows.
///
/// Each client has one of its own, unless clients of one account share one:
///
/// ```
/// use tc3_client::{Config, RateLimiter, credentials};
///
/// let limiter = RateLimiter::new();
/// let orders = Config::new(credentials::default_chain()).with_rate_limiter(&limiter);
/// let reports = Config::new(credentials::default_chain()).with_rate_limiter(&limiter);
/// ```
///
/// It reads no clock: the time is part of a [`PermitRequest`]. Clients that share a limiter need clocks with the same
/// monotonic time, as all [`SystemClock`](crate::SystemClock)s of a process are.
///
/// A server that grants permits to several processes can be built on the methods:
///
/// ```
/// use tc3_client::{Clock, PermitRequest, RateLimiter, SystemClock};
///
/// let (limiter, clock) = (RateLimiter::new(), SystemClock::new());
/// let now = clock.now();
/// let first = limiter.reserve(&PermitRequest::new("essbasic", "DescribeFlowInfo", 1, now));
/// let second = limiter.reserve(&PermitRequest::new("essbasic", "DescribeFlowInfo", 1, now));
/// assert!(first.wait(now).is_zero());
/// assert!(second.wait(now).as_millis() >= 1000);
/// limiter.release(&second);
/// ```
#[derive(Clone, Default)]
pub struct RateLimiter {
    windows: Arc<Mutex<Windows>>,
}

/// The permits per action.
type Windows = HashMap<Arc<str>, Permits>;

impl RateLimiter {
    /// Creates a limiter that has granted no permit.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reserves the next permit: the earliest one that the permits granted so far allow, such as one that was released.
    pub fn reserve(&self, request: &PermitRequest<'_>) -> Permit {
        let now = request.now.monotonic;
        let mut windows = self.windows();
        let name = format!("{}/{}", request.service, request.action);
        make_room(&mut windows, &name, now);
        let id = match windows.get_key_value(name.as_str()) {
            Some((id, _)) => Arc::clone(id),
            None => name.into(),
        };
        let at = windows.entry(Arc::clone(&id)).or_default().reserve(request.rate, now);
        Permit::at(at, id)
    }

    /// Confirms a permit at the time of its use, which may be later than the reserved one. Returns one that is valid later
    /// than `request.now` if other permits were used late too.
    pub fn confirm(&self, request: &PermitRequest<'_>, permit: &Permit) -> Permit {
        let Some((id, reserved)) = permit.window() else { return permit.clone() };
        // A timer of a simulation may return early.
        let at = request.now.monotonic.max(reserved);
        let mut windows = self.windows();
        // The window is new if it was removed in the meantime.
        make_room(&mut windows, id, request.now.monotonic);
        let permits = windows.entry(Arc::clone(id)).or_default();
        Permit::at(permits.confirm(request.rate, reserved, at), Arc::clone(id))
    }

    /// Releases a reserved permit that is not used.
    pub fn release(&self, permit: &Permit) {
        let Some((id, at)) = permit.window() else { return };
        if let Some(permits) = self.windows().get_mut(id) {
            permits.remove(at);
        }
    }

    fn windows(&self) -> MutexGuard<'_, Windows> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiter").finish_non_exhaustive()
    }
}

/// Removes idle windows if there is no room for a new one with this name.
fn make_room(windows: &mut Windows, name: &str, now: Duration) {
    if windows.len() >= MAX_WINDOWS && !windows.contains_key(name) {
        windows.retain(|_, permits| permits.is_in_use(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use crate::time::Now;

    fn request(action: &str, rate: u32, now: Duration) -> PermitRequest<'_> {
        PermitRequest::new("s", action, rate, Now { unix: Duration::ZERO, monotonic: now })
    }

    fn at(permit: &Permit) -> Duration {
        permit.window().unwrap().1
    }

    #[test]
    fn grants_the_rate_per_second_and_action() {
        let limiter = RateLimiter::new();
        let now = Duration::from_secs(5);
        let reserve = |action, rate| at(&limiter.clone().reserve(&request(action, rate, now)));
        for _ in 0..20 {
            assert_eq!(reserve("A", 20), now);
        }
        for _ in 0..20 {
            assert_eq!(reserve("A", 20), now + WINDOW);
        }
        assert_eq!(reserve("A", 20), now + 2 * WINDOW);
        assert_eq!(reserve("B", 1), now);
        assert_eq!(reserve("B", 1), now + WINDOW);
    }

    #[test]
    fn releases_unused_permits() {
        let limiter = RateLimiter::new();
        let now = Duration::from_secs(5);
        let reserve = || limiter.reserve(&request("A", 20, now));
        let reserved: Vec<_> = (0..1000).map(|_| reserve()).collect();
        assert_eq!(at(&reserved[999]), now + 49 * WINDOW);
        for permit in &reserved[20..] {
            limiter.release(permit);
        }
        assert_eq!(at(&reserve()), now + WINDOW);
        // Permits that this limiter has not granted, or not any more, change nothing.
        let other = RateLimiter::new().reserve(&request("B", 1, now));
        for permit in [&reserved[999], &other, &Permit::after(now).with_id("s/A")] {
            limiter.release(permit);
        }
        assert_eq!(limiter.windows()["s/A"].len(), 21);
    }

    #[test]
    fn bounds_the_number_of_windows() {
        let limiter = RateLimiter::new();
        for index in 0..10_000_u64 {
            limiter.reserve(&request(&index.to_string(), 20, Duration::from_secs(2 * index)));
        }
        assert!(limiter.windows().len() <= MAX_WINDOWS);
    }

    #[test]
    fn late_calls_of_a_removed_window_do_not_exceed_the_rate() {
        let limiter = RateLimiter::new();
        let reserve = || limiter.reserve(&request("A", 1, Duration::ZERO));
        let reserved = [reserve(), reserve(), reserve()];
        let late = Duration::from_secs(100);
        for index in 0..MAX_WINDOWS {
            limiter.reserve(&request(&format!("other{index}"), 1, late));
        }
        assert!(!limiter.windows().contains_key("s/A"));
        let confirm = |permit| at(&limiter.confirm(&request("A", 1, late), permit));
        let [first, others @ ..] = reserved.each_ref().map(confirm);
        assert_eq!(first, late);
        // They are confirmed again after this wait.
        assert!(others.iter().all(|&at| at >= late + WINDOW), "{others:?}");
    }

    /// Calls that wake up late, in any order, wait again rather than exceed the rate.
    #[test]
    fn late_calls_do_not_exceed_the_rate() {
        for seed in 0..200 {
            let mut rng = fastrand::Rng::with_seed(seed);
            let (limiter, rate) = (RateLimiter::new(), rng.u32(1..6));
            // By the time at which the call wakes up, and the time of its permit.
            let mut waiting = BTreeMap::new();
            let late = |rng: &mut fastrand::Rng, at: Duration| {
                at + Duration::from_millis(if rng.bool() { 0 } else { rng.u64(..1500) })
            };
            let mut sent = Vec::new();
            for call in 0..60 {
                let permit = limiter.reserve(&request("A", rate, Duration::ZERO));
                match at(&permit).is_zero() {
                    true => sent.push(at(&permit)),
                    false => drop(
                        waiting.insert((late(&mut rng, at(&permit)), at(&permit), call), permit),
                    ),
                }
            }
            while let Some(((now, _, call), reserved)) = waiting.pop_first() {
                let permit = limiter.confirm(&request("A", rate, now), &reserved);
                match at(&permit) == now {
                    true => sent.push(now),
                    false => drop(
                        waiting.insert((late(&mut rng, at(&permit)), at(&permit), call), permit),
                    ),
                }
            }
            assert_eq!(sent.len(), 60);
            for window in sent.windows(rate as usize + 1) {
                assert!(window[rate as usize] - window[0] >= WINDOW, "seed {seed}: {sent:?}");
            }
        }
    }
}
