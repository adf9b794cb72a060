use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Ipv6Addr, TcpStream};
use std::time::Instant;

use proptest::prelude::*;

use super::*;
use crate::{CallbackChaos, FaultKind};

/// Numbers at the limits and beyond, and at the ends of the type.
fn sizes() -> impl Strategy<Value = usize> {
    let edges = [0, 1, limits::MAX_FLOWS, limits::MAX_FLOWS + 1, limits::MAX_PDF_BYTES];
    let far = [limits::MAX_PDF_BYTES + 1, u32::MAX as usize, usize::MAX - 1, usize::MAX];
    prop_oneof![proptest::sample::select([&edges[..], &far[..]].concat()), any::<usize>()]
}

fn floats() -> impl Strategy<Value = f64> {
    let edges =
        [0.0, -0.0, 1.0, -1.0, 1.000_001, limits::MAX_SPEED, 1_000_001.0, f64::MIN_POSITIVE];
    let far = [f64::MIN, f64::MAX, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    prop_oneof![proptest::sample::select([&edges[..], &far[..]].concat()), any::<f64>()]
}

fn durations() -> impl Strategy<Value = Duration> {
    let edges = [Duration::ZERO, limits::MAX_CALLBACK_DELAY, Duration::MAX];
    let any = (any::<u64>(), 0_u32..1_000_000_000).prop_map(|(s, n)| Duration::new(s, n));
    prop_oneof![proptest::sample::select(edges.to_vec()), any]
}

fn strings() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), Just("k".repeat(32)), Just("\0\n\u{202e}".into()), ".{0,40}"]
}

fn callbacks() -> impl Strategy<Value = Callback> {
    let chaos = (floats(), durations(), any::<bool>(), any::<u64>()).prop_map(
        |(duplicate_rate, delay, reorder, seed)| CallbackChaos {
            duplicate_rate,
            delay,
            reorder,
            seed,
        },
    );
    let urls = prop_oneof![Just("http://127.0.0.1:1/".to_owned()), strings()];
    let attempts = prop_oneof![Just(0), Just(u32::MAX), any::<u32>()];
    (urls, strings(), strings(), chaos, attempts, durations()).prop_map(
        |(url, key, token, chaos, attempts, backoff)| {
            Callback::to(url)
                .with_key(key)
                .with_token(token)
                .with_chaos(chaos)
                .with_max_attempts(attempts)
                .with_initial_backoff(backoff)
        },
    )
}

fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let kinds = proptest::sample::select(FaultKind::ALL.to_vec());
    let fault =
        (kinds, floats(), proptest::option::of(strings()), proptest::option::of(any::<u64>()))
            .prop_map(|(kind, rate, action, times)| {
                let fault = Fault::new(kind).with_rate(rate);
                let fault =
                    action.into_iter().fold(fault, |fault, action| fault.with_action(action));
                times.into_iter().fold(fault, |fault, times| fault.with_times(times))
            });
    proptest::collection::vec(fault, 0..3)
}

type Setting = fn(Builder) -> Builder;

/// Call of a setter with a value.
struct SetterCall {
    value: String,
    set: Box<dyn Fn(Builder) -> Builder>,
}

impl fmt::Debug for SetterCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.value)
    }
}

fn boxed<T: Clone + fmt::Debug + 'static>(
    values: impl Strategy<Value = T> + 'static,
    set: fn(Builder, T) -> Builder,
) -> BoxedStrategy<SetterCall> {
    let set = move |value: T| SetterCall {
        value: format!("{value:?}"),
        set: Box::new(move |builder| set(builder, value.clone())),
    };
    values.prop_map(set).boxed()
}

