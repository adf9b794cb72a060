//! The rate limit of the account, shared by all replicas: a limiter whose moments are booked in the ledger.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use essbasic::transport::async_trait;
use essbasic::{AsyncRateLimiter, Permit, PermitRequest};
use tokio::time::{Instant, sleep};

use crate::delay::millis;
use crate::ledger::{Ledger, Pace};
use crate::metrics::Metrics;

/// Latest delay of a request after its moment. A later one books another moment.
pub(crate) const LATE: Duration = Duration::from_millis(25);

/// How far ahead moments are booked, in milliseconds. A process that is killed leaves at most these unused.
const HORIZON_MS: i64 = 2_000;

/// Returns the length of the window of a rate per second, in milliseconds. A request is sent up to [`LATE`] after its moment; `margin` is
/// for its latency until it is counted, which differs from request to request.
pub(crate) fn window(margin: Duration) -> i64 {
    millis(Duration::from_secs(1).saturating_add(LATE).saturating_add(margin))
}

/// Books a moment for each request.
pub(crate) struct LedgerLimiter {
    ledger: Ledger,
    /// Requests per second and action.
    limit: usize,
    /// Length of the window, in milliseconds.
    window: i64,
    metrics: Arc<Metrics>,
}

impl LedgerLimiter {
    /// Returns a limiter of `limit` requests per action in any second.
    pub(crate) fn new(ledger: Ledger, limit: u32, margin: Duration, metrics: Arc<Metrics>) -> Self {
        Self { ledger, limit: limit as usize, window: window(margin), metrics }
    }
}

/// Booked moment: what a permit remembers.
struct Booked {
    action: String,
    /// By the clock of the store.
    moment: i64,
    /// By the monotonic clock of the client.
    at: Duration,
}

impl Booked {
    fn id(&self) -> String {
        format!("{} {} {}", self.moment, self.at.as_micros(), self.action)
    }

    fn parse(permit: &Permit) -> Option<Self> {
        let mut parts = permit.id()?.splitn(3, ' ');
        Some(Self {
            moment: parts.next()?.parse().ok()?,
            at: Duration::from_micros(parts.next()?.parse().ok()?),
            action: parts.next()?.to_owned(),
        })
    }
}

#[async_trait]
impl AsyncRateLimiter for LedgerLimiter {
    async fn reserve(
        &self,
        request: &PermitRequest<'_>,
    ) -> Result<Permit, Box<dyn Error + Send + Sync>> {
        let began = Instant::now();
        let mut delay = 0;
        loop {
            let before = Instant::now();
            let booking = self
                .ledger
                .book(Pace {
                    action: request.action.to_owned(),
                    count: 1,
                    limit: self.limit.min(request.rate as usize),
                    window: self.window,
                    delay,
                    horizon: HORIZON_MS,
                })
                .await?;
            let until = |moment: i64| {
                let wait = moment.saturating_sub(booking.now).max(0);
                Duration::from_millis(wait.unsigned_abs())
            };
            if let Some(moment) = booking.moments.first() {
                // The store read its clock after `before`, so that the moment is not earlier than this.
                let due = before + until(*moment);
                let returned = Instant::now();
                let at = request.now.monotonic + (due - began);
                let booked = Booked { action: request.action.to_owned(), moment: *moment, at };
                let wait = due.saturating_duration_since(returned);
                let permit = Permit::after(wait).with_id(booked.id());
                if returned <= due + LATE {
                    self.metrics.permit_waited(due.max(returned) - began);
                    return Ok(permit);
                }
                self.release(&permit);
                let latency = i64::try_from((returned - before).as_millis()).unwrap_or(HORIZON_MS);
                delay = latency.saturating_mul(2).min(HORIZON_MS);
                continue;
            }
            let wait = booking.again_at.map_or(Duration::from_millis(100), until);
            sleep(wait.max(Duration::from_millis(1))).await;
        }
    }

