//! The `essbasic` command.
fn main() {}
