//! Related actions: those that the documentation mentions, and those about the same subject.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use essbasic::catalogue::{ActionMeta, ObjectMeta};
use essbasic::models::CATALOGUE;

use super::object::object_of;

/// Maximum number of related actions.
const MAX: usize = 8;

/// Minimum weight of a related action.
const MIN_WEIGHT: f64 = 1.0;

/// Weight of a mention in the documentation of the action, and in that of its fields.
const MENTION: f64 = 6.0;
const MENTION_OF_FIELD: f64 = 2.0;

/// Returns the names of related actions, the closest first.
pub(super) fn to(action: &ActionMeta) -> Vec<&'static str> {
    RELATED.get(action.info.name).cloned().unwrap_or_default()
}

static RELATED: LazyLock<BTreeMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let subjects: Vec<Subject> = CATALOGUE.actions.iter().map(Subject::new).collect();
    let mut users = BTreeMap::<&str, u32>::new();
    for term in subjects.iter().flat_map(|subject| &subject.terms) {
        *users.entry(term).or_default() += 1;
    }
    let related = |one: &Subject| {
        let mut others: Vec<(f64, &str)> = (subjects.iter())
            .filter(|other| other.name != one.name)
            .map(|other| (one.weight(other, &users), other.name))
            .filter(|(weight, _)| *weight >= MIN_WEIGHT)
            .collect();
        others.sort_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| x.cmp(y)));
        others.into_iter().take(MAX).map(|(_, name)| name).collect()
    };
    subjects.iter().map(|subject| (subject.name, related(subject))).collect()
});

struct Subject {
    name: &'static str,
    group: &'static str,
    /// Nouns of the name, and objects of the request and the response.
    terms: BTreeSet<&'static str>,
    /// Names in the documentation.
    mentioned: BTreeSet<&'static str>,
    /// Names in the documentation of fields.
    mentioned_by_fields: BTreeSet<&'static str>,
}

impl Subject {
    fn new(action: &'static ActionMeta) -> Self {
        let name = action.info.name;
        let mut terms: BTreeSet<&str> = nouns(name).collect();
        let mut mentioned_by_fields = BTreeSet::new();
        for object in [action.request, action.response] {
            for field in object.fields {
                mentioned_by_fields.extend(names_in(field.doc));
                terms.extend(object_of(field.ty).map(|object: &ObjectMeta| object.name));
            }
        }
        let mentioned = names_in(action.doc).collect();
        Self { name, group: action.group, terms, mentioned, mentioned_by_fields }
    }

    fn weight(&self, other: &Self, users: &BTreeMap<&str, u32>) -> f64 {
        let mentions = |by: &BTreeSet<&str>, of: &Self, weight| {
            if by.contains(of.name) { weight } else { 0.0 }
        };
        // A term of few actions relates them more than one of many.
        let shared = self.terms.intersection(&other.terms);
        let shared: f64 =
            shared.filter_map(|term| users.get(term)).map(|users| 4.0 / f64::from(*users)).sum();
        mentions(&self.mentioned, other, MENTION)
            + mentions(&other.mentioned, self, MENTION)
            + mentions(&self.mentioned_by_fields, other, MENTION_OF_FIELD)
            + mentions(&other.mentioned_by_fields, self, MENTION_OF_FIELD)
            + shared
            + if self.group == other.group { 0.5 } else { 0.0 }
    }
}

/// Returns the nouns of an action's name.
fn nouns(name: &'static str) -> impl Iterator<Item = &'static str> {
    const OTHER: [&str; 15] = [
        "Channel", "Create", "Describe", "Get", "Delete", "Modify", "Update", "Batch", "By", "For",
        "With", "Info", "Url", "Urls", "Operate",
    ];
    let starts = name.char_indices().filter(|(_, c)| c.is_ascii_uppercase()).map(|(at, _)| at);
    let ends = starts.clone().skip(1).chain([name.len()]);
    let parts = starts.zip(ends).filter_map(move |(start, end)| name.get(start..end));
    let singular = |part: &'static str| part.strip_suffix('s').unwrap_or(part);
    parts.filter(|part| part.len() > 2 && !OTHER.contains(part)).map(singular)
}

/// Returns the actions that a documentation names in backquotes.
fn names_in(doc: &str) -> impl Iterator<Item = &'static str> {
    let quoted = doc.split('`').skip(1).step_by(2);
    quoted.filter_map(|name| CATALOGUE.action(name)).map(|action| action.info.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_of_one_flow_are_related() {
        for (action, expected) in [
            ("CreateFileConvertTask", "DescribeFileConvertTask"),
            ("DescribeFileConvertTask", "CreateFileConvertTask"),
            ("UploadFiles", "ChannelCreateFlowByFiles"),
            ("ChannelCreateFlowByFiles", "UploadFiles"),
            ("ChannelBatchCancelFlows", "DescribeCancelFlowsTask"),
            ("CreateChannelFlowEvidenceReport", "DescribeChannelFlowEvidenceReport"),
            ("ChannelCreateRole", "ChannelDescribeRoles"),
            ("ChannelCreateSealPolicy", "ChannelDeleteSealPolicies"),
        ] {
            let related = to(CATALOGUE.action(action).unwrap());
            assert!(related.contains(&expected), "{action}: {related:?}");
        }
        for action in CATALOGUE.actions {
            let related = to(action);
            assert!(related.len() <= MAX && !related.contains(&action.info.name));
        }
        let some = CATALOGUE.actions.iter().filter(|action| !to(action).is_empty()).count();
        assert!(some > 90, "{some}");
    }
}
