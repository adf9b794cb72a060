//! Tests of the refresh policy over time.

use super::*;
use crate::credentials::Credential;

/// Number of seeds of the jitter that a test runs with.
const SEEDS: u64 = 500;

fn at_ms(millis: u64) -> Now {
    let monotonic = Duration::from_millis(millis);
    Now { unix: Duration::from_secs(1_000_000) + monotonic, monotonic }
}

fn at(seconds: u64) -> Now {
    at_ms(seconds * 1_000)
}

fn until(name: &str, seconds: u64) -> ValidCredential {
    let credential = Credential::new(name, "k").with_expiry(at(seconds).unix);
    ValidCredential::new(credential, "test").unwrap()
}

fn failed() -> Result<ValidCredential, CredentialError> {
    Err(CredentialError::new("test", "unavailable").transient())
}

/// Completes a fetch for a caller without a valid credential.
fn fetch(
    state: &mut State,
    now: Now,
    result: Result<ValidCredential, CredentialError>,
) -> Result<ValidCredential, CredentialError> {
    let number = state.start();
    state.complete(now, number, Wanted::Current, None, result)
}

fn show(lookup: Lookup) -> String {
    match lookup {
        Lookup::Use(credential) => credential.signer().secret_id().to_owned(),
        Lookup::Failed(_) => "error".to_owned(),
        Lookup::Fetch(Some(current), _) => format!("{}+", current.signer().secret_id()),
        Lookup::Fetch(None, _) => "!".to_owned(),
    }
}

/// Returns the SecretId to use, with `+` if a refresh is due; `!` if a fetch is due; or `error` during a pause.
fn lookup(state: &State, seconds: u64) -> String {
    show(state.lookup(at(seconds), Wanted::Current))
}

