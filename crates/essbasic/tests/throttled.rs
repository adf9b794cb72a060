//! Independent clients that share the rate limit of an account: all calls succeed before their deadline.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::thread;

use essbasic_emulator::Emulator;

use crate::support::{Driver, config, the_agent};

const CALLS: usize = 30;
/// Rate limit of the service for all clients together, in calls per second.
const RATE: usize = 10;

/// Makes one call with each of `CALLS` clients concurrently, and returns the number of throttled attempts.
fn concurrent_calls(client: impl Fn(&Emulator) -> Driver) -> u64 {
    let emulator = Emulator::builder().with_rate_limit(Some(RATE)).start().unwrap();
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
    assert!(concurrent_calls(|emulator| Driver::blocking(&config(emulator), &the_agent())) > 0);
}

#[test]
fn throttled_calls_of_async_clients_all_succeed() {
    assert!(concurrent_calls(|emulator| Driver::on_reqwest(&config(emulator), &the_agent())) > 0);
}
