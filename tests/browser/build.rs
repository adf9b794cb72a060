//! Sets the paths of the built commands, which cargo sets for the tests of its own package only.

use std::path::Path;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new(""));
    for (name, variable) in [("essbasic", "ESSBASIC"), ("essbasic-server", "ESSBASIC_SERVER")] {
        println!("cargo::rerun-if-env-changed={variable}");
        let built = root.join("target/debug").join(name);
        let command = std::env::var(variable).unwrap_or_else(|_| built.display().to_string());
        println!("cargo::rustc-env=CARGO_BIN_EXE_{name}={command}");
    }
}
