//! Authentication of calls by the signature of the received request.

use std::collections::BTreeMap;
use std::time::Duration;

use tc3_signer::{Authorization, Payload, Received, UNSIGNED_PAYLOAD, VerifyError, verify};

use crate::error::ApiError;
use crate::http::request::WireRequest;

/// Maximum size of a body whose wrong signature is compared with those of other hosts and content types, in bytes.
const MAX_DIAGNOSED_BYTES: usize = 1 << 20;

/// Key of a SecretId, with the token of a temporary credential.
#[derive(Clone)]
pub(crate) struct Secret {
    pub(crate) key: String,
    pub(crate) token: Option<String>,
}

impl core::fmt::Debug for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// Checks that the request is signed with a known key for this service.
///
/// # Errors
/// Returns the `AuthFailure` of the real service if the credential, the signature, its time or the token is
/// invalid.
pub(crate) fn authenticate(
    request: &WireRequest,
    secrets: &BTreeMap<String, Secret>,
    service: &str,
    now: Duration,
) -> Result<(), ApiError> {
    let header = request.required_header("authorization", "Authorization")?;
    let timestamp = request.required_header("x-tc-timestamp", "Timestamp")?;
    let timestamp = timestamp.trim().parse::<u64>().map_err(|_| {
        ApiError::new(
            "InvalidParameter",
            "The header X-TC-Timestamp is not a Unix time in seconds.",
        )
    })?;
    let authorization = Authorization::parse(header)
        .map_err(|error| ApiError::new("AuthFailure.InvalidAuthorization", error.to_string()))?;
    let secret = secrets.get(authorization.secret_id).ok_or_else(|| {
        ApiError::new("AuthFailure.SecretIdNotFound", "The SecretId is not found.")
    })?;
    // The Node SDK uses the first label of the endpoint as the service: `127` for an emulator on 127.0.0.1.
    let host = request.header("host").unwrap_or_default();
    let first_label = host.split('.').next().unwrap_or_default();
    if authorization.service != service && authorization.service != first_label {
        return Err(ApiError::new(
            "AuthFailure.SignatureFailure",
            format!("The credential scope is for {}, not {service}.", authorization.service),
        ));
    }
    // The Node SDK also signs the host without its port.
    let bare_host = host.rsplit_once(':').map_or(host, |(bare, _)| bare);
    let check =
        |header: (&str, &str)| verify_as(request, &authorization, secret, timestamp, header, now);
    match check(("host", host)) {
        Err(VerifyError::Mismatch) if bare_host != host => check(("host", bare_host)),
        result => result,
    }
    .map_err(|error| match error {
        VerifyError::Expired => ApiError::new(
            "AuthFailure.SignatureExpire",
            format!("The signature has expired: {error}."),
        ),
        VerifyError::Mismatch => {
            // Each check hashes the body.
            let is_small = request.body.len() <= MAX_DIAGNOSED_BYTES;
            let signed = others(request, service)
                .filter(|_| is_small)
                .find(|(name, value)| check((name, value)).is_ok());
            let cause = match signed {
                Some((name, value)) => {
                    format!("the key is right, but the signed {name} is {value}")
                }
                None => error.to_string(),
            };
            ApiError::new(
                "AuthFailure.SignatureFailure",
                format!("Signature check failed: {cause}."),
            )
        }
        _ => ApiError::new(
            "AuthFailure.SignatureFailure",
            format!("Signature check failed: {error}."),
        ),
    })?;
    if secret.token.as_deref() != request.header("x-tc-token").filter(|token| !token.is_empty()) {
        return Err(ApiError::new("AuthFailure.TokenFailure", "The token is invalid."));
    }
    Ok(())
}

/// Refuses a signature of the older methods `HmacSHA1` and `HmacSHA256`, whose parts are parameters of the query or form.
///
/// # Errors
/// Returns `AuthFailure.InvalidAuthorization` for such a request.
pub(crate) fn refuse_legacy(request: &WireRequest) -> Result<(), ApiError> {
    const FORM: &str = "application/x-www-form-urlencoded";
    let content_type = request.header("content-type").unwrap_or_default().trim_ascii_start();
    let is_form = content_type.get(..FORM.len()).is_some_and(|ty| ty.eq_ignore_ascii_case(FORM));
    let form: &[u8] = if is_form { &request.body } else { &[] };
    let query = request.uri.query().unwrap_or_default().as_bytes();
    let mut parameters = form_urlencoded::parse(query).chain(form_urlencoded::parse(form));
    if request.header("authorization").is_some() || !parameters.any(|(name, _)| name == "Signature")
    {
        return Ok(());
    }
    Err(ApiError::new(
        "AuthFailure.InvalidAuthorization",
        "The request has a signature of an older method; only TC3-HMAC-SHA256 in the header Authorization is accepted.",
    ))
}

/// Returns the headers that a client may have signed instead of those that it sent: hosts of the service and of this
/// machine, and content types.
fn others(request: &WireRequest, service: &str) -> impl Iterator<Item = (&'static str, String)> {
    let action = request.header("x-tc-action").unwrap_or_default();
    let info = essbasic_models::CATALOGUE.action(action).map(|meta| meta.info);
    let own = info.map(|info| [info.host, info.test_host]).unwrap_or_default();
    let mut hosts: Vec<String> = own.into_iter().flatten().map(str::to_owned).collect();
    hosts.push(format!("{service}.tencentcloudapi.com"));
    let port = request.header("host").and_then(|host| Some(host.rsplit_once(':')?.1.to_owned()));
    for local in ["localhost", "127.0.0.1", "[::1]"] {
        hosts.extend(port.as_ref().map(|port| format!("{local}:{port}")));
        hosts.push(local.to_owned());
    }
    let types = ["application/json; charset=utf-8", "application/json"];
    let types = types.into_iter().map(|ty| ("content-type", ty.to_owned()));
    hosts.into_iter().map(|host| ("host", host)).chain(types)
}

fn verify_as(
    request: &WireRequest,
    authorization: &Authorization<'_>,
    secret: &Secret,
    timestamp: u64,
    (replaced, value): (&str, &str),
    now: Duration,
) -> Result<(), VerifyError> {
    let header = |name: &str| if name == replaced { Some(value) } else { request.header(name) };
    let unsigned = request.header("x-tc-content-sha256") == Some(UNSIGNED_PAYLOAD);
    let received = Received {
        method: request.method.as_str(),
        path: request.uri.path(),
        query: request.uri.query().unwrap_or_default(),
        header: &header,
        payload: if unsigned { Payload::Unsigned } else { Payload::Signed(&request.body) },
        timestamp,
    };
    verify(authorization, &secret.key, &received, now.as_secs())
}
