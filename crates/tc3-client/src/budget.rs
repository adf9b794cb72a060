//! The retry budget of a client: it limits the additional load on a service that fails.

use std::sync::Arc;
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

    /// Takes the tokens of a retry, or returns `None` if there are too few.
    pub(crate) fn reserve(self: &Arc<Self>, after_timeout: bool) -> Option<Tokens> {
        self.spend(after_timeout).map(|count| Tokens { count, budget: Some(Arc::clone(self)) })
    }

    /// Takes the tokens of a retry and returns their number, or `None` if there are too few.
    fn spend(&self, after_timeout: bool) -> Option<u32> {
        let cost = if after_timeout { TIMEOUT_COST } else { RETRY_COST };
        let take = |tokens: u32| tokens.checked_sub(cost);
        self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok().map(|_| cost)
    }

    /// Returns tokens after a success: those of the last retry of the call, if there was one.
    pub(crate) fn succeeded(&self, last_retry: Option<u32>) {
        self.add(last_retry.unwrap_or(FIRST_SUCCESS));
    }

    fn add(&self, returned: u32) {
        let add = |tokens: u32| {
            (tokens < self.capacity).then(|| tokens.saturating_add(returned).min(self.capacity))
        };
        // An error means that the bucket is full.
        let _ = self.tokens.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

/// Tokens of a planned retry, which are returned when they are dropped, unless the retry was sent.
pub(crate) struct Tokens {
    count: u32,
    /// `None` once they are spent.
    budget: Option<Arc<RetryBudget>>,
}

impl Tokens {
    /// Spends the tokens and returns their number.
    pub(crate) fn spend(mut self) -> u32 {
        self.budget = None;
        self.count
    }
}

impl Drop for Tokens {
    fn drop(&mut self) {
        if let Some(budget) = self.budget.take() {
            budget.add(self.count);
        }
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

    #[test]
    fn tokens_of_a_retry_that_is_not_sent_are_returned() {
        let budget = Arc::new(RetryBudget::new(10));
        drop(budget.reserve(true));
        assert_eq!(budget.tokens.load(Ordering::Relaxed), 10);
        assert_eq!(budget.reserve(false).map(Tokens::spend), Some(5));
        assert_eq!(budget.tokens.load(Ordering::Relaxed), 5);
        assert!(budget.reserve(true).is_none());
    }
}
