//! Values that the client of the store does not check, or panics on.

use std::borrow::Cow;

use object_store::aws::AmazonS3ConfigKey as Key;
use object_store::client::ClientConfigKey;
use tc3_transport::Uri;

use crate::program::Program;

/// Checks a value before it is passed to `object_store`, which panics on some. The error does not contain the value.
pub(super) fn check(key: Key, value: &str, program: &Program) -> Result<(), Cow<'static, str>> {
    match key {
        Key::Client(client) if !is_boolean(key) => Err(unsupported(client, program)),
        _ => check_value(key, value).map_err(Cow::Borrowed),
    }
}

fn check_value(key: Key, value: &str) -> Result<(), &'static str> {
    if value.contains(|c: char| c.is_control()) {
        return Err("contains a control character, such as a line break or a tab; remove it");
    }
    if is_boolean(key) {
        return boolean(value).map(|_| ()).ok_or("is not a boolean; set it to true or false");
    }
    let is_graphic = value.bytes().all(|byte| byte.is_ascii_graphic());
    match key {
        Key::WebIdentityTokenFile | Key::ContainerAuthorizationTokenFile => {
            match std::fs::metadata(value) {
                Ok(metadata) if !metadata.is_file() => {
                    Err("does not name a regular file; set it to the path of the token")
                }
                _ => Ok(()),
            }
        }
        _ if !is_graphic => Err("contains a blank or a character that is not ASCII; remove it"),
        Key::AccessKeyId if value.contains(['#', '"', '\'', ',', '/', '=']) => {
            Err("contains a character that no key ID has; set it to the ID only")
        }
        Key::Region | Key::DefaultRegion => check_region(value),
        Key::Endpoint
        | Key::S3Endpoint
        | Key::StsEndpoint
        | Key::MetadataEndpoint
        | Key::ContainerCredentialsFullUri => check_url(value),
        Key::ContainerCredentialsRelativeUri if !value.starts_with('/') => {
            Err("is not a path; it must begin with `/`")
        }
        _ => Ok(()),
    }
}

/// Checks a region, which is part of a host name.
pub(crate) fn check_region(value: &str) -> Result<(), &'static str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match !value.is_empty() && value.chars().all(is_plain) {
        true => Ok(()),
        false => Err("is not a region; set it to a name such as ap-guangzhou"),
    }
}

/// Returns whether the value of a setting is a boolean.
pub(super) fn is_boolean(key: Key) -> bool {
    matches!(
        key,
        Key::VirtualHostedStyleRequest
            | Key::S3Express
            | Key::ImdsV1Fallback
            | Key::UnsignedPayload
            | Key::SkipSignature
            | Key::DisableTagging
            | Key::DisableBulkDelete
            | Key::Client(ClientConfigKey::AllowHttp)
    ) || key.as_ref() == "aws_sse_bucket_key_enabled"
}

/// Parses a boolean as `object_store` does.
pub(super) fn boolean(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "1" | "true" | "on" | "yes" | "y" => Some(true),
        "0" | "false" | "off" | "no" | "n" => Some(false),
        _ => None,
    }
}

/// Returns the error of a setting of the HTTP client: the program uses its own client.
fn unsupported(key: ClientConfigKey, program: &Program) -> Cow<'static, str> {
    let fix = match key {
        ClientConfigKey::ProxyUrl => program.proxy,
        ClientConfigKey::ProxyExcludes => "list the hosts in NO_PROXY",
        ClientConfigKey::ProxyCaCertificate
        | ClientConfigKey::AllowInvalidCertificates
        | ClientConfigKey::NoSystemCertificates => program.authorities,
        _ => return "is not supported by this command; unset it".into(),
    };
    format!("is not supported; {fix}").into()
}

fn check_url(value: &str) -> Result<(), &'static str> {
    const INVALID: &str = "is not a URL; write it as https://HOST or https://HOST:PORT";
    if value.contains(['?', '#']) {
        return Err("has a query or a fragment; write it as https://HOST or https://HOST:PORT");
    }
    let uri: Uri = value.parse().map_err(|_| INVALID)?;
    let authority = uri.authority().ok_or(INVALID)?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || value.contains('\\') {
        return Err(INVALID);
    }
    if authority.as_str().contains('@') {
        return Err(
            "contains a user or a password; write it as https://HOST, and keys into variables",
        );
    }
    let port = authority.as_str().get(authority.host().len()..).unwrap_or_default();
    if authority.host().is_empty() {
        return Err(INVALID);
    }
    if !port.is_empty() && authority.port_u16().is_none_or(|port| port == 0) {
        return Err(
            "has an invalid port; write it as https://HOST:PORT, with a port within 1 to 65535",
        );
    }
    Ok(())
}
