//! SIGINT and SIGTERM.

use essbasic::Stop;

use crate::failure::Failure;
use crate::{in_flight, output};

/// Exit status of a process that a second signal ends, as shells report SIGINT.
const INTERRUPTED: i32 = 130;

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
        // `ctrlc` calls this in a thread of its own.
        if in_flight::any_kept() {
            output::note(
                "interrupted: waiting for a request that creates or changes something; send the signal again to \
                 exit now",
            );
        } else if in_flight::any() {
            output::note(
                "interrupted: requests in flight have one second to end; send the signal again to exit now",
            );
        }
    };
    ctrlc::set_handler(handler)
        .map_err(|error| Failure::new(format!("cannot handle signals: {error}; try again")))?;
    Ok(stop)
}
