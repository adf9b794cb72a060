//! Signatures: a signed request verifies, and does not after a change.

#![no_main]

use arbitrary::{Arbitrary, Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use tc3_signer::{
    Authorization, MAX_SKEW_SECONDS, Payload, Received, Request, Signer, VerifyError, verify,
};

#[derive(Clone, Debug)]
struct Input {
    secret_id: String,
    key: String,
    service: String,
    method: String,
    path: String,
    query: String,
    content_type: String,
    host: String,
    action: Option<String>,
    extra: Vec<(String, String)>,
    body: Option<Vec<u8>>,
    timestamp: u64,
}

impl<'a> Arbitrary<'a> for Input {
    /// Generates mostly requests that can be signed, since almost no arbitrary strings can.
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let text = |u: &mut Unstructured<'a>, default: &str| -> Result<String> {
            Ok(match u.int_in_range(0..=9)? {
                0 => u.arbitrary()?,
                1..=4 => u.arbitrary::<&str>()?.chars().filter(char::is_ascii_graphic).collect(),
                _ => default.to_owned(),
            })
        };
        let mut extra = Vec::new();
        for index in 0..u.int_in_range(0..=3)? {
            extra.push((text(u, &format!("X-Extra-{index}"))?, text(u, " Value ")?));
        }
        Ok(Self {
            secret_id: text(u, "AKID")?,
            key: text(u, "key")?,
            service: text(u, "cvm")?,
            method: text(u, "POST")?,
            path: text(u, "/")?,
            query: text(u, "")?,
            content_type: text(u, "application/json")?,
            host: text(u, "cvm.tencentcloudapi.com")?,
            action: if u.arbitrary()? { Some(text(u, "DescribeZones")?) } else { None },
            extra,
            timestamp: if u.ratio(1, 4)? { u.arbitrary()? } else { 1_551_113_065 },
            body: u.arbitrary()?,
        })
    }
}

fuzz_target!(|inputs: [Input; 2]| {
    let [input, mut other] = inputs;
    let extra: Vec<(&str, &str)> =
        input.extra.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request = Request {
        method: &input.method,
        path: &input.path,
        query: &input.query,
        content_type: &input.content_type,
        host: &input.host,
        action: input.action.as_deref(),
        extra: &extra,
        payload: payload(&input.body),
    };
    let signer = Signer::new(&input.secret_id, &input.key);
    let signed = signer.sign(&request, &input.service, input.timestamp);
    let explained = signer.explain(&request, &input.service, input.timestamp);
    assert_eq!(signed.as_ref(), explained.as_ref().map(|explained| &explained.authorization));
    let Ok(header) = signed else { return };
    let authorization = Authorization::parse(&header).unwrap();
    assert_eq!(authorization.secret_id, input.secret_id);
    assert_eq!(authorization.service, input.service);

    let now = input.timestamp;
    let check = |seen: &Input, now| received(seen, &input.key, &authorization, now);
    assert_eq!(check(&input, now), Ok(()));
    assert_eq!(check(&input, now.saturating_add(MAX_SKEW_SECONDS + 1)), Err(VerifyError::Expired));
    if input.body != other.body
        && !(empty_as_unsigned(&input.body) && empty_as_unsigned(&other.body))
    {
        let changed = Input { body: other.body.take(), ..input.clone() };
        assert_eq!(check(&changed, now), Err(VerifyError::Mismatch));
    }
    let mut changed = input.clone();
    changed.path.push('x');
    assert_eq!(check(&changed, now), Err(VerifyError::Mismatch));
    // Surrounding spaces and case of a header are not signed, so the change is another character.
    let mut changed = input.clone();
    changed.host.push('x');
    assert_eq!(check(&changed, now), Err(VerifyError::Mismatch));
    if let Some(action) = &mut input.action.clone() {
        action.push('x');
        let changed = Input { action: Some(action.clone()), ..input.clone() };
        assert_eq!(check(&changed, now), Err(VerifyError::Mismatch));
    }
});

/// Returns whether the body has the same hash as a request without a body, or has none.
fn empty_as_unsigned(body: &Option<Vec<u8>>) -> bool {
    body.as_deref().is_none_or(|body| body == tc3_signer::UNSIGNED_PAYLOAD.as_bytes())
}

fn payload(body: &Option<Vec<u8>>) -> Payload<'_> {
    body.as_deref().map_or(Payload::Unsigned, Payload::Signed)
}

/// Verifies the request as a server does.
fn received(
    seen: &Input,
    key: &str,
    authorization: &Authorization<'_>,
    now: u64,
) -> Result<(), VerifyError> {
    let header = |name: &str| match name {
        "content-type" => Some(seen.content_type.as_str()),
        "host" => Some(seen.host.as_str()),
        "x-tc-action" if seen.action.is_some() => seen.action.as_deref(),
        _ => {
            let mut extra = seen.extra.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
            extra.next().map(|(_, value)| value.as_str())
        }
    };
    let received = Received {
        method: &seen.method,
        path: &seen.path,
        query: &seen.query,
        header: &header,
        payload: payload(&seen.body),
        timestamp: seen.timestamp,
    };
    verify(authorization, key, &received, now)
}
