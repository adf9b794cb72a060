//! Names of packages and services, which become names of folders and crates.

/// Longest name of a package, in characters.
const MAX_CHARS: usize = 64;

/// Names that cargo refuses, that are crates of the standard library or dependencies of a models crate, or that are
/// folders of a build.
const RESERVED: [&str; 14] = [
    "alloc",
    "build",
    "core",
    "deps",
    "examples",
    "generated",
    "incremental",
    "proc-macro",
    "proc_macro",
    "std",
    "test",
    "tc3-api",
    "tc3-catalogue",
    "tc3-json",
];

/// Returns the reason for which the name cannot be that of a new models crate; `None` if it can.
///
/// Upper-case letters are refused: rustc warns about such crates, and some file systems do not distinguish case.
pub(crate) fn refused_package(name: &str) -> Option<&'static str> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Some("it does not start with a lower-case letter");
    }
    if !name.chars().all(fits) {
        return Some("it contains a character other than lower-case letters, digits, `-` and `_`");
    }
    if name.len() > MAX_CHARS {
        return Some("it is longer than 64 characters");
    }
    if tc3_codegen::is_keyword(name) {
        return Some("it is a keyword of Rust");
    }
    if RESERVED.contains(&name) || RESERVED.contains(&&*name.replace('_', "-")) {
        return Some("it is reserved");
    }
    if tc3_codegen::is_device(name) {
        return Some("it is the name of a device on Windows");
    }
    None
}

/// Returns whether the text is the short name of a service, such as `cvm`.
pub(crate) fn is_service(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= MAX_CHARS
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages() {
        for name in ["cvm-models", "cvm_models", "a", "m20170312", "self-models", "com-models"] {
            assert_eq!(refused_package(name), None, "{name}");
        }
        for (name, why) in [
            ("", "start"),
            ("3d-models", "start"),
            ("-models", "start"),
            ("_models", "start"),
            ("Models", "start"),
            ("cvmModels", "character"),
            ("cvm models", "character"),
            ("cvm/models", "character"),
            ("cvm\\models", "character"),
            ("cvm.models", "character"),
            ("mod\u{e8}les", "character"),
            ("..", "start"),
            ("self", "keyword"),
            ("crate", "keyword"),
            ("async", "keyword"),
            ("gen", "keyword"),
            ("core", "reserved"),
            ("test", "reserved"),
            ("tc3-api", "reserved"),
            ("tc3_api", "reserved"),
            ("con", "device"),
            ("lpt1", "device"),
        ] {
            assert!(refused_package(name).is_some_and(|found| found.contains(why)), "{name}");
        }
        assert!(refused_package(&"a".repeat(65)).is_some());
    }

    #[test]
    fn services() {
        assert!(["cvm", "as", "iotvideo_2", "3d"].into_iter().all(is_service));
        assert!(!["", "..", "a/b", "a\\b", "a b", "a.b", "\u{6587}"].into_iter().any(is_service));
    }
}
