//! Makes calls with another crate, for `cargo xtask bench`.

use std::process::ExitCode;

fn main() -> ExitCode {
    peers::main(None)
}
