//! The emulator that serves the contracts.

use std::io::Read as _;

use essbasic_emulator::{Emulator, Seed};

/// Prints the endpoint and serves until the standard input ends.
pub(super) fn run(flows: usize, bytes: usize) {
    let builder = Emulator::builder().seed(Seed::completed(flows)).pdf_size(bytes);
    let emulator = builder.rate_limit(None).start().unwrap();
    println!("{}", emulator.endpoint());
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
