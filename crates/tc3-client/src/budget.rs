//! The retry budget of a client: it limits the additional load on a service that fails.

use std::sync::atomic::{AtomicU32, Ordering};

/// Number of tokens of a client by default.
pub(crate) const DEFAULT_TOKENS: u32 = 500;

/// Tokens for the retry of a failed attempt.
const RETRY_COST: u32 = 5;

/// Tokens for the retry of an attempt that timed out.
const TIMEOUT_COST: u32 = 10;

/// Tokens that the success of a first attempt returns.
const FIRST_SUCCESS: u32 = 1;

/// A token bucket.
pub(crate) struct RetryBudget {
    capacity: u32,
    tokens: AtomicU32,
}

impl RetryBudget {
    pub(crate) fn new(capacity: u32) -> Self {
        Self { capacity, tokens: AtomicU32::new(capacity) }
    }

    /// Takes the tokens of a retry and returns their number, or `None` if there are too few.
    pub(crate) fn spend(&self, after_timeout: bool) -> Option<u32> {
        let cost = if after_timeout { TIMEOUT_COST } else { RETRY_COST };
        let take = |tokens: u32| tokens.checked_sub(cost);
        self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok().map(|_| cost)
    }

    /// Returns tokens after a success: those of the last retry of the call, if there was one.
    pub(crate) fn succeeded(&self, last_retry: Option<u32>) {
        let returned = last_retry.unwrap_or(FIRST_SUCCESS);
        let add = |tokens: u32| {
            (tokens < self.capacity).then(|| tokens.saturating_add(returned).min(self.capacity))
        };
        // An error means that the bucket is full.
        let _ = self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn successes_refill_the_bucket_to_its_capacity() {
        let budget = RetryBudget::new(21);
        assert_eq!(budget.spend(true), Some(10));
        assert_eq!(budget.spend(false), Some(5));
        assert_eq!(budget.spend(true), None);
        assert_eq!(budget.spend(false), Some(5));
        assert_eq!(budget.spend(false), None);
        for _ in 0..4 {
            budget.succeeded(None);
        }
        assert_eq!(budget.spend(false), Some(5));
        budget.succeeded(Some(10));
        budget.succeeded(Some(10));
        budget.succeeded(Some(10));
        assert_eq!(budget.tokens.load(Ordering::Relaxed), 21);
        assert_eq!(RetryBudget::new(0).spend(false), None);
    }
}
