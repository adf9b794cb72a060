//! Decoding of responses for the call engine.

use tc3_api::json;
use tc3_api::{ActionInfo, ApiError, Envelope, ErrorClass, Event};
use tc3_transport::{Bytes, HeaderMap, Response, StatusCode};

use crate::encapsulation::Encapsulation;
use crate::error::{Error, ErrorKind};
use crate::headers::{REQUEST_ID, is_event_stream};
use crate::interceptor::Interceptors;
use crate::one_line::one_line;
use crate::undecodable;

/// A response without its typed body, which the driver keeps.
pub(crate) struct ApiResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) request_id: String,
    pub(crate) content: Content,
}

impl ApiResponse {
    /// Creates a response. Without a request ID in its body, that of the headers counts.
    fn new(status: StatusCode, headers: HeaderMap, request_id: String, content: Content) -> Self {
        let of_header = || headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
        let request_id = Some(request_id.as_str()).filter(|id| !id.trim().is_empty());
        let request_id = one_line(request_id.or_else(of_header).unwrap_or_default(), 128);
        Self { status, headers, request_id, content }
    }
}

pub(crate) enum Content {
    Success,
    /// A success of a deprecated action, with the warning of the service.
    Deprecated(String),
    Error(ApiError),
    /// A stream of events, whose body the driver keeps.
    Stream,
    /// A response that an interceptor failed, with its error.
    Intercepted(Box<dyn std::error::Error + Send + Sync>),
    /// A response of the API that is not of the expected type, with a description. A retry cannot help.
    Unexpected(String),
    /// Not a response of the API, with a description.
    Undecodable(String),
}

impl Content {
    /// Returns whether the service has accepted the signature of the request.
    pub(crate) fn accepts_signature(&self, info: &ActionInfo<'_>) -> bool {
        match self {
            Self::Success | Self::Deprecated(_) | Self::Stream | Self::Unexpected(_) => true,
            Self::Error(error) => !matches!(
                info.errors.rule(&error.code).class,
                ErrorClass::Authentication | ErrorClass::ClockSkew | ErrorClass::Unknown
            ),
            Self::Intercepted(_) | Self::Undecodable(_) => false,
        }
    }
}

/// A decoder of response bodies.
pub(crate) type Decode<T> = fn(&[u8]) -> Result<Envelope<T>, json::Error>;

/// The request ID, and the deprecation warning of a success.
type Decoded = (String, Result<Option<String>, ApiError>);

/// The steps between a response and its decoding.
#[derive(Clone, Copy)]
pub(crate) struct Opening<'a> {
    pub(crate) info: ActionInfo<'a>,
    pub(crate) encapsulation: Option<&'a dyn Encapsulation>,
    pub(crate) interceptors: &'a Interceptors,
}

/// Decodes a response in one pass. Stores the typed body of a success in `value`.
pub(crate) fn read<T>(
    response: Response<Bytes>,
    opening: Option<Opening<'_>>,
    decode: Decode<T>,
    value: &mut Option<T>,
) -> ApiResponse {
    // Only this closure is compiled for each type.
    read_with(response, opening, &mut |body| {
        let Envelope { request_id, result } = decode(body)?;
        let warning = result.map(|success| {
            *value = Some(success.body);
            success.deprecated_warning
        });
        Ok((request_id, warning))
    })
}

/// A decoder of the events of a stream.
pub(crate) type DecodeEvent<T> = fn(Event) -> Result<T, json::Error>;

/// Decodes a response that may be a stream of events. Another response is decoded as one event.
pub(crate) fn read_event<T>(
    response: Response<Bytes>,
    opening: Option<Opening<'_>>,
    decode: DecodeEvent<T>,
    value: &mut Option<T>,
) -> ApiResponse {
    read_with(response, opening, &mut |body| {
        let Envelope { request_id, result } = Envelope::locate(body)?;
        let warning = match result {
            Err(error) => Err(error),
            Ok(success) => {
                *value = Some(decode(Event::new(String::from_utf8_lossy(success.body)))?);
                Ok(success.deprecated_warning)
            }
        };
        Ok((request_id, warning))
    })
}

