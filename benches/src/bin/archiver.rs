//! One side of a comparison of archives: see `cargo xtask bench archive`.

use std::process::ExitCode;

fn main() -> ExitCode {
    workspace_benches::archive::main()
}
