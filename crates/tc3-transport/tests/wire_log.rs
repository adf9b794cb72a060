//! Whoever would have ureq write secrets down is told.

#![allow(clippy::unwrap_used, reason = "a failed assumption is a failed test")]

use std::sync::Mutex;

use log::{Level, LevelFilter, Log, Metadata, Record};
use tc3_transport::{TransportConfig, UreqTransport};

/// Takes `trace` of what begins so.
struct Logger {
    traced: Mutex<&'static str>,
    warnings: Mutex<Vec<String>>,
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() < Level::Trace
            || metadata.target().starts_with(*self.traced.lock().unwrap())
    }

    fn log(&self, record: &Record<'_>) {
        if record.level() == Level::Warn {
            self.warnings.lock().unwrap().push(record.args().to_string());
        }
    }

    fn flush(&self) {}
}

static LOGGER: Logger = Logger { traced: Mutex::new("nothing"), warnings: Mutex::new(Vec::new()) };

#[test]
fn a_log_of_the_wire_is_warned_of() {
    log::set_logger(&LOGGER).unwrap();
    log::set_max_level(LevelFilter::Trace);
    for (traced, warned) in [("nothing", false), ("reqwest", false), ("ureq", true), ("", true)] {
        *LOGGER.traced.lock().unwrap() = traced;
        UreqTransport::new(&TransportConfig::default()).unwrap();
        let warnings = std::mem::take(&mut *LOGGER.warnings.lock().unwrap());
        let found = warnings.iter().any(|text| text.contains("keep them at debug"));
        assert_eq!(found, warned, "{traced:?}: {warnings:?}");
    }
}
