//! Events that stop the emulator: a signal, or the end of stdin.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use crate::failure::Failure;

/// Maximum duration of a graceful shutdown.
const PATIENCE: Duration = Duration::from_secs(2);

/// Receives the first stop event.
pub(super) struct Stop(Receiver<()>);

impl Stop {
    /// Handles Ctrl-C, SIGTERM and SIGHUP, and with `eof` the end of stdin, from now on.
    pub(super) fn listen(eof: bool) -> Result<Self, Failure> {
        let (end, ended) = channel();
        if eof {
            read_to_end(end.clone());
        }
        let handler = move || {
            // An error means that it is already stopping.
            let _ = end.send(());
            // The main thread may be blocked by a write that is not read.
            std::thread::sleep(PATIENCE);
            std::process::exit(130);
        };
        ctrlc::set_handler(handler)
            .map_err(|error| Failure::new(format!("cannot handle signals: {error}; try again")))?;
        Ok(Self(ended))
    }

    pub(super) fn wait(self) {
        // The handler, which owns a sender, is never dropped.
        let _ = self.0.recv();
    }
}

fn read_to_end(end: Sender<()>) {
    std::thread::spawn(move || {
        // An error counts as the end.
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        // The receiver is dropped if the emulator has stopped.
        let _ = end.send(());
    });
}
