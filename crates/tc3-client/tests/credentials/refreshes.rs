//! Times of fetches, with both clients.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tc3_client::credentials::{Credential, CredentialError, CredentialSource, from_fn};
use tc3_client::{Clock as _, ErrorKind};

use super::clients::{AnyClient, DRIVERS, Service};

/// Returns a source that calls `fetch` with the number of the fetch, and this number.
fn counted(
    fetch: impl Fn(u64) -> Result<Credential, CredentialError> + Send + Sync + 'static,
) -> (impl CredentialSource, Arc<AtomicU64>) {
    let fetches = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&fetches);
    (from_fn(move || fetch(counter.fetch_add(1, Ordering::SeqCst) + 1)), fetches)
}

fn unavailable() -> Result<Credential, CredentialError> {
    Err(CredentialError::new("vault", "unavailable").transient())
}

#[test]
fn calls_fail_at_once_after_a_failed_fetch() {
    for driver in DRIVERS {
        let (source, fetches) = counted(|number| match number {
            1 | 2 => unavailable(),
            _ => Ok(Credential::new("AKID", "key")),
        });
        let service = Service::default();
        let client = service.client(driver, service.config(source));
        let fails = || {
            let error = client.call().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Credentials, "{driver:?}: {error}");
            assert!(error.is_retryable() && error.to_string().contains("vault: unavailable"));
            fetches.load(Ordering::SeqCst)
        };
        assert_eq!([fails(), fails()], [1, 1], "{driver:?}");
        service.advance(999);
        assert_eq!(fails(), 1, "{driver:?}");
        service.advance(502);
        assert_eq!([fails(), fails()], [2, 2], "{driver:?}");
        service.advance(1_501);
        assert_eq!(client.call().unwrap(), "AKID", "{driver:?}");
        assert_eq!((fetches.load(Ordering::SeqCst), service.requests()), (3, 1), "{driver:?}");
    }
}

#[test]
fn a_credential_that_stays_rejected_is_fetched_once_in_ten_seconds() {
    for driver in DRIVERS {
        let (source, fetches) = counted(|_| Ok(Credential::new("AKID", "key").with_token("t")));
        let service = Service::default();
        service.reject();
        let client = service.client(driver, service.config(source));
        let fails = || {
            assert_eq!(client.call().unwrap_err().code(), "AuthFailure.TokenFailure");
            fetches.load(Ordering::SeqCst)
        };
        assert_eq!([fails(), fails()], [2, 2], "{driver:?}");
        service.advance(9_999);
        assert_eq!(fails(), 2, "{driver:?}");
        service.advance(1);
        assert_eq!([fails(), fails()], [3, 3], "{driver:?}");
        assert_eq!(service.requests(), 5, "{driver:?}");
    }
}

#[test]
fn refreshes_on_demand_for_all_clients_of_a_configuration() {
    for driver in DRIVERS {
        let (source, fetches) = counted(|number| match number {
            3 => unavailable(),
            _ => Ok(Credential::new(format!("AKID{number}"), "key")),
        });
        let service = Service::default();
        let config = service.config(source);
        let clients = DRIVERS.map(|other| service.client(other, config.clone()));
        let client = service.client(driver, config);
        let used = || {
            let used: HashSet<_> =
                clients.iter().chain([&client]).map(|client| client.call().unwrap()).collect();
            used.into_iter().collect::<Vec<_>>().join(", ")
        };
        assert_eq!(used(), "AKID1", "{driver:?}");
        client.refresh().unwrap();
        assert_eq!(used(), "AKID2", "{driver:?}");
        // A failure leaves the current credential in use.
        let error = client.refresh().unwrap_err();
        assert!(error.is_retryable() && error.kind() == ErrorKind::Credentials, "{error}");
        assert_eq!(used(), "AKID2", "{driver:?}");
        client.refresh().unwrap();
        assert_eq!((used().as_str(), fetches.load(Ordering::SeqCst)), ("AKID4", 4), "{driver:?}");
    }
}

/// Returns the second of the first refresh of a credential with a lifetime of two hours.
fn second_of_refresh(service: &Service, client: &AnyClient) -> u64 {
    assert_eq!(client.call().unwrap(), "AKID1");
    let mut second = 6_830;
    service.advance(second * 1_000);
    while client.call().unwrap() == "AKID1" {
        service.advance(1_000);
        second += 1;
    }
    second
}

#[test]
fn processes_refresh_at_different_times() {
    let seconds: Vec<u64> = (0..20)
        .map(|seed| {
            let [first, second] = DRIVERS.map(|driver| {
                let service = Service::default();
                let clock = service.clone();
                let (source, _) = counted(move |number| {
                    let expiry = clock.now().unix + Duration::from_secs(7_200);
                    Ok(Credential::new(format!("AKID{number}"), "key").with_expiry(expiry))
                });
                let config = service.config(source).with_jitter_seed(seed);
                second_of_refresh(&service, &service.client(driver, config))
            });
            assert_eq!(first, second, "seed {seed}");
            first
        })
        .collect();
    assert!(seconds.iter().all(|second| (6_840..=6_900).contains(second)), "{seconds:?}");
    let different: HashSet<_> = seconds.iter().collect();
    assert!(different.len() > 10, "{seconds:?}");
}
