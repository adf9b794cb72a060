//! The command `essbasic-server`.

use std::process::ExitCode;

fn main() -> ExitCode {
    essbasic_server::main()
}
