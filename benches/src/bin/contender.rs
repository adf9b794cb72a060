//! One side of a comparison: see `cargo xtask bench`.

use std::process::ExitCode;

fn main() -> ExitCode {
    workspace_benches::contenders::main(None)
}
