//! Tests of the refresh policy over time.

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
    Err(CredentialError::new("test", "unavailable").transient())
}

/// Returns the SecretId to use, with `+` if a refresh is due, or `!` if there is no valid credential.
fn lookup(state: &State, seconds: u64) -> String {
    match state.lookup(at(seconds), None) {
        Lookup::Use(credential) => credential.signer().secret_id().to_owned(),
        Lookup::Refresh(Some(current), _) => format!("{}+", current.signer().secret_id()),
        Lookup::Refresh(None, _) => "!".to_owned(),
    }
}

#[test]
fn refreshes_five_minutes_before_expiry() {
    let mut state = State::default();
    assert_eq!(lookup(&state, 0), "!");
    state.complete(at(0), None, Ok(until("a", 7200))).unwrap();
    assert_eq!(
        [lookup(&state, 6899), lookup(&state, 6900), lookup(&state, 7199)],
        ["a", "a+", "a+"]
    );
    assert_eq!(lookup(&state, 7200), "!");
    state.complete(at(6900), Some(until("a", 7200)), Ok(until("b", 14_000))).unwrap();
    assert_eq!([lookup(&state, 6900), lookup(&state, 7200)], ["b", "b"]);
}

#[test]
fn keeps_the_current_credential_if_a_refresh_fails() {
    let mut state = State::default();
    let old = until("a", 7200);
    state.complete(at(0), None, Ok(old.clone())).unwrap();
    let kept = state.complete(at(6900), Some(old.clone()), failed()).unwrap();
    assert!(kept.is_same(&old));
    assert_eq!([lookup(&state, 6909), lookup(&state, 6910)], ["a", "a+"]);
    // It expired while the refresh was in flight.
    assert!(state.complete(at(7201), Some(old), failed()).is_err());
    assert_eq!(lookup(&state, 7202), "!");
}

#[test]
fn does_not_fetch_short_lived_keys_for_each_call() {
    let mut state = State::default();
    state.complete(at(0), None, Ok(until("a", 60))).unwrap();
    assert_eq!([lookup(&state, 9), lookup(&state, 10), lookup(&state, 60)], ["a", "a+", "!"]);
    // The local clock is ahead by more than the lifetime.
    state.complete(at(100), None, Ok(until("b", 50))).unwrap();
    assert_eq!([lookup(&state, 101), lookup(&state, 110)], ["b", "!"]);
}

#[test]
fn never_refreshes_keys_without_expiry() {
    let mut state = State::default();
    state.complete(at(0), None, Ok(valid(Credential::new("a", "k")))).unwrap();
    assert_eq!(lookup(&state, u64::MAX >> 32), "a");
}

#[test]
fn refreshes_a_rejected_credential_once_for_all_callers() {
    let mut state = State::default();
    let old = until("a", 7200);
    state.complete(at(0), None, Ok(old.clone())).unwrap();
    let Lookup::Refresh(None, completed) = state.lookup(at(1), Some(&old)) else { panic!() };
    assert!(state.shared_result(at(1), Some(&old), completed).is_none());
    state.complete(at(2), None, Ok(until("b", 7200))).unwrap();
    // Callers that waited, and callers that learn later that the old credential was rejected.
    let shared = state.shared_result(at(2), Some(&old), completed).unwrap().unwrap();
    assert_eq!(shared.signer().secret_id(), "b");
    assert!(
        matches!(state.lookup(at(3), Some(&old)), Lookup::Use(new) if new.signer().secret_id() == "b")
    );
}

#[test]
fn waiting_callers_share_the_result() {
    let mut state = State::default();
    let Lookup::Refresh(None, completed) = state.lookup(at(0), None) else { panic!() };
    state.complete(at(1), None, failed()).unwrap_err();
    assert!(state.shared_result(at(1), None, completed).unwrap().is_err());
    // A caller that starts after the failure tries again.
    assert!(state.shared_result(at(1), None, 1).is_none());
    // The source returned the rejected keys again: waiting callers get them and start no further refresh.
    let same = until("a", 7200);
    state.complete(at(2), None, Ok(same.clone())).unwrap();
    assert!(state.shared_result(at(2), Some(&same), 1).unwrap().unwrap().is_same(&same));
}
