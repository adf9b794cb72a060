//! The generator: any spec and overlay give files that are valid Rust, or errors, identical each time.

#![no_main]

use arbitrary::{Result, Unstructured};
use fuzz::mutate;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tc3_codegen::overlay::Overlay;
use tc3_codegen::spec::Spec;
use tc3_codegen::{Input, Source, changelog, diff, generate, missing_renames, parse};

/// Specs and overlays of the generator's own tests.
const PAIRS: [[&str; 2]; 3] = [
    [
        include_str!("../../crates/tc3-codegen/golden/adversarial/spec.json"),
        include_str!("../../crates/tc3-codegen/golden/adversarial/overlay.json"),
    ],
    [
        include_str!("../../crates/tc3-codegen/golden/described/spec.json"),
        include_str!("../../crates/tc3-codegen/golden/described/overlay.json"),
    ],
    [
        include_str!("../../crates/tc3-codegen/golden/grouped/spec.json"),
        include_str!("../../crates/tc3-codegen/golden/grouped/overlay.json"),
    ],
];

fuzz_target!(|data: &[u8]| {
    if data.starts_with(b"{") {
        let text = String::from_utf8_lossy(data);
        let (spec, overlay) = text.split_once('\0').unwrap_or((&text, PAIRS[2][1]));
        check(spec, overlay);
    } else {
        // An input that is too short is not checked.
        let _ = check_mutated(&mut Unstructured::new(data));
    }
});

fn check_mutated(u: &mut Unstructured<'_>) -> Result<()> {
    let [old, overlay] = *u.choose(&PAIRS)?;
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let spec = mutate(read(old), u)?.to_string();
    let overlay = mutate(read(overlay), u)?.to_string();
    let is_generated = check(&spec, &overlay);
    let old: Spec = parse("old", old).unwrap();
    let Ok(new) = parse::<Spec>("new", &spec) else { return Ok(()) };
    let _ = changelog(&diff(&old, &new));
    // If a spec has a field twice, the comparison uses the first, so a spec may differ from itself.
    assert!(!is_generated || diff(&new, &new).is_empty());
    Ok(())
}

/// Returns whether the path names a Rust file in the folder of the crate or in a subfolder.
fn is_plain(path: &str) -> bool {
    let names: Option<Vec<&str>> = path.strip_suffix(".rs").map(|path| path.split('/').collect());
    let is_name = |name: &&str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    names.is_some_and(|names| names.len() <= 2 && names.iter().all(is_name))
}

/// Checks the generator's output, and returns whether it generated files.
fn check(spec: &str, overlay: &str) -> bool {
    let input = |overlay| Input {
        spec: Source { name: "spec.json", text: spec },
        overlay: Source { name: "overlay.json", text: overlay },
        docs: None,
        errors: None,
        provenance: "*/ two\nlines",
    };
    let generated = generate(input(overlay));
    match &generated {
        Ok(output) => {
            assert_eq!(generate(input(overlay)).as_ref(), Ok(output));
            for (path, text) in &output.files {
                assert!(is_plain(path), "{path:?}");
                if let Err(error) = syn::parse_file(text) {
                    panic!("{path}: {error}");
                }
            }
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            assert!(problems.iter().all(|problem| !problem.reason.contains("emitted no Rust")));
        }
    }
    let (Ok(spec), Ok(mut overlay)) = (parse::<Spec>("s", spec), parse::<Overlay>("o", overlay))
    else {
        return false;
    };
    let found = missing_renames(&spec, &overlay);
    overlay.renames.extend(found);
    assert!(missing_renames(&spec, &overlay).is_empty());
    generated.is_ok()
}
