//! `essbasic wait`: waits until contracts are signed by all.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use essbasic::{FlowWait, WaitEvent, WaitOptions, WaitOutcome};
use serde::Serialize;

use crate::cause::one_line;
use crate::counter::Counter;
use crate::emulated::Emulated;
use crate::failure::{Exit, Failure};
use crate::input::FlowArgs;
use crate::options::{Options, duration};
use crate::report::{State, Summary};
use crate::{interrupt, output};

const EXAMPLES: &str = "\
Prints one line per contract when the wait is over, and progress on stderr. Ends for a contract as soon as it
can no longer be signed by all. Ctrl-C ends the wait: what is known by then is printed.

JSON: flows [flow_id, state (signed, ended, pending, not_found), status, reason]. complete, total, done (signed),
failed (ended, not_found), not_reached (pending), bytes (always 0) and repeated (duplicate IDs) summarize that list.

Exit status: 0 all are signed and their PDFs composed, 2 some are not, 1 the wait could not start.

Examples:
  essbasic wait yDwi8UUckpo5fz9cUqI6nGwcuTvt9YSh --timeout 30m
  essbasic wait --flows ids.txt --json";

/// Wait until contracts are signed by all.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct WaitArgs {
    #[command(flatten)]
    flows: FlowArgs,
    #[command(flatten)]
    emulated: Emulated,
    #[command(flatten)]
    pace: Pace,
    /// Print one JSON document.
    #[arg(long)]
    json: bool,
}

/// Timeout and interval of a wait.
#[derive(clap::Args)]
pub(crate) struct Pace {
    /// Timeout of the wait, such as 90s, 30m or 2h [default: 1h]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = duration)]
    timeout: Option<Duration>,
    /// Polling interval, which grows while nothing changes [default: 5s]
    #[arg(long, value_name = "TIME", allow_hyphen_values = true, value_parser = duration)]
    interval: Option<Duration>,
}

impl Pace {
    pub(crate) fn is_given(&self) -> bool {
        self.timeout.is_some() || self.interval.is_some()
    }

    pub(crate) fn options(&self) -> WaitOptions {
        let mut options = WaitOptions::default();
        options.timeout = self.timeout.unwrap_or(options.timeout);
        options.interval = self.interval.unwrap_or(options.interval);
        options
    }
}

/// The document of `--json`.
#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    summary: Summary,
    flows: Vec<Flow<'a>>,
}

#[derive(Serialize)]
struct Flow<'a> {
    flow_id: &'a str,
    state: &'static str,
    /// The last status, such as `REJECT`.
    status: Option<&'a str>,
    reason: Option<String>,
}

pub(crate) fn run(args: &WaitArgs, options: &Options, verbose: bool) -> Result<Exit, Failure> {
    let (session, list) = args.emulated.session(&args.flows, options)?;
    list.note_duplicates();
    let stop = interrupt::on_signal()?;
    let counter = Arc::new(Counter::new(list.ids.len(), verbose));
    let wait = watched(args.pace.options(), &counter).with_stop(stop.clone());
    let waits = session.client.wait(&list.ids, &wait)?;
    counter.progress().clear();
    if stop.is_stopped() {
        output::note("interrupted: this is what is known so far");
    }
    let complete = waits.iter().all(|wait| wait.outcome == WaitOutcome::Signed);
    let flows: Vec<Flow<'_>> = waits.iter().map(describe).collect();
    if args.json {
        let mut summary = Summary::new(list.repeated);
        waits.iter().for_each(|wait| summary.count(state(&wait.outcome)));
        output::json(&Document { summary, flows })?;
    } else {
        for flow in flows {
            output::line(flow)?;
        }
    }
    Ok(Exit::when_complete(complete))
}

/// Shows the progress of a wait.
pub(crate) fn watched(options: WaitOptions, counter: &Arc<Counter>) -> WaitOptions {
    let (counter, ended) = (Arc::clone(counter), AtomicUsize::new(0));
    options.on_event(move |event| {
        let count = match event {
            WaitEvent::Ended { .. } => ended.fetch_add(1, Ordering::Relaxed) + 1,
            _ => ended.load(Ordering::Relaxed),
        };
        counter.reached(count, "have ended; waiting for signatures");
    })
}

/// Returns the state for the summary.
fn state(outcome: &WaitOutcome) -> State {
    match outcome {
        WaitOutcome::Signed => State::Done,
        WaitOutcome::Pending { .. } => State::NotReached,
        _ => State::Failed,
    }
}

fn describe(wait: &FlowWait) -> Flow<'_> {
    let (state, status, reason) = match &wait.outcome {
        WaitOutcome::Signed => ("signed", Some("ALL"), None),
        WaitOutcome::Ended { status, reason } => ("ended", Some(status.as_str()), Some(&**reason)),
        WaitOutcome::Pending { status, error } => (
            "pending",
            status.as_ref().map(|status| status.as_str()),
            error.as_ref().map(|error| &*error.message),
        ),
        WaitOutcome::NotFound => ("not_found", None, None),
        _ => ("unknown", None, None),
    };
    let reason = reason.map(one_line).filter(|reason| !reason.is_empty());
    Flow { flow_id: wait.flow_id.as_str(), state, status, reason }
}

impl std::fmt::Display for Flow<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.flow_id, self.state)?;
        if let Some(status) = self.status.filter(|_| self.state != "signed") {
            write!(f, " {status}")?;
        }
        match &self.reason {
            Some(reason) => write!(f, ": {reason}"),
            None => Ok(()),
        }
    }
}
