//! Actions of a service that return pages, and those that almost do.

use std::path::Path;

use tc3_codegen::overlay::Docs;
use tc3_codegen::pages::{Detection, detect};
use tc3_codegen::spec::Spec;

use tc3_cli::{Error, read, read_optional, shown};

/// The actions of a spec folder.
#[derive(Default)]
pub(super) struct Pages {
    /// Number of actions that return pages.
    pub(super) found: usize,
    /// Actions that have a position and do not meet a rule, with the reason.
    pub(super) almost: Vec<(String, String)>,
}

impl Pages {
    /// Reads the spec and the documentation of a folder.
    pub(super) fn of(folder: &Path) -> Result<Self, Error> {
        let (spec_path, docs_path) = (folder.join("spec.json"), folder.join("docs.json"));
        let spec: Spec = tc3_codegen::parse(&shown(&spec_path), &read(&spec_path)?)?;
        let docs = read_optional(&docs_path)?
            .map(|text| tc3_codegen::parse::<Docs>(&shown(&docs_path), &text))
            .transpose()?;
        let mut pages = Self::default();
        for (name, action) in &spec.actions {
            match detect(&spec, docs.as_ref(), action) {
                Detection::Pages(_) => pages.found += 1,
                Detection::Almost(reason) => pages.almost.push((name.clone(), reason)),
                _ => {}
            }
        }
        Ok(pages)
    }
}
