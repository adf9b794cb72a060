//! Lists of flow IDs.

use std::collections::HashSet;

pub(crate) fn collect<I>(flows: I) -> Vec<String>
where
    I: IntoIterator,
    I::Item: Into<String>,
{
    flows.into_iter().map(Into::into).collect()
}

/// Returns each ID once, in the order of first occurrence.
pub(crate) fn distinct(flow_ids: &[String]) -> Vec<String> {
    let mut seen = HashSet::new();
    flow_ids.iter().filter(|id| seen.insert(id.as_str())).cloned().collect()
}