fn read_with(
    response: Response<Bytes>,
    opening: Option<Opening<'_>>,
    decode: &mut dyn FnMut(&[u8]) -> Result<Decoded, json::Error>,
) -> ApiResponse {
    let Response { status, headers, mut body } = response;
    let sealed = opening.filter(|_| !is_event_stream(status, &headers));
    match sealed.and_then(|opening| opening.encapsulation?.open(&body).transpose()) {
        None => {}
        Some(Ok(inner)) => body = inner.into(),
        Some(Err(error)) => {
            let request_id = Envelope::decode_metadata(&body)
                .map_or_else(|_| String::new(), |envelope| envelope.request_id);
            let content = Content::Unexpected(one_line(&error.to_string(), 200));
            return ApiResponse::new(status, headers, request_id, content);
        }
    }
    let mut response = Response { status, headers, body };
    if let Some(Opening { info, interceptors, .. }) = opening
        && let Err(error) = interceptors.before_decoding(info, &mut response)
    {
        let content = Content::Intercepted(error);
        return ApiResponse::new(response.status, response.headers, String::new(), content);
    }
    let Response { status, headers, body } = response;
    if is_event_stream(status, &headers) {
        return ApiResponse::new(status, headers, String::new(), Content::Stream);
    }
    let (request_id, content) = match decode(&body) {
        Ok((request_id, Err(error))) => (request_id, Content::Error(error)),
        Ok((request_id, Ok(warning))) => {
            (request_id, warning.map_or(Content::Success, Content::Deprecated))
        }
        Err(error) => undecodable(&headers, &body, &error),
    };
    ApiResponse::new(status, headers, request_id, content)
}

/// Returns the decoded body of a successful call. Its absence would be a bug of this crate.
pub(crate) fn decoded<T>(info: &ActionInfo<'_>, body: Option<T>) -> Result<T, Error> {
    body.ok_or_else(|| {
        Error::new(ErrorKind::Decode, "internal error: no decoded response; please report this")
            .of_call(info.name, 0, true)
    })
}

fn undecodable(headers: &HeaderMap, body: &[u8], error: &json::Error) -> (String, Content) {
    // A response of an unexpected type still has a request ID, and may contain an error.
    if let Ok(envelope) = Envelope::decode_metadata(body) {
        let content = match envelope.result {
            Err(error) => Content::Error(error),
            Ok(_) => Content::Unexpected(format!("unexpected response: {error}")),
        };
        return (envelope.request_id, content);
    }
    (String::new(), Content::Undecodable(undecodable::describe(headers, body)))
}

#[cfg(feature = "serde")]
#[cfg(test)]
mod tests {
    use tc3_transport::header;

    use super::*;
    use serde_json::Value;

    fn read_text(content_type: &str, body: &str) -> (ApiResponse, Option<Vec<u8>>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        let body = Bytes::copy_from_slice(body.as_bytes());
        let mut value = None::<Value>;
        let response = Response { status: StatusCode::OK, headers, body };
        let response = read(response, None, Envelope::deserialize, &mut value);
        (response, value.map(|value| serde_json::to_vec(&value).unwrap()))
    }

    #[test]
    fn reports_an_error_for_any_content_type() {
        let (response, value) = read_text(
            "application/json; charset=utf-8",
            r#"{"Response":{"Error":{"Code":"C","Message":"m"},"RequestId":"r"}}"#,
        );
        assert!(value.is_none());
        assert!(matches!(response.content, Content::Error(error) if error.code == "C"));
    }

    #[test]
    fn keeps_the_request_id_of_an_unexpected_response_and_hides_values() {
        let mut value = None::<Typed>;
        let body = Bytes::from_static(br#"{"Response":{"Count":"13888888888","RequestId":"r"}}"#);
        let response = Response { status: StatusCode::OK, headers: HeaderMap::new(), body };
        let response = read(response, None, Envelope::deserialize, &mut value);
        assert_eq!(response.request_id, "r");
        let Content::Unexpected(text) = response.content else { panic!() };
        assert!(!text.contains("138"), "{text}");
    }

    #[derive(serde::Deserialize)]
    #[allow(dead_code, reason = "only decoded")]
    #[serde(rename_all = "PascalCase")]
    struct Typed {
        count: u64,
    }
}
