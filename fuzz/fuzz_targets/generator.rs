//! The generator: from any spec and overlay to files that are Rust, or to problems; the same each time.

#![no_main]

use arbitrary::{Result, Unstructured};
use fuzz::edited;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use tc3_codegen::overlay::Overlay;
use tc3_codegen::spec::Spec;
use tc3_codegen::{Input, Source, changelog, diff, generate, missing_renames, parse};

/// The pairs that the generator's own tests are about.
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
        // Where the input ends too soon there is nothing to check.
        let _ = shaped(&mut Unstructured::new(data));
    }
});

fn shaped(u: &mut Unstructured<'_>) -> Result<()> {
    let [old, overlay] = *u.choose(&PAIRS)?;
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let spec = edited(read(old), u)?.to_string();
    let overlay = edited(read(overlay), u)?.to_string();
    let generates = check(&spec, &overlay);
    let old: Spec = parse("old", old).unwrap();
    let Ok(new) = parse::<Spec>("new", &spec) else { return Ok(()) };
    let _ = changelog(&diff(&old, &new));
    // Of a spec that names a member twice the comparison is with the first.
    assert!(!generates || diff(&new, &new).is_empty());
    Ok(())
}

/// Whether files come of them.
fn check(spec: &str, overlay: &str) -> bool {
    let input = |overlay| Input {
        spec: Source { name: "spec.json", text: spec },
        overlay: Source { name: "overlay.json", text: overlay },
        docs: None,
        provenance: "*/ made\nup",
    };
    let generated = generate(input(overlay));
    match &generated {
        Ok(output) => {
            assert_eq!(generate(input(overlay)).as_ref(), Ok(output));
            for (path, text) in &output.files {
                assert!(!path.contains('/') && path.ends_with(".rs"), "{path:?}");
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
