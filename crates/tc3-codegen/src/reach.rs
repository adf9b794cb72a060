//! Reachability of objects: direction, groups of actions, and recursion.

use std::collections::{BTreeMap, BTreeSet};

use crate::apply::Model;
use crate::spec::Spec;

/// Actions that reach an object.
#[derive(Debug, Default, Clone)]
pub(crate) struct Reach<'a> {
    /// `true` if a request reaches it.
    pub(crate) request: bool,
    /// `true` if a response reaches it.
    pub(crate) response: bool,
    /// Groups of the actions that reach it.
    pub(crate) groups: BTreeSet<&'a str>,
}

/// Returns the reachability of every object that an action reaches.
pub(crate) fn reach<'a>(model: &Model<'a>) -> BTreeMap<&'a str, Reach<'a>> {
    let mut all: BTreeMap<&str, Reach<'_>> = BTreeMap::new();
    for (name, action) in &model.spec.actions {
        for (root, is_request) in [(&action.request, true), (&action.response, false)] {
            for object in closure(model.spec, root) {
                let reach = all.entry(object).or_default();
                reach.request |= is_request;
                reach.response |= !is_request;
                reach.groups.extend(model.group(name));
            }
        }
    }
    all
}

/// Returns `root` and all objects below it.
pub(crate) fn closure<'a>(spec: &'a Spec, root: &'a str) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::from([root]);
    let mut open = vec![root];
    while let Some(object) = open.pop() {
        for of in spec.objects.get(object).into_iter().flatten().filter_map(|m| m.of.as_deref()) {
            if spec.objects.contains_key(of) && found.insert(of) {
                open.push(of);
            }
        }
    }
    found
}

/// Returns whether a value of `inner` can contain a value of `outer` other than through an array, so that
/// `outer` needs indirection for `inner`.
pub(crate) fn contains(spec: &Spec, inner: &str, outer: &str) -> bool {
    let mut found = BTreeSet::from([inner]);
    let mut open = vec![inner];
    while let Some(object) = open.pop() {
        if object == outer {
            return true;
        }
        for field in spec.objects.get(object).into_iter().flatten() {
            if field.kind == "object"
                && let Some(of) = field.of.as_deref()
                && found.insert(of)
            {
                open.push(of);
            }
        }
    }
    false
}
