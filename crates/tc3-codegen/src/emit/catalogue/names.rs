//! Names and modules of the items of the catalogue.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::Ident;

use crate::emit::ident;
use crate::ir::Ir;
use crate::lower::SHARED;
use crate::names;

/// Module and name of an item, such as `flows` and `DESCRIBE_FLOW_INFO`.
pub(super) struct Place {
    pub(super) module: String,
    pub(super) name: Ident,
}

/// Places of all items. Names are unique across modules, so that any of them can be imported.
pub(super) struct Places<'a> {
    actions: BTreeMap<&'a str, Place>,
    /// Objects and value sets, by the names of their types.
    types: BTreeMap<&'a str, Place>,
}

impl<'a> Places<'a> {
    pub(super) fn of(ir: &'a Ir<'_>) -> Self {
        let mut taken = BTreeSet::new();
        let mut place = |name: &str, module: &str| Place {
            module: module.to_owned(),
            name: unique(name, &mut taken),
        };
        let actions = ir.actions.iter().map(|action| {
            let module = action.group.as_deref().unwrap_or(SHARED);
            (action.name.as_str(), place(&action.name, module))
        });
        let actions = actions.collect();
        let structs = ir.structs.iter().map(|item| (item.ident.as_str(), item.module.as_str()));
        let enums = ir.enums.iter().map(|set| (set.ident.as_str(), set.module.as_str()));
        let types =
            structs.chain(enums).map(|(name, module)| (name, place(name, module))).collect();
        Self { actions, types }
    }

    pub(super) fn action(&self, name: &str) -> Option<&Place> {
        self.actions.get(name)
    }

    /// Returns the place of an object or a value set.
    pub(super) fn of_type(&self, name: &str) -> Option<&Place> {
        self.types.get(name)
    }
}

/// Returns the name in upper case, with a number if it is taken.
fn unique(name: &str, taken: &mut BTreeSet<String>) -> Ident {
    let stem = names::snake(name.trim_start_matches("r#")).to_uppercase();
    let numbered = (2_usize..).map(|number| format!("{stem}_{number}"));
    for candidate in std::iter::once(stem.clone()).chain(numbered) {
        if let Some(candidate) = names::ident(&candidate)
            && taken.insert(candidate.clone())
        {
            return ident(&candidate);
        }
    }
    ident("UNNAMED")
}
