//! A specification with its documentation.

use std::path::Path;

use tc3_cli::{read_optional, shown};
use tc3_codegen::overlay::{Docs, Overlay};
use tc3_codegen::spec::Spec;

use crate::failure::Failure;

/// Specification of a service with its documentation.
pub(crate) struct Service {
    pub(crate) spec: Spec,
    pub(crate) overlay: Overlay,
    /// Documentation of the reference.
    docs: Docs,
}

impl Service {
    /// Reads the files of a folder. Only spec.json is required.
    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        let spec = folder.join("spec.json");
        if !spec.exists() {
            return Err(Failure::new(format!(
                "{} does not exist; give a folder from tc3 import with --spec",
                shown(&spec)
            )));
        }
        Ok(Self {
            spec: parsed(&spec)?.ok_or_else(|| Failure::new("spec.json has been removed"))?,
            overlay: parsed(&folder.join("overlay.json"))?.unwrap_or_default(),
            docs: parsed(&folder.join("docs.json"))?.unwrap_or_default(),
        })
    }

    /// Returns the documentation of an action.
    pub(crate) fn action(&self, name: &str) -> &str {
        let docs = [&self.overlay.docs, &self.docs];
        docs.iter().find_map(|docs| docs.actions.get(name)).map_or("", String::as_str)
    }

    /// Returns the documentation of an object.
    pub(crate) fn object(&self, name: &str) -> &str {
        let docs = [&self.overlay.docs, &self.docs];
        let found = docs.iter().find_map(|docs| docs.objects.get(name)?.doc.as_ref());
        found.map_or("", String::as_str)
    }

    /// Returns the documentation of a field.
    pub(crate) fn field(&self, object: &str, field: &str) -> &str {
        let docs = [&self.overlay.docs, &self.docs];
        let found = docs.iter().find_map(|docs| docs.objects.get(object)?.fields.get(field));
        found.or_else(|| self.overlay.docs.fields.get(field)).map_or("", String::as_str)
    }
}

fn parsed<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, Failure> {
    let Some(text) = read_optional(path)? else { return Ok(None) };
    tc3_codegen::parse(&shown(path), &text).map(Some).map_err(Failure::new)
}