    async fn confirm(
        &self,
        request: &PermitRequest<'_>,
        permit: &Permit,
    ) -> Result<Permit, Box<dyn Error + Send + Sync>> {
        match Booked::parse(permit) {
            Some(booked) if request.now.monotonic > booked.at + LATE => self.reserve(request).await,
            _ => Ok(permit.clone()),
        }
    }

    fn release(&self, permit: &Permit) {
        let Some(booked) = Booked::parse(permit) else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let ledger = self.ledger.clone();
        // Without the store, the moment is unused.
        runtime.spawn(async move { ledger.release(&booked.action, vec![booked.moment]).await });
    }
}

#[cfg(test)]
mod tests {
    use essbasic::Now;

    use super::*;
    use crate::ledger::{Fault, ManualClock};

    fn at(monotonic: Duration) -> Now {
        Now { unix: Duration::ZERO, monotonic }
    }

    fn request(now: Now) -> PermitRequest<'static> {
        PermitRequest::new("essbasic", "DescribeFlowDetailInfo", 100, now)
    }

    #[tokio::test]
    async fn moments_are_shared_rebooked_when_late_and_released() {
        let ledger = Ledger::in_memory();
        let metrics = Arc::new(Metrics::new(Vec::new(), true));
        let [one, other] = [&metrics; 2]
            .map(|metrics| LedgerLimiter::new(ledger.clone(), 2, LATE, Arc::clone(metrics)));
        let first = one.reserve(&request(at(Duration::ZERO))).await.unwrap();
        let second = other.reserve(&request(at(Duration::ZERO))).await.unwrap();
        let third = one.reserve(&request(at(Duration::ZERO))).await.unwrap();
        let waits = [&first, &second, &third].map(|permit| permit.wait(at(Duration::ZERO)));
        assert!(waits[0].is_zero() && waits[1].is_zero(), "{waits:?}");
        assert!(waits[2] > Duration::from_millis(500), "{waits:?}");
        let moment = |permit: &Permit| Booked::parse(permit).unwrap().moment;
        let moments = [&first, &second, &third].map(moment);
        assert!(moments[2] - moments[0] >= 1_050, "{moments:?}");
        // In time it is kept. Later than the margin, another moment is booked.
        let due = Booked::parse(&third).unwrap().at;
        assert_eq!(one.confirm(&request(at(due)), &third).await.unwrap(), third);
        let late = at(due + Duration::from_millis(26));
        let rebooked = one.confirm(&request(late), &third).await.unwrap();
        assert!(moment(&rebooked) >= moments[2] && rebooked != third, "{rebooked:?}");
        one.release(&rebooked);
        one.release(&third);
        let booked = async || ledger.paces().await.unwrap().actions.remove(0).1;
        while booked().await.len() > 2 {
            tokio::task::yield_now().await;
        }
        assert_eq!(booked().await, moments[..2]);
    }

    #[tokio::test(start_paused = true)]
    async fn moments_that_the_latency_of_the_store_made_late_are_booked_again() {
        for (latency, moments) in [(25, vec![0]), (26, vec![52]), (300, vec![600])] {
            let ledger = Ledger::in_memory().with_clock(ManualClock::at(0));
            let metrics = Arc::new(Metrics::new(Vec::new(), true));
            let limiter = LedgerLimiter::new(ledger.clone(), 2, LATE, metrics);
            ledger.inject("Book", Fault::Late(Duration::from_millis(latency)));
            let permit = limiter.reserve(&request(at(Duration::ZERO))).await.unwrap();
            let booked = async || ledger.paces().await.unwrap().actions.remove(0).1;
            while booked().await.len() > 1 {
                tokio::task::yield_now().await;
            }
            assert_eq!(booked().await, moments, "{latency} ms");
            let known = Booked::parse(&permit).unwrap();
            assert_eq!(known.moment, moments[0]);
            // The second booking began after the latency of the first one.
            let began = if moments == [0] { 0 } else { latency };
            let due = Duration::from_millis(began + known.moment.unsigned_abs());
            assert_eq!(known.at, due, "{latency} ms");
        }
    }
}
