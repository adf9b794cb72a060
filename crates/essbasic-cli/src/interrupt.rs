//! SIGINT, SIGTERM and SIGXFSZ.

use std::time::Duration;

use essbasic::Stop;

use crate::failure::Failure;
use crate::{in_flight, output, streams};

/// Exit status of a process that a second signal ends, as shells report SIGINT.
pub(crate) const INTERRUPTED: i32 = 130;

/// Maximum time for which a write to stdout or stderr may block the end after a signal.
const BLOCKED_LIMIT: Duration = Duration::from_millis(1500);

/// Interval at which writes are checked.
const CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// Makes a write above the limit of file sizes (`ulimit -f`) an error. Without a handler, its signal ends the process
/// without a message.
#[cfg(unix)]
pub(crate) fn report_file_size_limit() -> std::io::Result<()> {
    // Nothing reads the flag.
    signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default()).map(drop)
}

/// Returns a [`Stop`] that the first SIGINT or SIGTERM sets. A second one ends the process. If the command has to wait
/// for a response, a line on stderr states so.
pub(crate) fn on_signal() -> Result<Stop, Failure> {
    let stop = Stop::default();
    let handled = stop.clone();
    let handler = move || {
        if handled.is_stopped() {
            std::process::exit(INTERRUPTED);
        }
        handled.stop();
        // In threads of their own: this one waits for the next signal, and a note blocks if stderr does.
        std::thread::spawn(exit_if_blocked);
        std::thread::spawn(note_requests);
    };
    ctrlc::set_handler(handler)
        .map_err(|error| Failure::new(format!("cannot handle signals: {error}; try again")))?;
    Ok(stop)
}

/// States on stderr why the command does not end at once.
fn note_requests() {
    if in_flight::any_kept() {
        output::note(
            "interrupted: waiting for a request that creates or changes something; send the signal again to exit now \
             without its outcome",
        );
    } else if in_flight::any() {
        output::note(
            "interrupted: requests in flight have one second to end; send the signal again to exit now",
        );
    }
}

/// Ends the process if a write to stdout or stderr does not end within [`BLOCKED_LIMIT`]. A job can be resumed from its
/// journal at any point, so only a request that changes something is awaited.
pub(crate) fn exit_if_blocked() {
    let mut blocked = Duration::ZERO;
    let mut last = None;
    loop {
        std::thread::sleep(CHECK_INTERVAL);
        let writes = streams::in_progress();
        blocked = match writes.is_some() && writes == last && !in_flight::any_kept() {
            true => blocked + CHECK_INTERVAL,
            false => Duration::ZERO,
        };
        last = writes;
        if blocked >= BLOCKED_LIMIT {
            std::process::exit(INTERRUPTED);
        }
    }
}
