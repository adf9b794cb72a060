//! `Authorization` headers: a header is rejected, or prints as it was parsed. No forged header verifies.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tc3_signer::{Authorization, Payload, Received, VerifyError, verify};

fuzz_target!(|header: &str| {
    let Ok(parsed) = Authorization::parse(header) else { return };
    let Authorization { secret_id, date, service, signature, .. } = parsed;
    let names: Vec<&str> = parsed.signed_headers().collect();
    let names = names.join(";");
    let scope = format!("Credential={secret_id}/{date}/{service}/tc3_request");
    let printed = format!("TC3-HMAC-SHA256 {scope}, SignedHeaders={names}, Signature={signature}");
    assert_eq!(Authorization::parse(&printed), Ok(parsed));
    // The two differ only in white space.
    let dense = |text: &str| text.split_ascii_whitespace().collect::<String>();
    assert_eq!(dense(header), dense(&printed));

    // Every signed header is present, so that verification reaches the signature.
    let received = Received {
        method: "POST",
        path: "/",
        query: "",
        header: &|_| Some("value"),
        payload: Payload::Signed(b"{}"),
        timestamp: 1_551_113_065,
    };
    let verified = verify(&parsed, "another key", &received, received.timestamp);
    assert!(verified.is_err_and(|error| error != VerifyError::Expired));
});
