//! Subscribers that make calls, with both clients.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tc3_client::credentials::{Credential, CredentialError, from_fn};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use super::clients::{AnyClient, DRIVERS, Driver, Service};

/// Ships the first warning with a client, and stores the result.
struct Ships {
    client: Mutex<Option<AnyClient>>,
    shipped: Arc<Mutex<Option<String>>>,
}

impl Subscriber for Ships {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() == Level::WARN
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        let client = self.client.lock().unwrap().take();
        if let Some(client) = client {
            *self.shipped.lock().unwrap() = Some(client.call().unwrap());
        }
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn a_subscriber_can_make_calls_with_the_same_credentials() {
    for driver in DRIVERS {
        let is_first = AtomicBool::new(true);
        let source = from_fn(move || match is_first.swap(false, Ordering::SeqCst) {
            true => {
                let expiry = Duration::from_secs(1_700_000_200);
                Ok(Credential::new("AKID", "key").with_expiry(expiry))
            }
            false => Err(CredentialError::new("vault", "unavailable").transient()),
        });
        let service = Service::default();
        let config = service.config(source);
        let client = service.client(driver, config.clone());
        assert_eq!(client.call().unwrap(), "AKID");
        service.advance(140_000);

        let shipped = Arc::<Mutex<_>>::default();
        let shipping = Mutex::new(Some(service.client(Driver::Blocking, config)));
        let subscriber = Ships { client: shipping, shipped: Arc::clone(&shipped) };
        let (sender, result) = channel();
        // The test fails instead of a deadlock.
        std::thread::spawn(move || {
            let call = || client.call().unwrap();
            sender.send(tracing::subscriber::with_default(subscriber, call))
        });
        let result = result.recv_timeout(Duration::from_secs(60));
        assert_eq!(result.as_deref(), Ok("AKID"), "{driver:?}");
        assert_eq!(shipped.lock().unwrap().as_deref(), Some("AKID"), "{driver:?}");
    }
}
