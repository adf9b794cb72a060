//! The SDK against the emulator, and against scripted transports and stores.

#[macro_use]
mod support;

mod archive;
mod crate_page;
mod emulator_faults;
mod encryption;
mod errors;
mod examples;
mod faults;
mod hostile;
mod object_store;
mod one_contract;
mod pages;
mod planted;
mod read_pdf;
mod resumed;
mod scripted;
mod shared_clients;
mod sink_aborts;
mod sinks;
mod start;
mod stopped;
mod tasks;
mod termination;
mod throttled;
mod workflows;
