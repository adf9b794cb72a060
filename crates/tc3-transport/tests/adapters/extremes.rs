//! Extreme settings cause no panic, overflow or hang.

use std::time::Duration;

use proptest::prelude::*;
use tc3_transport::{Proxy, TransportConfig};

use crate::support::server::{Server, response};
use crate::support::{New, config, fetch, get, hyper, reqwest, ureq};

fn durations() -> impl Strategy<Value = Duration> {
    prop_oneof![
        prop::sample::select(vec![
            Duration::ZERO,
            Duration::from_nanos(1),
            Duration::from_millis(1),
            Duration::from_secs(1),
            Duration::from_secs(u64::from(u32::MAX)),
            Duration::from_millis(u64::MAX),
            Duration::from_secs(i64::MAX as u64),
            Duration::from_secs(u64::MAX),
            Duration::MAX - Duration::from_nanos(1),
            Duration::MAX,
        ]),
        any::<Duration>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_timeout_is_accepted(
        connect in durations(),
        read in durations(),
        total in prop::option::of(durations()),
    ) {
        let server = Server::responding(response(200, "", "here"));
        for new in [hyper as New, reqwest, ureq] {
            let settings = config().with_connect_timeout(connect).with_read_timeout(read);
            let transport = new(&settings).unwrap();
            let mut request = get(&server.http());
            request.timeout = total;
            let got = fetch(&*transport, request);
            let shortest = [Some(connect), Some(read), total].into_iter().flatten().min().unwrap();
            // A local server responds within a minute.
            prop_assert!(got.is_ok() || shortest < Duration::from_secs(60), "{got:?}");
        }
    }

    #[test]
    fn any_certificate_authorities_are_accepted_or_rejected(pem in prop::collection::vec(any::<u8>(), 0..200)) {
        let config = TransportConfig::default().with_proxy(Proxy::None).with_extra_roots_pem(pem);
        for new in [hyper as New, reqwest, ureq] {
            let _ = new(&config);
        }
    }
}
