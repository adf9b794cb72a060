//! What ends the emulator: a signal, or the end of stdin.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use crate::failure::Failure;

/// How long an end in peace may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The first reason to end.
pub(super) struct Stop(Receiver<()>);

impl Stop {
    /// Handles Ctrl-C, SIGTERM and SIGHUP, and with `eof` the end of stdin, from now on.
    pub(super) fn listen(eof: bool) -> Result<Self, Failure> {
        let (end, ended) = channel();
        if eof {
            read_to_end(end.clone());
        }
        let handler = move || {
            // An error means that it is ending already.
            let _ = end.send(());
            // The main thread may be stuck in a write that nobody reads.
            std::thread::sleep(PATIENCE);
            std::process::exit(130);
        };
        ctrlc::set_handler(handler)
            .map_err(|error| Failure::new(format!("cannot handle signals: {error}; try again")))?;
        Ok(Self(ended))
    }

    pub(super) fn wait(self) {
        // The handler lives as long as the process, and with it a sender.
        let _ = self.0.recv();
    }
}

fn read_to_end(end: Sender<()>) {
    std::thread::spawn(move || {
        // An error is an end as well.
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        // The receiver is gone if it has ended meanwhile.
        let _ = end.send(());
    });
}
