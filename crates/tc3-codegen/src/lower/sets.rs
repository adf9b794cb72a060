//! Value sets and error codes.

use std::collections::{BTreeMap, BTreeSet};

use super::{VALUES, module_of};
use crate::apply::Model;
use crate::doc::code_text;
use crate::ir::{Code, Enum, Variant, Variants};
use crate::names::{camel, ident};
use crate::overlay::Wire;
use crate::problem::Problems;
use crate::reach::Reach;

/// Variant and associated functions that every value set has.
const RESERVED_VARIANTS: [&str; 4] = ["Unknown", "default", "from", "known"];

pub(super) fn codes(at: &mut Problems<'_>, model: &Model<'_>) -> Vec<Code> {
    let spec = model.spec;
    let all: BTreeSet<_> = spec.common_codes.keys().chain(spec.codes.keys()).collect();
    let mut taken: BTreeMap<String, &String> = BTreeMap::new();
    let mut codes = Vec::new();
    for code in all {
        let name = camel(code);
        match ident(&name) {
            Some(name) if name != "Unknown" => {
                if let Some(other) = taken.insert(name.clone(), code) {
                    at.add(
                        &["codes", code],
                        format!("duplicate Rust name `{name}`: also the name of `{other}`"),
                    );
                }
                let meaning = model.meaning(code).unwrap_or_default();
                codes.push(Code {
                    ident: name,
                    code: code.clone(),
                    description: meaning.trim_end_matches('.').to_owned(),
                    doc: code_text(model, code),
                    hint: model.hint(code).unwrap_or_default().to_owned(),
                    is_own_hint: model.own_hint(code).is_some(),
                });
            }
            _ => at.add(&["codes", code], "not a valid Rust name"),
        }
    }
    codes
}

pub(super) fn enums(
    at: &mut Problems<'_>,
    model: &Model<'_>,
    reached: &BTreeMap<&str, Reach<'_>>,
) -> Vec<Enum> {
    let mut enums = Vec::new();
    for (name, set) in &model.overlay.values {
        if ident(name).as_ref() != Some(name) {
            at.add(&["values", name], "not a valid Rust name");
        }
        let mut taken = BTreeSet::from(RESERVED_VARIANTS.map(str::to_owned));
        let (mut text, mut int) = (Vec::new(), Vec::new());
        for (index, value) in set.values.iter().enumerate() {
            let path = ["values", name, "values", &index.to_string()];
            let rule = match &value.value {
                Wire::Text(text) => camel(text),
                Wire::Int(_) => String::new(),
            };
            let Some(variant) = ident(value.name.as_ref().unwrap_or(&rule)) else {
                at.add(&path, "not a valid Rust name; set `name`");
                continue;
            };
            if !taken.insert(variant.clone()) {
                at.add(&path, format!("duplicate Rust name `{variant}`; set `name`"));
            }
            let doc = value.doc.clone();
            match &value.value {
                Wire::Text(value) => {
                    text.push(Variant { ident: variant, value: value.clone(), doc });
                }
                Wire::Int(value) => int.push(Variant { ident: variant, value: *value, doc }),
            }
        }
        let variants = if int.is_empty() { Variants::Text(text) } else { Variants::Int(int) };
        let objects = set.fields.iter().filter_map(|path| path.split_once('.'));
        let reach = objects.filter_map(|(object, _)| reached.get(object));
        let groups = reach.flat_map(|reach| reach.groups.iter().copied()).collect();
        let (module, features) = module_of(model, VALUES, &groups);
        enums.push(Enum { ident: name.clone(), doc: set.doc.clone(), module, features, variants });
    }
    enums
}
