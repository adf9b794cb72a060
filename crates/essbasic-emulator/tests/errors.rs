//! Errors print the failure, and have the fix as a hint.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use essbasic_emulator::{Seed, SeedError, Status, TransitionError};

/// Returns the error of a seed with these contracts.
fn seed(flows: &str) -> SeedError {
    let organization = format!(r#"{{"operators":[],"flows":[{flows}]}}"#);
    let text = format!(r#"{{"applications":{{"a":{{"organizations":{{"o":{organization}}}}}}}}}"#);
    Seed::from_json(&text).unwrap_err()
}

fn flow(id: &str, status: &str, parties: &str) -> String {
    format!(r#"{{"id":"{id}","name":"n","status":"{status}","parties":[{parties}]}}"#)
}

#[test]
fn errors_print_the_failure_and_have_a_hint() {
    let party = r#"{"name":"p"}"#;
    let one = |id: &str, status: &str| flow(id, status, party);
    let of_seed = |error: SeedError| (error.to_string(), error.hint());
    let of_flow = |error: TransitionError| (error.to_string(), error.hint());
    let twice = [one("f", "ALL"), one("f", "ALL")].join(",");
    for ((text, hint), failure, fix) in [
        (of_flow(TransitionError::NoSuchFlow), "does not exist", Some("check the ID")),
        (of_flow(TransitionError::NoSuchParty), "no unsigned party", Some("name or the index")),
        (of_flow(TransitionError::NotTheirTurn), "must sign first", Some("earlier parties")),
        (of_flow(TransitionError::DeadlinePassed), "has passed", Some("another contract")),
        (of_flow(TransitionError::Ended(Status::All)), "status ALL", Some("another contract")),
        (of_flow(TransitionError::NotFinal(Status::Init)), "status INIT", Some("CANCEL")),
        (of_seed(seed(&one("../f", "ALL"))), "invalid contract id \"../f\"", Some("letters")),
        (of_seed(seed(&twice)), "duplicate contract id f", Some("another id")),
        (of_seed(seed(&one("yDEmuBulk1", "ALL"))), "prefix yDEmuBulk", Some("another prefix")),
        (of_seed(seed(&flow("f", "ALL", ""))), "f has no parties", Some("add a party")),
        (of_seed(seed(&one("f", "PART"))), "fewer than two parties", Some("add a party")),
        (of_seed(seed("7")), "expected a contract", None),
    ] {
        assert!(text.contains(failure), "{text}");
        assert_eq!(hint.is_some(), fix.is_some(), "{text}");
        let hint = hint.unwrap_or_default();
        assert!(hint.contains(fix.unwrap_or_default()), "{text}: {hint}");
        assert!(!hint.starts_with(char::is_uppercase) && !hint.ends_with('.'), "{hint}");
        assert!(!text.contains("; "), "{text} has a fix");
    }
}
