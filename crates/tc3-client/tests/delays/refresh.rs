//! Early refreshes of a credential that take longer than the timeout of a call.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use tc3_client::credentials::{
    Credential, CredentialFetch, CredentialSource, FetchResponse, FetchStep,
};
use tc3_client::transport::Request;
use tc3_client::{Clock, Config, Now, SystemClock};

use super::setting::{Transports, success};
use super::{AnyClient, Driver, READ, Running, SLACK};

/// A clock that is ahead of the system's by a number of seconds.
#[derive(Clone, Default)]
struct Ahead(Arc<(SystemClock, AtomicU64)>);

impl Ahead {
    fn advance(&self, seconds: u64) {
        self.0.1.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for Ahead {
    fn now(&self) -> Now {
        let Now { unix, monotonic } = self.0.0.now();
        let ahead = Duration::from_secs(self.0.1.load(Ordering::SeqCst));
        Now { unix: unix + ahead, monotonic: monotonic + ahead }
    }
}

/// A source whose first credential expires within the time of an early refresh, and whose later fetches do not end.
#[derive(Clone, Default)]
struct Expiring {
    clock: Ahead,
    fetches: Arc<AtomicUsize>,
}

impl CredentialSource for Expiring {
    fn name(&self) -> &str {
        "expiring"
    }

    fn fetch(&self) -> Box<dyn CredentialFetch> {
        let is_first = self.fetches.fetch_add(1, Ordering::SeqCst) == 0;
        let expiry = self.clock.now().unix + Duration::from_secs(600);
        let credential = is_first.then(|| Credential::new("id", "key").with_expiry(expiry));
        Box::new(Fetch(self.clock.clone(), credential))
    }
}

struct Fetch(Ahead, Option<Credential>);

impl CredentialFetch for Fetch {
    fn next(&mut self, _: Now, _: Option<FetchResponse>) -> FetchStep {
        if let Some(credential) = self.1.take() {
            return FetchStep::Done(credential);
        }
        // A step takes a second of the clock, and no real time.
        self.0.advance(1);
        FetchStep::Sleep(Duration::ZERO)
    }
}

/// A refresh leaves time for the call while the current credential is valid, and the next calls do not repeat it for 10
/// to 15 seconds.
#[test]
fn a_slow_early_refresh_does_not_fail_calls() {
    for driver in [Driver::Async, Driver::Blocking] {
        let label = format!("{driver:?}");
        let source = Expiring::default();
        let (clock, fetches) = (source.clock.clone(), Arc::clone(&source.fetches));
        let timeout = Duration::from_secs(60);
        let config = Config::new(source).with_timeout(Some(timeout)).with_clock(clock.clone());
        let (sender, timeouts) = channel();
        let transports = Transports::scripted(move |request: Request| {
            sender.send(request.timeout.unwrap()).unwrap();
            success()
        });
        let client = AnyClient::new(driver, config, transports);
        // Makes a call; returns the number of fetches up to now.
        let call = || {
            let (result, _) = Running::start(client.clone(), READ, None).end(SLACK, &label);
            assert!(matches!(result, Ok(Some(_))), "{label}: {result:?}");
            // A refresh takes half of the time.
            let left = timeouts.try_recv().unwrap();
            assert!(left > timeout / 3, "{label}: {left:?}");
            fetches.load(Ordering::SeqCst)
        };
        assert_eq!(call(), 1, "{label}");
        // A refresh is due when a third of the lifetime is left, and pauses for up to 15 seconds if it has not ended.
        clock.advance(401);
        assert_eq!([call(), call()], [2, 2], "{label}");
        clock.advance(16);
        assert_eq!([call(), call()], [3, 3], "{label}");
    }
}
