//! A sender that implements the published protocol independently: HMAC by its definition over SHA-256, CBC and
//! PKCS#7 over single blocks of AES. It uses no code of the crate under test, nor its `hmac` and `cbc` crates.

use aes::Aes256;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

pub(crate) const TOKEN: &str = "test-token";
pub(crate) const KEY: &str = "CC23FB38AE1D47B09D939CFBAE64195F";

/// Returns the value of the signature header.
pub(crate) fn signature(token: &[u8], body: &[u8]) -> String {
    let mut key = [0; 64];
    if token.len() > key.len() {
        key[..32].copy_from_slice(&Sha256::digest(token));
    } else {
        key[..token.len()].copy_from_slice(token);
    }
    let inner = Sha256::digest([&key.map(|byte| byte ^ 0x36)[..], body].concat());
    let outer = Sha256::digest([&key.map(|byte| byte ^ 0x5c)[..], &inner].concat());
    let hex: String = outer.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

/// Adds PKCS#7 padding.
pub(crate) fn padded(text: &[u8]) -> Vec<u8> {
    let length = 16 - text.len() % 16;
    [text, &vec![length as u8; length]].concat()
}

/// Encrypts blocks, whose padding may be invalid.
pub(crate) fn encrypt(key: &str, blocks: &[u8]) -> Vec<u8> {
    let cipher = Aes256::new_from_slice(key.as_bytes()).unwrap();
    let mut previous: [u8; 16] = key.as_bytes()[..16].try_into().unwrap();
    let mut encrypted = Vec::new();
    for block in blocks.chunks(16) {
        let mut xored: [u8; 16] = block.try_into().unwrap();
        xored.iter_mut().zip(previous).for_each(|(byte, other)| *byte ^= other);
        let mut block = xored.into();
        cipher.encrypt_block(&mut block);
        previous = block.into();
        encrypted.extend(previous);
    }
    encrypted
}

/// Returns the body of a callback with this ciphertext.
pub(crate) fn body(ciphertext: &[u8]) -> Vec<u8> {
    format!(r#"{{"encrypt":"{}"}}"#, STANDARD.encode(ciphertext)).into_bytes()
}

/// Returns the body and signature of a callback with this message.
pub(crate) fn send(message: &str) -> (Vec<u8>, String) {
    let body = body(&encrypt(KEY, &padded(message.as_bytes())));
    let signature = signature(TOKEN.as_bytes(), &body);
    (body, signature)
}

/// Returns a message as JSON.
pub(crate) fn message(msg_id: &str, msg_type: &str, data: &str) -> String {
    format!(
        r#"{{"MsgId":"{msg_id}","MsgType":"{msg_type}","MsgVersion":"ThirdPartyApp","MsgData":{data}}}"#
    )
}
