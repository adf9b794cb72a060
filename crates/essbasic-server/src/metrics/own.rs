//! Metrics of this process, without those of the ledger.

/// Metrics that are numbers of the ledger, the same for all replicas.
const LEDGER: [&str; 6] =
    ["contracts", "oldest_due_seconds", "forward_backlog", "forward_dead", "paused", "workers"];

/// Returns the lines that are not about the ledger.
pub(super) fn without_ledger(text: &str) -> String {
    text.split_inclusive('\n').filter(|line| !is_of_ledger(line)).collect()
}

/// Returns whether a line, also a comment, is about a metric of the ledger.
fn is_of_ledger(line: &str) -> bool {
    let comment =
        ["# HELP ", "# TYPE ", "# UNIT "].iter().find_map(|start| line.strip_prefix(start));
    let name = comment.unwrap_or(line).strip_prefix("essbasic_").unwrap_or_default();
    LEDGER.contains(&name.split([' ', '{', '\n']).next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::Metrics;
    use crate::ledger::Counts;

    #[test]
    fn numbers_of_an_unavailable_ledger_are_omitted() {
        let metrics = Metrics::new(vec!["billing".to_owned()], true);
        metrics.set_counts(&Counts { open: 3, ..Counts::default() });
        for is_up in [false, true] {
            metrics.set_store_up(is_up);
            let (all, own) = (metrics.encode().unwrap(), metrics.encode_without_ledger().unwrap());
            let up = format!("essbasic_store_up {}", i64::from(is_up));
            for text in [&all, &own] {
                assert!(text.lines().any(|line| line == up), "{text}");
                assert!(text.contains("essbasic_callbacks_total") && text.ends_with("# EOF\n"));
            }
            for name in [
                "essbasic_contracts",
                "essbasic_oldest_due",
                "essbasic_forward_",
                "essbasic_workers",
            ] {
                assert!(all.contains(name) && !own.contains(name), "{name}\n{own}");
            }
            assert!(own.contains("essbasic_forwards_total"), "{own}");
        }
    }
}