/// Calls of all setters with arbitrary values.
fn setters() -> impl Strategy<Value = SetterCall> {
    let plain: &[Setting] = &[
        Builder::allow_remote,
        #[cfg(feature = "tls")]
        Builder::with_tls,
    ];
    let addresses = [
        SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        SocketAddr::from((Ipv4Addr::BROADCAST, 0)),
        SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::from((IpAddr::from(Ipv6Addr::LOCALHOST), 0)),
        SocketAddr::from(([192, 0, 2, 1], u16::MAX)),
    ];
    let cipher = proptest::sample::select(vec![Cipher::Aes, Cipher::Sm4]);
    // Large valid numbers take long and have a separate test.
    let flows =
        sizes().prop_filter("takes long", |flows| !(10_000..=limits::MAX_FLOWS).contains(flows));
    prop_oneof![
        boxed(proptest::sample::select(plain.to_vec()), |builder, set| set(builder)),
        boxed(proptest::sample::select(addresses.to_vec()), Builder::with_address),
        boxed((strings(), strings()), |builder, (id, key)| builder.with_credential(id, key)),
        boxed((strings(), strings(), strings()), |builder, (id, key, token)| {
            builder.with_temporary_credential(id, key, token)
        }),
        boxed((cipher, strings(), strings()), |builder, (cipher, key, hmac)| {
            builder.with_encryption(cipher, key, hmac)
        }),
        boxed(callbacks(), Builder::with_callback),
        boxed(flows, |builder, flows| builder.with_seed(Seed::completed(flows))),
        boxed(floats(), Builder::with_speed),
        boxed(
            prop_oneof![Just(u64::MAX), Just(253_402_300_800), any::<u64>()],
            |builder, start| { builder.with_manual_clock(start) }
        ),
        boxed(proptest::option::of(sizes()), Builder::with_rate_limit),
        boxed(sizes(), Builder::with_min_pdf_bytes),
        boxed(sizes(), Builder::with_max_stored_bytes),
        boxed((faults(), any::<u64>()), |builder, (faults, seed)| builder
            .with_faults(faults, seed)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn no_setting_causes_a_panic(
        set in proptest::collection::vec(setters(), 1..4),
        by in durations(),
    ) {
        let builder = set.iter().fold(Emulator::builder(), |builder, set| (set.set)(builder));
        match builder.start() {
            Ok(emulator) => {
                emulator.advance(by);
                let mut flow = crate::NewFlow::new("a", "o", "f");
                flow.open_for = by;
                emulator.create_flow(flow);
                prop_assert!(emulator.now() <= limits::MAX_TIME);
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

/// Fails to compile if a new field is not covered by `setters`.
#[test]
fn every_field_has_a_setter_in_the_property_test() {
    let Builder {
        listen: _,
        allow_remote: _,
        secrets: _,
        encryption: _,
        callback: _,
        seed: _,
        start: _,
        speed: _,
        rate_limit: _,
        pdf_size: _,
        max_stored_bytes: _,
        faults: _,
        faults_seed: _,
        tls: _,
        read_timeout: _,
    } = Builder::new();
}

#[test]
fn rejects_invalid_settings_with_their_limit() {
    let chaos = |chaos| Callback::to("http://127.0.0.1:1/").with_chaos(chaos);
    let rate = |rate| [Fault::new(FaultKind::Reset).with_rate(rate)];
    let day = limits::MAX_CALLBACK_DELAY;
    let new = Builder::new;
    for (builder, reason) in [
        (new().with_speed(f64::NAN), "clock speed NaN is not between 0 and 1000000"),
        (new().with_speed(f64::INFINITY), "clock speed inf is not between 0 and 1000000"),
        (new().with_speed(-1.0), "clock speed -1 is not between 0 and 1000000"),
        (new().with_speed(1_000_000.5), "is not between 0 and 1000000"),
        (
            new().with_min_pdf_bytes(1_000_000_000_000),
            "1000000000000 bytes exceeds the limit of 268435456 bytes",
        ),
        (new().with_min_pdf_bytes((256 << 20) + 1), "exceeds the limit"),
        (new().with_seed(Seed::completed(usize::MAX)), "exceed the limit of 1000000"),
        (
            new().with_seed(Seed::completed(1_000_001)),
            "1000001 generated contracts exceed the limit",
        ),
        (new().with_manual_clock(253_402_300_800), "exceeds the limit of 253402300799"),
        (new().with_manual_clock(u64::MAX), "exceeds the limit of 253402300799"),
        (new().with_faults(rate(f64::NAN), 0), "rate of fault reset NaN is not between 0 and 1"),
        (new().with_faults(rate(1.5), 0), "rate of fault reset 1.5 is not between 0 and 1"),
        (new().with_faults(rate(-0.5), 0), "is not between 0 and 1"),
        (new().with_faults([Fault::new(FaultKind::TlsCut)], 0), "TLS is not enabled"),
        #[cfg(feature = "tls")]
        (
            new().with_faults([Fault::new(FaultKind::TlsCut).with_action("x")], 0).with_tls(),
            "have no action",
        ),
        (
            new().with_callback(chaos(CallbackChaos {
                duplicate_rate: 7.0,
                ..CallbackChaos::default()
            })),
            "duplicate rate of callbacks 7 is not between 0 and 1",
        ),
        (
            new().with_callback(chaos(CallbackChaos {
                duplicate_rate: f64::NAN,
                ..CallbackChaos::default()
            })),
            "duplicate rate of callbacks NaN is not between 0 and 1",
        ),
        (
            new()
                .with_callback(chaos(CallbackChaos { delay: day * 2, ..CallbackChaos::default() })),
            "callback delay of 172800 s exceeds the limit of 86400 s",
        ),
        (new().with_callback(Callback::to("nowhere")), "callback URL"),
        (new().with_callback(Callback::to("http://127.0.0.1/").with_key("k")), "32 bytes"),
        (
            new().with_callback(Callback::to("http://127.0.0.1:1/").with_token("")),
            "the token of callbacks is empty",
        ),
        (new().with_credential("", "k"), "the SecretId of a credential is empty"),
        (new().with_credential("i", ""), "the SecretKey of a credential is empty"),
        (new().with_temporary_credential("i", "k", ""), "the token of a credential is empty"),
        (
            new().with_credential("AKIDa#key", "k"),
            "the SecretId of a credential contains a character other than A-Z, a-z, 0-9, _ and -",
        ),
        (
            new().with_credential("i", "k "),
            "the SecretKey of a credential contains a character other",
        ),
        (new().with_temporary_credential("i", "k", "t\n"), "the token of a credential contains a"),
        (
            new().with_encryption(Cipher::Aes, "k", "h"),
            "AES key of 1 bytes; expected 16, 24 or 32 bytes",
        ),
        (
            new().with_encryption(Cipher::Sm4, "k".repeat(32), "h"),
            "SM4 key of 32 bytes; expected 16",
        ),
        (
            new().with_encryption(Cipher::Aes, "k".repeat(16), ""),
            "HMAC key of encrypted calls is empty",
        ),
        (new().with_address(([192, 0, 2, 1], 0).into()), "192.0.2.1 is not a loopback address"),
    ] {
        let error = builder.start().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{error}");
        assert_eq!(NotLoopback::is_cause_of(&error), reason.contains("loopback"), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
    }
}

#[test]
fn accepts_settings_at_their_limits() {
    for builder in [
        Builder::new().with_speed(0.0),
        Builder::new().with_speed(limits::MAX_SPEED),
        Builder::new().with_min_pdf_bytes(limits::MAX_PDF_BYTES),
        Builder::new().with_manual_clock(limits::MAX_TIME.as_secs()),
        Builder::new().with_seed(Seed::completed(0)),
        Builder::new().with_rate_limit(Some(0)),
    ] {
        drop(builder.start().unwrap());
    }
}

#[test]
fn many_contracts_start_quickly() {
    let started = Instant::now();
    let emulator = Builder::new().with_seed(Seed::completed(100_000)).start().unwrap();
    assert_eq!(emulator.completed_flows().len(), 100_000);
    // The usual time is below one second; a debug build on a busy machine takes longer.
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

/// With a shorter timeout than [`READ_TIMEOUT`], for the head, and again for the body.
#[test]
fn times_out_slow_clients() {
    assert_eq!(Builder::new().read_timeout, Duration::from_secs(30));
    let mut builder = Builder::new();
    builder.read_timeout = Duration::from_millis(300);
    let emulator = builder.start().unwrap();
    let address = emulator.endpoint().replace("http://", "");
    let heads = [
        "",
        "GET / HTTP/1.1\r\nX: ",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999\r\n\r\n",
    ];
    std::thread::scope(|scope| {
        for head in heads {
            let address = &address;
            scope.spawn(move || {
                let started = Instant::now();
                let mut stream = TcpStream::connect(address).unwrap();
                stream.write_all(head.as_bytes()).unwrap();
                stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
                // The connection must be closed or reset, although the client sends single bytes.
                loop {
                    match stream.read(&mut [0; 1024]) {
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                        Ok(1..) => {}
                        _ => break,
                    }
                    let elapsed = started.elapsed();
                    assert!(elapsed < Duration::from_secs(20), "{head:?}: the connection is open");
                    if !head.is_empty() {
                        let _ = stream.write_all(b"x");
                    }
                }
                assert!(started.elapsed() >= Duration::from_millis(300), "{head:?}");
            });
        }
    });
    let mut stream = TcpStream::connect(&address).unwrap();
    stream.write_all(b"GET /_emulator/stats HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    assert!(stream.read(&mut [0; 12]).unwrap() > 0);
}
