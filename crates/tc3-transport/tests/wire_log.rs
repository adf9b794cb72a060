//! A warning is logged if ureq logs secrets.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::sync::Mutex;

use log::{Level, LevelFilter, Log, Metadata, Record};
use tc3_transport::{TransportConfig, UreqTransport};

/// A logger that enables `trace` for targets with a prefix.
struct Logger {
    prefix: Mutex<&'static str>,
    warnings: Mutex<Vec<String>>,
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() < Level::Trace
            || metadata.target().starts_with(*self.prefix.lock().unwrap())
    }

    fn log(&self, record: &Record<'_>) {
        if record.level() == Level::Warn {
            self.warnings.lock().unwrap().push(record.args().to_string());
        }
    }

    fn flush(&self) {}
}

static LOGGER: Logger = Logger { prefix: Mutex::new("nothing"), warnings: Mutex::new(Vec::new()) };

#[test]
fn logging_of_the_wire_causes_a_warning() {
    log::set_logger(&LOGGER).unwrap();
    log::set_max_level(LevelFilter::Trace);
    for (prefix, expected) in [("nothing", false), ("reqwest", false), ("ureq", true), ("", true)] {
        *LOGGER.prefix.lock().unwrap() = prefix;
        UreqTransport::new(&TransportConfig::default()).unwrap();
        let warnings = std::mem::take(&mut *LOGGER.warnings.lock().unwrap());
        let found = warnings.iter().any(|text| text.contains("set them to debug"));
        assert_eq!(found, expected, "{prefix:?}: {warnings:?}");
    }
}
