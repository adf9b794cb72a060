//! Makes calls with one client, for `cargo xtask bench`.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench::competitors::main(None)
}
