//! Authentication of calls by the signature of the received request.

use std::collections::BTreeMap;
use std::time::Duration;

use tc3_signer::{Authorization, Payload, Received, UNSIGNED_PAYLOAD, VerifyError, verify};

use crate::error::ApiError;
use crate::http::request::WireRequest;

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
    let check = |host: &str| verify_as(request, &authorization, secret, timestamp, host, now);
    match check(host) {
        Err(VerifyError::Mismatch) if bare_host != host => check(bare_host),
        result => result,
    }
    .map_err(|error| match error {
        VerifyError::Expired => ApiError::new(
            "AuthFailure.SignatureExpire",
            format!("The signature has expired: {error}."),
        ),
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

fn verify_as(
    request: &WireRequest,
    authorization: &Authorization<'_>,
    secret: &Secret,
    timestamp: u64,
    host: &str,
    now: Duration,
) -> Result<(), VerifyError> {
    let header = |name: &str| if name == "host" { Some(host) } else { request.header(name) };
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
