//! One side of a comparison: see `cargo xtask bench`.

use std::process::ExitCode;

fn main() -> ExitCode {
    peers::main(None)
}
