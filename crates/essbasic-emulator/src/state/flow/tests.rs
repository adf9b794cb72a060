use super::*;

const AT: fn(u64) -> Duration = Duration::from_secs;

fn flow(parties: usize, unordered: bool) -> Flow {
    let party = |index: usize| Party { name: index.to_string(), ..Party::default() };
    let parties = (0..parties).map(party).collect();
    let terms = Terms { parties, unordered, ..Terms::default() };
    Flow::new("f".into(), Arc::new(terms), Duration::ZERO, AT(100))
}

#[test]
fn a_contract_is_signed_in_any_order_where_it_may_and_composed_seconds_later() {
    let mut flow = flow(2, true);
    assert_eq!(flow.status(AT(0)), Status::Init);
    assert_eq!(flow.sign(Who::Named("1"), AT(10)), Ok(1));
    assert_eq!(flow.status(AT(10)), Status::Part);
    assert_eq!(flow.sign(Who::Named("1"), AT(10)), Err(Refusal::NoSuchParty));
    assert_eq!(flow.sign(Who::Next, AT(20)), Ok(0));
    assert_eq!(flow.status(AT(20)), Status::All);
    assert_eq!(flow.composed(AT(20)), 1);
    assert_eq!(flow.composed(Duration::from_millis(20_999)), 1);
    assert_eq!(flow.composed(AT(24)), 2);
    assert_eq!(flow.composed(flow.due().unwrap()), 2);
    assert_eq!(flow.sign(Who::Next, AT(20)), Err(Refusal::Ended(Status::All)));
    assert_eq!(flow.status(AT(1000)), Status::All);
}

#[test]
fn parties_sign_one_after_the_other_unless_told_otherwise() {
    let mut flow = flow(3, false);
    assert_eq!(flow.sign(Who::At(1), AT(1)), Err(Refusal::NotTheirTurn));
    assert_eq!(flow.sign(Who::Named("2"), AT(1)), Err(Refusal::NotTheirTurn));
    assert_eq!(flow.sign(Who::At(3), AT(1)), Err(Refusal::NoSuchParty));
    for place in 0..3 {
        assert_eq!(flow.sign(Who::At(place), AT(1)), Ok(place));
    }
}

#[test]
fn a_partys_own_deadline_holds_for_it_alone() {
    let mut flow = flow(2, true);
    flow.progress[0].deadline = Some(AT(10));
    assert_eq!(flow.sign(Who::At(0), AT(10)), Err(Refusal::TooLate));
    assert_eq!((flow.standing(0, AT(10)), flow.standing(1, AT(10))), ("DEADLINE", "PENDING"));
    assert_eq!(flow.sign(Who::At(1), AT(10)), Ok(1));
    assert_eq!(flow.status(AT(10)), Status::Part);
}

#[test]
fn the_one_that_refuses_is_told_from_those_it_stops() {
    let mut flow = flow(3, false);
    flow.sign(Who::Next, AT(1)).unwrap();
    flow.refuse(Who::At(2), "why", AT(2)).unwrap();
    let standings: Vec<_> = (0..3).map(|place| flow.standing(place, AT(3))).collect();
    assert_eq!(standings, ["ACCEPT", "STOP", "REJECT"]);
    assert_eq!((flow.status(AT(3)), flow.reason(), flow.due()), (Status::Reject, "why", None));
}

#[test]
fn ends_are_reached_only_from_where_they_can_be() {
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
        all.sign(Who::Next, AT(1)).unwrap();
        assert_eq!(all.end(end, "why", AT(2)).is_ok(), from_all, "{end:?}");
    }
    let mut late = flow(1, false);
    late.end(Status::Deadline, "", AT(5)).unwrap();
    assert_eq!(late.status(AT(5)), Status::Deadline);
    assert_eq!(flow(1, false).status(AT(100)), Status::Deadline);
    assert_eq!(flow(1, false).end(Status::All, "", AT(1)), Err(Refusal::NoEnd(Status::All)));
}
