//! `Authorization` headers: parsed into what they say, or refused; none that was made up verifies.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tc3_signer::{Authorization, Payload, Received, VerifyError, verify};

fuzz_target!(|header: &str| {
    let Ok(parsed) = Authorization::parse(header) else { return };
    let Authorization { secret_id, date, service, signature, .. } = parsed;
    let names: Vec<&str> = parsed.signed_headers().collect();
    let names = names.join(";");
    let scope = format!("Credential={secret_id}/{date}/{service}/tc3_request");
    let written = format!("TC3-HMAC-SHA256 {scope}, SignedHeaders={names}, Signature={signature}");
    assert_eq!(Authorization::parse(&written), Ok(parsed));
    // Nothing was left out but spaces.
    let dense = |text: &str| text.split_ascii_whitespace().collect::<String>();
    assert_eq!(dense(header), dense(&written));

    // Whatever it signs is there, so that the signature itself is what is judged.
    let received = Received {
        method: "POST",
        path: "/",
        query: "",
        header: &|_| Some("value"),
        payload: Payload::Signed(b"{}"),
        timestamp: 1_551_113_065,
    };
    let verdict = verify(&parsed, "a key that nobody knows", &received, received.timestamp);
    assert!(verdict.is_err_and(|error| error != VerifyError::Expired));
});
