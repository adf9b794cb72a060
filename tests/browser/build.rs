//! Sets the path of the built command, which cargo sets for the tests of its own package only.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-env-changed=ESSBASIC");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(""));
    let built = root.join("target/debug/essbasic");
    let command = std::env::var("ESSBASIC").unwrap_or_else(|_| built.display().to_string());
    println!("cargo::rustc-env=CARGO_BIN_EXE_essbasic={command}");
}
