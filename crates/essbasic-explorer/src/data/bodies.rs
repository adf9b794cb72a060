//! Bodies that differ from the one that is sent, as by common mistakes.

use std::fmt::Write as _;

use essbasic::api::json::{minify, pretty};
use serde_json::Value;
use tc3_signer::{Payload, Request, Signer};

/// Returns the reason for which another body was hashed to this value, if it is a common mistake.
pub(super) fn of_hash(body: &[u8], hash: &str) -> Option<String> {
    let hash = hash.trim();
    if hash.eq_ignore_ascii_case(&hash_of(body)?) {
        return Some("the hash of the body is not in lower case".to_owned());
    }
    let found =
        variants(body).into_iter().find(|(_, other)| hash_of(other).as_deref() == Some(hash));
    let unsigned = Signer::new("id", "key").explain(&unsigned(), "s", 0).ok()?.hashed_payload;
    if hash == unsigned {
        return Some("the hash is that of UNSIGNED-PAYLOAD instead of the body".to_owned());
    }
    found.map(|(what, _)| format!("the hash is that of {what}"))
}

fn unsigned() -> Request<'static> {
    Request { payload: Payload::Unsigned, ..Request::post("host", "action", b"") }
}

fn hash_of(body: &[u8]) -> Option<String> {
    let request = Request::post("host", "action", body);
    Some(Signer::new("id", "key").explain(&request, "s", 0).ok()?.hashed_payload)
}

/// Returns the bodies of common mistakes, each with its name.
pub(super) fn variants(body: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut all = vec![
        ("an empty payload", Vec::new()),
        ("the payload without the white space around it", body.trim_ascii().to_vec()),
        ("the payload and a line end", [body, b"\n"].concat()),
        ("the payload and a CR LF line end", [body, b"\r\n"].concat()),
        ("the payload with a byte order mark", ["\u{feff}".as_bytes(), body].concat()),
    ];
    let without_returns: Vec<u8> = body.iter().copied().filter(|byte| *byte != b'\r').collect();
    all.push(("the payload with LF line ends", without_returns));
    if let Some(body) = body.strip_prefix("\u{feff}".as_bytes()) {
        all.push(("the payload without its byte order mark", body.to_vec()));
    }
    let mut add =
        |what, text: Option<String>| all.extend(text.map(|text| (what, text.into_bytes())));
    let compact = minify(body).ok();
    let value = compact.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let sorted = value.as_ref().map(Value::to_string);
    add("the payload serialized again without spaces", compact.clone());
    add("the payload serialized again with indentation", pretty(body).ok());
    add("the payload serialized again with sorted fields", sorted.clone());
    add("the payload serialized again with spaces, as by Python", compact.as_deref().map(spaced));
    add(
        "the payload serialized again with spaces and \\u escapes, as by Python's json.dumps",
        compact.as_deref().map(|text| escaped(&spaced(text), |c| !c.is_ascii())),
    );
    add(
        "the payload serialized again with \\u escapes",
        compact.as_deref().map(|text| escaped(text, |c| !c.is_ascii())),
    );
    add(
        "the payload serialized again with escaped <, > and &, as by Go",
        compact.as_deref().map(|text| escaped(text, |c| matches!(c, '<' | '>' | '&'))),
    );
    add(
        "the payload serialized again with escaped slashes, as by PHP",
        compact.as_deref().map(|text| text.replace('/', "\\/")),
    );
    add(
        "the payload serialized again with escaped slashes and \\u escapes, as by PHP",
        compact.as_deref().map(|text| escaped(&text.replace('/', "\\/"), |c| !c.is_ascii())),
    );
    add(
        "the payload serialized again with sorted fields and spaces, as by Python",
        sorted.as_deref().map(spaced),
    );
    all.retain(|(_, other)| other != body);
    all
}

/// Adds a space after each colon and comma outside of strings.
fn spaced(compact: &str) -> String {
    let mut text = String::with_capacity(compact.len() + compact.len() / 8);
    let (mut is_string, mut is_escape) = (false, false);
    for c in compact.chars() {
        text.push(c);
        match c {
            _ if is_escape => is_escape = false,
            '\\' if is_string => is_escape = true,
            '"' => is_string = !is_string,
            ':' | ',' if !is_string => text.push(' '),
            _ => {}
        }
    }
    text
}

/// Replaces characters by escapes of JSON.
fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> String {
    let mut result = String::with_capacity(text.len());
    for c in text.chars() {
        if !is_escaped(c) {
            result.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // A string can always be written to.
            let _ = write!(result, "\\u{unit:04x}");
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_written_as_by_other_libraries() {
        assert_eq!(spaced(r#"{"a":"b:,\",c","d":[1,2]}"#), r#"{"a": "b:,\",c", "d": [1, 2]}"#);
        assert_eq!(escaped("{\"合\":\"😀\"}", |c| !c.is_ascii()), r#"{"\u5408":"\ud83d\ude00"}"#);
        assert!(variants(b"").iter().all(|(_, other)| !other.is_empty()));
    }
}
