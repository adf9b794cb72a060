//! The emulator that serves the contracts.

use std::io::Read as _;

use essbasic_emulator::{Emulator, Seed};

/// Prints the endpoint and serves until the standard input ends.
pub(super) fn run(flows: usize, bytes: usize) {
    let builder = Emulator::builder().with_seed(Seed::completed(flows)).with_min_pdf_bytes(bytes);
    let emulator = builder.with_rate_limit(None).start().unwrap();
    println!("{}", emulator.endpoint());
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
