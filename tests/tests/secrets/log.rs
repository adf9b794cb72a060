//! Everything that a program could log.

use std::error::Error;
use std::fmt::Debug;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Captures the log of this process at every level, including that of the HTTP libraries through the `log` crate. ureq
    /// logs every byte of the wire at `trace`, which no setting prevents; it is captured at `debug`, as `UreqTransport`
    /// documents.
    pub(crate) fn start() -> Self {
        let log = Self::default();
        let writer = log.clone();
        let levels = Targets::new()
            .with_default(LevelFilter::TRACE)
            .with_targets([("ureq", LevelFilter::DEBUG), ("ureq_proto", LevelFilter::DEBUG)]);
        tracing_log::LogTracer::init().unwrap();
        let layer = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
        tracing::subscriber::set_global_default(
            tracing_subscriber::registry().with(layer).with(levels),
        )
        .unwrap();
        log
    }

    pub(crate) fn debug(&self, value: impl Debug) {
        let mut log = self.0.lock().unwrap();
        writeln!(log, "{value:?}").unwrap();
        writeln!(log, "{value:#?}").unwrap();
    }

    /// Adds the `Debug` output of a result, and the messages of an error and its sources.
    pub(crate) fn result<T: Debug, E: Error>(&self, result: Result<T, E>) {
        self.debug(&result);
        let Err(error) = result else { return };
        let mut next: Option<&dyn Error> = Some(&error);
        while let Some(error) = next {
            writeln!(self.0.lock().unwrap(), "{error} {error:?}").unwrap();
            next = error.source();
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
