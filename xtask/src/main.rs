//! What the repository automates.
fn main() {}
