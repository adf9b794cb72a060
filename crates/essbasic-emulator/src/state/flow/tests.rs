use super::*;

const AT: fn(u64) -> Duration = Duration::from_secs;

fn flow(parties: usize, unordered: bool) -> Flow {
    let party = |index: usize| Party { name: index.to_string(), ..Party::default() };
    let parties = (0..parties).map(party).collect();
    let terms = Terms { parties, unordered, ..Terms::default() };
    Flow::new("f".into(), Arc::new(terms), Duration::ZERO, AT(100))
}

#[test]
fn an_unordered_contract_is_signed_in_any_order_and_composed_seconds_later() {
    let mut flow = flow(2, true);
    assert_eq!(flow.status(AT(0)), Status::Init);
    assert_eq!(flow.sign(Signer::Named("1"), AT(10)), Ok(1));
    assert_eq!(flow.status(AT(10)), Status::Part);
    assert_eq!(flow.sign(Signer::Named("1"), AT(10)), Err(TransitionError::NoSuchParty));
    assert_eq!(flow.sign(Signer::Next, AT(20)), Ok(0));
    assert_eq!(flow.status(AT(20)), Status::All);
    assert_eq!(flow.composed_signatures(AT(20)), 1);
    assert_eq!(flow.composed_signatures(Duration::from_millis(20_999)), 1);
    assert_eq!(flow.composed_signatures(AT(24)), 2);
    assert_eq!(flow.composed_signatures(flow.due().unwrap()), 2);
    assert_eq!(flow.sign(Signer::Next, AT(20)), Err(TransitionError::Ended(Status::All)));
    assert_eq!(flow.status(AT(1000)), Status::All);
}

#[test]
fn parties_sign_in_order_by_default() {
    let mut flow = flow(3, false);
    assert_eq!(flow.sign(Signer::At(1), AT(1)), Err(TransitionError::NotTheirTurn));
    assert_eq!(flow.sign(Signer::Named("2"), AT(1)), Err(TransitionError::NotTheirTurn));
    assert_eq!(flow.sign(Signer::At(3), AT(1)), Err(TransitionError::NoSuchParty));
    for index in 0..3 {
        assert_eq!(flow.sign(Signer::At(index), AT(1)), Ok(index));
    }
}

#[test]
fn the_deadline_of_a_party_does_not_affect_others() {
    let mut flow = flow(2, true);
    flow.progress[0].deadline = Some(AT(10));
    assert_eq!(flow.sign(Signer::At(0), AT(10)), Err(TransitionError::DeadlinePassed));
    assert_eq!(
        (flow.approve_status(0, AT(10)), flow.approve_status(1, AT(10))),
        ("DEADLINE", "PENDING")
    );
    assert_eq!(flow.sign(Signer::At(1), AT(10)), Ok(1));
    assert_eq!(flow.status(AT(10)), Status::Part);
}

#[test]
fn the_rejecting_party_is_distinguished_from_the_stopped_ones() {
    let mut flow = flow(3, false);
    flow.sign(Signer::Next, AT(1)).unwrap();
    flow.reject(Signer::At(2), "why", AT(2)).unwrap();
    let statuses: Vec<_> = (0..3).map(|index| flow.approve_status(index, AT(3))).collect();
    assert_eq!(statuses, ["ACCEPT", "STOP", "REJECT"]);
    assert_eq!((flow.status(AT(3)), flow.reason(), flow.due()), (Status::Reject, "why", None));
}

#[test]
fn each_end_is_reached_only_from_certain_statuses() {
    for (end, from_open, from_all) in [
        (Status::Reject, true, false),
        (Status::Cancel, true, false),
        (Status::Deadline, true, false),
        (Status::Invalid, true, true),
        (Status::Relieved, false, true),
    ] {
        let mut open = flow(1, false);
        assert_eq!(open.end(end, "why", AT(1)).is_ok(), from_open, "{end:?}");
        let mut all = flow(1, false);
        all.sign(Signer::Next, AT(1)).unwrap();
        assert_eq!(all.end(end, "why", AT(2)).is_ok(), from_all, "{end:?}");
    }
    let mut late = flow(1, false);
    late.end(Status::Deadline, "", AT(5)).unwrap();
    assert_eq!(late.status(AT(5)), Status::Deadline);
    assert_eq!(flow(1, false).status(AT(100)), Status::Deadline);
    assert_eq!(
        flow(1, false).end(Status::All, "", AT(1)),
        Err(TransitionError::NotFinal(Status::All))
    );
}
