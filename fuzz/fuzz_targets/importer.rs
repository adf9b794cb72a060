//! The importer: any reference gives a spec and documentation that the generator accepts, or errors.

#![no_main]

use arbitrary::{Result, Unstructured};
use fuzz::mutate;
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};
use tc3_codegen::overlay::{Docs, Overlay};
use tc3_codegen::reference::{ErrorCodes, Reference};
use tc3_codegen::{Input, Source, generate, missing_renames, parse};

const REFERENCE: &str = include_str!("../seeds/importer/reference.json");
const CODES: &str = include_str!("../seeds/importer/codes.json");

fuzz_target!(|data: &[u8]| {
    if data.starts_with(b"{") {
        let text = String::from_utf8_lossy(data);
        let (reference, codes) = text.split_once('\0').unwrap_or((&text, CODES));
        check(reference, codes);
    } else {
        // An input that is too short is not checked.
        let _ = check_mutated(&mut Unstructured::new(data));
    }
});

fn check_mutated(u: &mut Unstructured<'_>) -> Result<()> {
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let reference = mutate(read(REFERENCE), u)?.to_string();
    check(&reference, &mutate(read(CODES), u)?.to_string());
    Ok(())
}

fn check(reference: &str, codes: &str) {
    let codes = parse::<ErrorCodes>("codes.json", codes);
    let Ok(reference) = parse::<Reference>("api.json", reference) else { return };
    let docs: Docs = reference.docs();
    let Ok(mut spec) = reference.facts("api.json", "service", "schema") else { return };
    if let Ok(codes) = codes {
        let _ = codes.add_to(&mut spec);
    }
    let mut overlay = Overlay { schema: "schema".to_owned(), ..Overlay::default() };
    overlay.renames = missing_renames(&spec, &overlay);
    let [spec, overlay, docs] =
        [json!(spec), json!(overlay), json!(docs)].map(|value| value.to_string());
    let generated = generate(Input {
        spec: Source { name: "spec.json", text: &spec },
        overlay: Source { name: "overlay.json", text: &overlay },
        docs: Some(Source { name: "docs.json", text: &docs }),
        errors: None,
        provenance: "p",
    });
    match generated {
        Ok(output) => {
            for (path, text) in output.files {
                if let Err(error) = syn::parse_file(&text) {
                    panic!("{path}: {error}");
                }
            }
        }
        // The reference may contradict itself, but the importer's additions may not.
        Err(problems) => {
            for problem in problems {
                assert_eq!(problem.file, "spec.json", "{problem}");
                assert!(!problem.reason.contains("emitted no Rust"), "{problem}");
            }
        }
    }
}
