//! Archives contracts with one client, for `cargo xtask bench archive`.

use std::process::ExitCode;

fn main() -> ExitCode {
    bench::archive::main()
}
