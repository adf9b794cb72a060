//! The decisions of the cache, on a timeline.

use super::*;

fn at(seconds: u64) -> Now {
    Now { unix: Duration::from_secs(1_000_000 + seconds), monotonic: Duration::from_secs(seconds) }
}

fn valid(credential: Credential) -> ValidCredential {
    ValidCredential::new(credential, "test").unwrap()
}

fn until(name: &str, seconds: u64) -> ValidCredential {
    valid(Credential::new(name, "k").with_expiry(at(seconds).unix))
}

fn failed() -> Result<ValidCredential, CredentialError> {
    Err(CredentialError::new("test", "down").transient())
}

/// What is answered at this moment: the id in use, `+` where it is to be renewed, `!` where nothing
/// can be used.
fn ask(state: &State, seconds: u64) -> String {
    match state.ask(at(seconds), None) {
        Ask::Use(credential) => credential.signer().secret_id().to_owned(),
        Ask::Refresh(Some(old), _) => format!("{}+", old.signer().secret_id()),
        Ask::Refresh(None, _) => "!".to_owned(),
    }
}

#[test]
fn renewed_five_minutes_before_the_end() {
    let mut state = State::default();
    assert_eq!(ask(&state, 0), "!");
    state.finish(at(0), None, Ok(until("a", 7200))).unwrap();
    assert_eq!([ask(&state, 6899), ask(&state, 6900), ask(&state, 7199)], ["a", "a+", "a+"]);
    assert_eq!(ask(&state, 7200), "!");
    state.finish(at(6900), Some(until("a", 7200)), Ok(until("b", 14_000))).unwrap();
    assert_eq!([ask(&state, 6900), ask(&state, 7200)], ["b", "b"]);
}

#[test]
fn a_failed_renewal_keeps_the_old_one_and_pauses() {
    let mut state = State::default();
    let old = until("a", 7200);
    state.finish(at(0), None, Ok(old.clone())).unwrap();
    let kept = state.finish(at(6900), Some(old.clone()), failed()).unwrap();
    assert!(kept.is_same(&old));
    assert_eq!([ask(&state, 6909), ask(&state, 6910)], ["a", "a+"]);
    // It ended while the renewal was under way.
    assert!(state.finish(at(7201), Some(old), failed()).is_err());
    assert_eq!(ask(&state, 7202), "!");
}

#[test]
fn keys_that_live_shorter_than_the_margin_are_not_asked_for_at_every_call() {
    let mut state = State::default();
    state.finish(at(0), None, Ok(until("a", 60))).unwrap();
    assert_eq!([ask(&state, 9), ask(&state, 10), ask(&state, 60)], ["a", "a+", "!"]);
    // The clock is ahead by more than they live.
    state.finish(at(100), None, Ok(until("b", 50))).unwrap();
    assert_eq!([ask(&state, 101), ask(&state, 110)], ["b", "!"]);
}

#[test]
fn keys_without_an_end_last() {
    let mut state = State::default();
    state.finish(at(0), None, Ok(valid(Credential::new("a", "k")))).unwrap();
    assert_eq!(ask(&state, u64::MAX >> 32), "a");
}

#[test]
fn a_refused_credential_is_renewed_once_for_all_who_met_the_refusal() {
    let mut state = State::default();
    let old = until("a", 7200);
    state.finish(at(0), None, Ok(old.clone())).unwrap();
    let Ask::Refresh(None, seen) = state.ask(at(1), Some(&old)) else { panic!() };
    assert!(state.settled(at(1), Some(&old), seen).is_none());
    state.finish(at(2), None, Ok(until("b", 7200))).unwrap();
    // Those who waited, and those who met the old one's refusal late.
    let settled = state.settled(at(2), Some(&old), seen).unwrap().unwrap();
    assert_eq!(settled.signer().secret_id(), "b");
    assert!(
        matches!(state.ask(at(3), Some(&old)), Ask::Use(new) if new.signer().secret_id() == "b")
    );
}

#[test]
fn those_who_waited_share_the_outcome() {
    let mut state = State::default();
    let Ask::Refresh(None, seen) = state.ask(at(0), None) else { panic!() };
    state.finish(at(1), None, failed()).unwrap_err();
    assert!(state.settled(at(1), None, seen).unwrap().is_err());
    // One who came after the failure tries anew.
    assert!(state.settled(at(1), None, 1).is_none());
    // The source gave the refused keys again: those who waited are told so, not sent again.
    let same = until("a", 7200);
    state.finish(at(2), None, Ok(same.clone())).unwrap();
    assert!(state.settled(at(2), Some(&same), 1).unwrap().unwrap().is_same(&same));
}
