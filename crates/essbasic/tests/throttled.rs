//! Clients that do not know of each other share an account's rate: all calls succeed within their time limit.

#![allow(clippy::unwrap_used, reason = "a failed assumption is a failed test")]

mod support;

use std::thread;

use essbasic_emulator::Emulator;
use support::{Driver, config, the_agent};

const CALLS: usize = 30;
/// Calls per second that the service allows, of all clients together.
const RATE: usize = 10;

/// Makes one call with each of as many clients, all at once, and returns how many were throttled on the way.
fn calls_at_once(client: impl Fn(&Emulator) -> Driver) -> u64 {
    let emulator = Emulator::builder().rate_limit(Some(RATE)).start().unwrap();
    let flow = emulator.completed_flows().remove(0);
    let clients: Vec<_> = (0..CALLS).map(|_| client(&emulator)).collect();
    thread::scope(|scope| {
        for client in &clients {
            let flow = flow.as_str();
            scope.spawn(move || assert_eq!(call!(client, links([flow])).unwrap().len(), 1));
        }
    });
    emulator.stats().rejected.get("RequestLimitExceeded").copied().unwrap_or_default()
}

#[test]
fn throttled_calls_of_blocking_clients_all_succeed() {
    assert!(calls_at_once(|emulator| Driver::blocking(&config(emulator), &the_agent())) > 0);
}

#[test]
fn throttled_calls_of_async_clients_all_succeed() {
    assert!(calls_at_once(|emulator| Driver::tasks(&config(emulator), &the_agent())) > 0);
}
