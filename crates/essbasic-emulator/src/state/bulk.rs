//! Generated completed contracts.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::State;
use super::flow::{Signer, TransitionError};
use super::terms::{NewFlow, Terms};

/// Prefix of the ids of generated contracts.
pub(super) const ID_PREFIX: &str = "yDEmuBulk";

/// Age of the contracts of a seed at the start. They are signed soon after their creation, so that their files
/// are composed.
pub(super) const AGE: Duration = Duration::from_secs(3600);

const TITLES: [&str; 5] = ["购销合同", "房屋租赁合同", "劳动合同", "保密协议", "技术服务协议"];

/// Creates and signs the contracts of these numbers, counted from zero.
///
/// Contracts with the same title share their terms. A contract takes little more memory than its id and the
/// times of its signatures.
pub(super) fn generate(
    state: &mut State,
    numbers: Range<usize>,
    [app_id, organization, company]: [&str; 3],
    now: Duration,
) -> Result<(), TransitionError> {
    let terms = |title: &str| {
        let mut new = NewFlow::new(app_id, organization, "");
        new.name = title.to_owned();
        new.parties = vec![("典子谦".into(), Some(company.to_owned())), ("李四".into(), None)];
        let mut terms: Terms = new.into_terms();
        for party in terms.parties.iter_mut().filter(|party| party.organization.is_some()) {
            organization.clone_into(&mut party.organization_id);
        }
        Arc::new(Terms { numbered: true, ..terms })
    };
    let terms = TITLES.map(terms);
    let created = now.saturating_sub(AGE);
    state.reserve(numbers.len());
    for (number, terms) in numbers.zip(terms.iter().cycle()) {
        let id = format!("{ID_PREFIX}{:023}", number + 1);
        state.insert(&id, Arc::clone(terms), created.saturating_add(2 * AGE), created);
        for minute in 1..=terms.parties.len() as u64 {
            let at = created.saturating_add(Duration::from_secs(60 * minute));
            state.sign(&id, Signer::Next, at.min(now))?;
        }
        state.process_due(now);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::flow::Status;

    #[test]
    fn generated_contracts_share_terms_and_have_no_file() {
        let mut state = State::default();
        let now = Duration::from_secs(1_700_000_000);
        generate(&mut state, 0..100_000, ["a", "o", "c"], now).unwrap();
        assert_eq!(state.flows().count(), 100_000);
        let terms: std::collections::HashSet<_> =
            state.flows().map(|flow| Arc::as_ptr(&flow.terms)).collect();
        assert_eq!(terms.len(), TITLES.len());
        assert_eq!(state.next_due(), None);
        let last = state.flow("yDEmuBulk00000000000000000100000").unwrap();
        assert_eq!((last.status(now), last.composed_signatures(now)), (Status::All, 2));
        assert!(state.flows().all(|flow| flow.terms.file.is_none()));
        assert!(size_of_val(last) + size_of_val(&*last.progress) <= 256);
    }
}