/// Returns the first millisecond at which the lookup is not `before` any more, within 200 seconds.
fn change(state: &State, from: u64, before: &str) -> u64 {
    let (mut low, mut high) = (from, from + 200_000);
    while low < high {
        let middle = low.midpoint(high);
        match show(state.lookup(at_ms(middle), Wanted::Current)) == before {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    low
}

fn seeded(test: impl Fn(State) -> u64) -> Vec<u64> {
    let with_seed = |seed| State { rng: fastrand::Rng::with_seed(seed), ..State::default() };
    (0..SEEDS).map(|seed| test(with_seed(seed))).collect()
}

/// Asserts that the values are spread over a range.
fn assert_spread(values: &[u64], min: u64, max: u64) {
    let (least, most) = (values.iter().min().unwrap(), values.iter().max().unwrap());
    assert!(*least >= min && *most <= max, "{least} to {most}");
    let slack = (max - min) / 20;
    assert!(*least <= min + slack && *most >= max - slack, "{least} to {most}");
}

#[test]
fn refreshes_five_to_six_minutes_before_expiry() {
    let first = seeded(|mut state| {
        assert_eq!(lookup(&state, 0), "!");
        fetch(&mut state, at(0), Ok(until("a", 7_200))).unwrap();
        assert_eq!([lookup(&state, 6_900), lookup(&state, 7_199)], ["a+", "a+"]);
        assert_eq!(lookup(&state, 7_200), "!");
        let first = change(&state, 6_800_000, "a");
        fetch(&mut state, at(6_900), Ok(until("b", 14_000))).unwrap();
        assert_eq!([lookup(&state, 6_900), lookup(&state, 7_200)], ["b", "b"]);
        first
    });
    assert_spread(&first, 6_840_000, 6_900_000);
}

#[test]
fn keeps_the_current_credential_if_a_refresh_fails() {
    let pauses = seeded(|mut state| {
        let old = until("a", 7_200);
        fetch(&mut state, at(0), Ok(old.clone())).unwrap();
        let number = state.start();
        let current = Some(old.clone());
        let kept = state.complete(at(6_900), number, Wanted::Current, current, failed()).unwrap();
        assert!(kept.is_same(&old));
        let pause = change(&state, 6_900_000, "a") - 6_900_000;
        assert_eq!(lookup(&state, 6_916), "a+");
        // It expired while the refresh was in flight.
        let number = state.start();
        let result = state.complete(at(7_201), number, Wanted::Current, Some(old), failed());
        assert!(result.is_err());
        assert_eq!(lookup(&state, 7_202), "error");
        pause
    });
    assert_spread(&pauses, 10_000, 15_001);
}

/// Also if the credential expires during the pause of early refreshes.
#[test]
fn calls_fail_in_the_pause_after_a_failed_fetch() {
    let pauses = seeded(|mut state| {
        fetch(&mut state, at(0), failed()).unwrap_err();
        assert_eq!([lookup(&state, 0), lookup(&state, 2)], ["error", "!"]);
        let pause = change(&state, 0, "error");
        fetch(&mut state, at(2), Ok(until("a", 100))).unwrap();
        assert_eq!(lookup(&state, 2), "a");
        let number = state.start();
        let current = Some(until("a", 100));
        state.complete(at(95), number, Wanted::Current, current, failed()).unwrap();
        assert_eq!([lookup(&state, 99), lookup(&state, 100)], ["a", "!"]);
        pause
    });
    assert_spread(&pauses, 1_000, 1_501);
}

/// By lifetime in seconds: the milliseconds between which a refresh is due.
#[test]
fn the_refresh_is_due_at_a_fraction_of_the_lifetime() {
    for (lifetime, earliest, latest) in [
        (5_u64, 3_000_u64, 3_334_u64),
        (15, 9_000, 10_000),
        (60, 36_000, 40_000),
        (299, 179_400, 199_334),
        (600, 360_000, 400_000),
        (900, 540_000, 600_000),
        (7_200, 6_840_000, 6_900_000),
        (43_200, 42_840_000, 42_900_000),
    ] {
        let due = seeded(|mut state| {
            fetch(&mut state, at(0), Ok(until("a", lifetime))).unwrap();
            // It is never used once it has expired.
            assert_eq!(show(state.lookup(at_ms(lifetime * 1_000 - 1), Wanted::Current)), "a+");
            assert_eq!(lookup(&state, lifetime), "!", "{lifetime}");
            let from = latest.saturating_sub(150_000);
            let due = change(&state, from, "a");
            // As is the next one.
            fetch(&mut state, at_ms(due), Ok(until("b", due.div_ceil(1_000) + lifetime))).unwrap();
            let next = change(&state, due + from, "b") - due;
            assert!(next + 1_000 >= earliest && next <= latest + 1_000, "{lifetime}: {next}");
            due
        });
        let (least, most) = (due.iter().min().unwrap(), due.iter().max().unwrap());
        assert!(*least >= earliest && *most <= latest, "{lifetime}: {least} to {most}");
        assert!(most - least > (latest - earliest) / 2, "{lifetime}: {least} to {most}");
    }
}

#[test]
fn a_source_without_a_newer_credential_is_not_asked_for_each_call() {
    let mut state = State::default();
    let old = until("a", 600);
    fetch(&mut state, at(0), Ok(old.clone())).unwrap();
    assert_eq!(lookup(&state, 400), "a+");
    fetch(&mut state, at(400), Ok(old.clone())).unwrap();
    assert_eq!([lookup(&state, 409), lookup(&state, 410)], ["a", "a+"]);
    // The pause is not longer than half of the time that is left.
    fetch(&mut state, at(594), Ok(old)).unwrap();
    assert_eq!([lookup(&state, 596), lookup(&state, 597)], ["a", "a+"]);
    assert_eq!(lookup(&state, 600), "!");
}

#[test]
fn a_credential_that_expires_before_its_use_is_not_shared() {
    let mut state = State::default();
    let Lookup::Fetch(None, seen) = state.lookup(at(0), Wanted::Current) else { panic!() };
    fetch(&mut state, at(0), Ok(until("a", 5))).unwrap();
    assert!(state.shared_result(at(4), Wanted::Current, seen).unwrap().is_ok());
    assert!(state.shared_result(at(5), Wanted::Current, seen).is_none());
}

#[test]
fn a_clock_ahead_of_the_source_does_not_fetch_for_each_call() {
    let mut state = State::default();
    // The local clock is ahead by more than the lifetime.
    fetch(&mut state, at(100), Ok(until("b", 50))).unwrap();
    assert_eq!([lookup(&state, 101), lookup(&state, 110)], ["b", "!"]);
}

#[test]
fn never_refreshes_keys_without_expiry() {
    let mut state = State::default();
    let permanent = ValidCredential::new(Credential::new("a", "k"), "test").unwrap();
    fetch(&mut state, at(0), Ok(permanent)).unwrap();
    assert_eq!(lookup(&state, u64::MAX >> 32), "a");
}

#[test]
fn refreshes_a_rejected_credential_once_for_all_callers() {
    let mut state = State::default();
    let old = until("a", 7_200);
    let wanted = Wanted::OtherThan(&old);
    fetch(&mut state, at(0), Ok(old.clone())).unwrap();
    let Lookup::Fetch(None, seen) = state.lookup(at(1), wanted) else { panic!() };
    assert!(state.shared_result(at(1), wanted, seen).is_none());
    let number = state.start();
    state.complete(at(2), number, wanted, None, Ok(until("b", 7_200))).unwrap();
    // Callers that waited, and callers that learn later that the old credential was rejected.
    let shared = state.shared_result(at(2), wanted, seen).unwrap().unwrap();
    assert_eq!(shared.signer().secret_id(), "b");
    assert_eq!(show(state.lookup(at(3), wanted)), "b");
}

#[test]
fn fetches_a_rejected_credential_again_after_a_pause() {
    let mut state = State::default();
    let old = until("a", 7_200);
    let wanted = Wanted::OtherThan(&old);
    fetch(&mut state, at(0), Ok(old.clone())).unwrap();
    let next = |state: &State, seconds| show(state.lookup(at(seconds), wanted));
    assert_eq!(next(&state, 0), "!");
    // The source returns the same credential. Calls get it, and fail with the rejection.
    let number = state.start();
    state.complete(at(1), number, wanted, None, Ok(old.clone())).unwrap();
    assert_eq!([next(&state, 10), next(&state, 11)], ["a", "!"]);
    // The fetch fails. Calls without a rejection use the current credential.
    let number = state.start();
    state.complete(at(20), number, wanted, None, failed()).unwrap_err();
    assert_eq!([next(&state, 20), next(&state, 22)], ["error", "!"]);
    assert_eq!(lookup(&state, 20), "a");
}

#[test]
fn waiting_callers_share_the_result() {
    let mut state = State::default();
    let Lookup::Fetch(None, seen) = state.lookup(at(0), Wanted::Current) else { panic!() };
    fetch(&mut state, at(1), failed()).unwrap_err();
    // Even after the pause.
    assert!(state.shared_result(at(3), Wanted::Current, seen).unwrap().is_err());
    // A caller that starts after the pause tries again.
    let Lookup::Fetch(None, seen) = state.lookup(at(3), Wanted::Current) else { panic!() };
    assert!(state.shared_result(at(3), Wanted::Current, seen).is_none());
    // The source returned the rejected keys again: waiting callers get them and start no further refresh.
    let same = until("a", 7_200);
    fetch(&mut state, at(4), Ok(same.clone())).unwrap();
    let shared = state.shared_result(at(4), Wanted::OtherThan(&same), seen).unwrap();
    assert!(shared.unwrap().is_same(&same));
}

#[test]
fn a_demand_shares_only_fetches_that_start_after_it() {
    let mut state = State::default();
    fetch(&mut state, at(0), Ok(until("a", 7_200))).unwrap();
    let earlier = state.start();
    let Lookup::Fetch(None, seen) = state.lookup(at(1), Wanted::New) else { panic!() };
    state.complete(at(2), earlier, Wanted::Current, None, Ok(until("b", 7_200))).unwrap();
    assert!(state.shared_result(at(2), Wanted::New, seen).is_none());
    let number = state.start();
    state.complete(at(3), number, Wanted::New, None, Ok(until("c", 7_200))).unwrap();
    let shared = state.shared_result(at(3), Wanted::New, seen).unwrap().unwrap();
    assert_eq!(shared.signer().secret_id(), "c");
    // It is not delayed by a failure, which leaves the current credential in use.
    let number = state.start();
    state.complete(at(4), number, Wanted::New, None, failed()).unwrap_err();
    assert_eq!(show(state.lookup(at(4), Wanted::New)), "!");
    assert_eq!(lookup(&state, 4), "c");
}
