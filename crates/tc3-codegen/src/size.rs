//! Sizes of the types of objects. Large objects inside others are boxed: by value, a few levels of them
//! would overflow the stack of the thread that decodes a response.

use std::collections::BTreeMap;

use crate::spec::{FieldSpec, Spec};

/// Maximum size of an object that is stored by value, in bytes.
const LARGE: usize = 1024;

/// Approximate size of each object's type, in bytes.
pub(crate) struct Sizes<'a>(BTreeMap<&'a str, usize>);

impl<'a> Sizes<'a> {
    pub(crate) fn of(spec: &'a Spec) -> Self {
        let mut sizes = Self(BTreeMap::new());
        for object in spec.objects.0.keys() {
            sizes.measure(spec, object);
        }
        sizes
    }

    /// Measures inner objects first. Iterative, since the nesting of a spec is unbounded.
    fn measure(&mut self, spec: &'a Spec, object: &'a str) {
        let mut open = vec![object];
        while let Some(&object) = open.last() {
            if self.0.contains_key(object) {
                open.pop();
                continue;
            }
            let fields = spec.objects.get(object).map_or(&[][..], Vec::as_slice);
            let inner = fields.iter().filter_map(|field| inline(field));
            let unknown = inner.filter(|of| !self.0.contains_key(of) && !open.contains(of));
            let unknown: Vec<&str> = unknown.collect();
            if unknown.is_empty() {
                let size = fields.iter().map(|field| self.field(field)).sum();
                self.0.insert(object, size);
                open.pop();
            } else {
                open.extend(unknown);
            }
        }
    }

    fn field(&self, field: &FieldSpec) -> usize {
        match (field.kind.as_str(), inline(field)) {
            // A recursive object is always boxed, and not yet measured.
            (_, Some(of)) => self.0.get(of).copied().filter(|size| *size <= LARGE).unwrap_or(8),
            ("int64" | "uint64" | "float", _) => 16,
            ("bool", _) => 1,
            _ => 24,
        }
    }

    /// Returns whether the object is boxed inside other objects.
    pub(crate) fn is_large(&self, object: &str) -> bool {
        self.0.get(object).is_some_and(|size| *size > LARGE)
    }
}

/// Returns the object that a field contains by value.
fn inline(field: &FieldSpec) -> Option<&str> {
    field.of.as_deref().filter(|_| field.kind == "object")
}
