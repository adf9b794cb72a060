//! The characters of credentials that clients send, the emulator accepts and `Debug` shows.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use essbasic::credentials::Credential;
use essbasic_emulator::{Cipher, Emulator};
use tc3_signer::Signer;

/// Returns whether the emulator accepts a credential. Another setting is invalid, so that no server starts.
fn is_accepted(id: &str, key: &str, token: Option<&str>) -> bool {
    let builder = Emulator::builder().with_encryption(Cipher::Aes, "short", "short");
    let builder = match token {
        Some(token) => builder.with_temporary_credential(id, key, token),
        None => builder.with_credential(id, key),
    };
    let error = builder.start().unwrap_err().to_string();
    let names_credential = error.contains("of a credential");
    assert!(names_credential || error.contains("key"), "{error}");
    !names_credential
}

fn is_valid(id: &str, key: &str, token: Option<&str>) -> bool {
    let credential = Credential::new(id, key);
    let credential = match token {
        Some(token) => credential.with_token(token),
        None => credential,
    };
    credential.validate().is_ok()
}

#[test]
fn client_signer_and_emulator_agree_on_every_byte() {
    let mut count = [0; 3];
    for byte in 0..=u8::MAX {
        let text = format!("a{}b", char::from(byte));
        let parts = [(&*text, "k", None), ("i", &*text, None), ("i", "k", Some(&*text))];
        for (count, (id, key, token)) in count.iter_mut().zip(parts) {
            let valid = is_valid(id, key, token);
            assert_eq!(is_accepted(id, key, token), valid, "{text:?}: {id} {key} {token:?}");
            *count += usize::from(valid);
        }
        let shown = format!("{:?}", Signer::new(&*text, "k"));
        assert_eq!(shown.contains(&text), is_valid(&text, "k", None), "{text:?}");
    }
    assert_eq!(count, [64, 68, 68]);
}
