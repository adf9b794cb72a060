//! Headers of a request, with its signature.

use tc3_api::ActionInfo;
use tc3_signer::{Payload, UNSIGNED_PAYLOAD};
use tc3_transport::{HeaderMap, HeaderValue, header};

use crate::config::Config;
use crate::credentials::ValidCredential;
use crate::endpoint::Target;
use crate::error::{Error, ErrorKind};
use crate::form::Formed;
use crate::headers::{self, header_value};
use crate::options::CallOptions;

/// Returns the headers of a request. `timestamp` is in seconds since the Unix epoch, by the server's clock.
///
/// The request is not signed if `credential` is `None` or the action is unsigned.
pub(crate) fn build(
    config: &Config,
    options: &CallOptions,
    target: &Target,
    action: &ActionInfo<'_>,
    credential: Option<&ValidCredential>,
    timestamp: u64,
    formed: &Formed<'_>,
) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::with_capacity(12);
    headers.extend(formed.headers.clone());
    headers.insert(header::HOST, header_value("host", &target.host)?);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(formed.content_type));
    headers.insert(headers::ACTION, header_value("action", action.name)?);
    headers.insert(headers::VERSION, header_value("version", action.version)?);
    headers.insert(headers::TIMESTAMP, HeaderValue::from(timestamp));
    headers.insert(headers::CLIENT, config.client_name.request_client.clone());
    headers.insert(header::USER_AGENT, config.client_name.user_agent.clone());
    if let Some(region) = options.region.as_ref().or(config.region.as_ref()) {
        headers.insert(headers::REGION, header_value("region", region)?);
    }
    if let Some(language) = options.language.or(config.language) {
        headers.insert(headers::LANGUAGE, HeaderValue::from_static(language.as_str()));
    }
    let Some(credential) = credential.filter(|_| action.signed) else {
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("SKIP"));
        return Ok(headers);
    };
    if let Some(token) = credential.token() {
        headers.insert(headers::TOKEN, sensitive("token", token)?);
    }
    let mut request = tc3_signer::Request {
        method: formed.method.as_str(),
        path: formed.path,
        query: &formed.query,
        content_type: formed.content_type,
        ..tc3_signer::Request::post(&target.host, action.name, &formed.body)
    };
    if !config.sign_action {
        request = request.without_action();
    }
    if options.unsigned_payload || !config.sign_payload {
        request.payload = Payload::Unsigned;
        headers.insert(headers::CONTENT_SHA256, HeaderValue::from_static(UNSIGNED_PAYLOAD));
    }
    let authorization =
        credential.signer().sign(&request, action.service, timestamp).map_err(|error| {
            let failure = Error::new(ErrorKind::Request, error.to_string());
            match error.hint() {
                Some(hint) => failure.with_hint(hint.into()),
                None => failure,
            }
        })?;
    headers.insert(header::AUTHORIZATION, sensitive("authorization", &authorization)?);
    Ok(headers)
}

/// Returns the headers of a request with others of the program.
pub(crate) fn with_others(mut own: HeaderMap, others: HeaderMap) -> Result<HeaderMap, Error> {
    if let Some(name) =
        others.keys().find(|name| headers::is_reserved(name) || own.contains_key(*name))
    {
        let message = format!("header `{name}` is set by the client; remove it");
        return Err(Error::new(ErrorKind::Request, message));
    }
    own.extend(others);
    Ok(own)
}

fn sensitive(name: &str, value: &str) -> Result<HeaderValue, Error> {
    let mut value = header_value(name, value)?;
    value.set_sensitive(true);
    Ok(value)
}
