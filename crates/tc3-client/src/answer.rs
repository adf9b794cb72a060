//! What an HTTP answer says, in the few words that the call machine decides by.

use tc3_api::json::{self, Reader};
use tc3_api::{ActionInfo, ApiError, Envelope};
use tc3_transport::{Bytes, HeaderMap, Response, StatusCode, header};

use crate::encapsulation::Encapsulation;
use crate::error::{Error, ErrorKind, one_line};

/// An answer without its typed body, which stays with the driver.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) request_id: String,
    pub(crate) content: Content,
}

pub(crate) enum Content {
    Success,
    /// The action is deprecated: the service's text.
    Warned(String),
    Error(ApiError),
    /// An answer of the API, but not of the expected type: asking again would bring the same.
    Unexpected(String),
    /// Not an answer of the API; what it is instead.
    Undecodable(String),
}

/// What reads the body of an answer.
pub(crate) type Decode<T> = fn(&[u8]) -> Result<Envelope<T>, json::Error>;

/// The request id, and of a success the warning of a deprecated action.
type Told = (String, Result<Option<String>, ApiError>);

/// Decodes in one pass; `value` gets the typed body of a success.
pub(crate) fn read<T>(
    response: Response<Bytes>,
    encapsulation: Option<&dyn Encapsulation>,
    decode: Decode<T>,
    value: &mut Option<T>,
) -> Answer {
    // All that is compiled for each type.
    told(response, encapsulation, &mut |body| {
        let Envelope { request_id, result } = decode(body)?;
        let warning = result.map(|success| {
            *value = Some(success.body);
            success.deprecated_warning
        });
        Ok((request_id, warning))
    })
}

fn told(
    response: Response<Bytes>,
    encapsulation: Option<&dyn Encapsulation>,
    decode: &mut dyn FnMut(&[u8]) -> Result<Told, json::Error>,
) -> Answer {
    let Response { status, headers, mut body } = response;
    match encapsulation.map(|encapsulation| encapsulation.open(&body)) {
        None | Some(Ok(None)) => {}
        Some(Ok(Some(carried))) => body = carried.into(),
        Some(Err(error)) => {
            let request_id =
                Envelope::around(&body).map_or_else(|_| String::new(), |around| around.request_id);
            let content = Content::Unexpected(one_line(&error.to_string(), 200));
            return Answer { status, headers, request_id: one_line(&request_id, 128), content };
        }
    }
    let (request_id, content) = match decode(&body) {
        Ok((request_id, Err(error))) => (request_id, Content::Error(error)),
        Ok((request_id, Ok(warning))) => {
            (request_id, warning.map_or(Content::Success, Content::Warned))
        }
        Err(error) => undecodable(&headers, &body, &error),
    };
    Answer { status, headers, request_id: one_line(&request_id, 128), content }
}

/// A call that ended well without a body: it cannot be, and would be this crate's own fault.
pub(crate) fn lost(info: &ActionInfo<'_>) -> Error {
    Error::new(ErrorKind::Decode, "the answer was lost: please report this")
        .of_call(info.name, 0, true)
}

fn undecodable(headers: &HeaderMap, body: &[u8], error: &json::Error) -> (String, Content) {
    // An API answer of another type than expected still has an id, and perhaps a plain error.
    if let Ok(envelope) = Envelope::around(body) {
        let content = match envelope.result {
            Err(error) => Content::Error(error),
            Ok(_) => Content::Unexpected(format!("the answer is not as documented: {error}")),
        };
        return (envelope.request_id, content);
    }
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map_or_else(|| "no content type".to_owned(), |value| one_line(value, 60));
    let what = if body.is_empty() {
        "the answer is empty".to_owned()
    } else if is_json(body) {
        format!("the answer is JSON without a Response ({} bytes)", body.len())
    } else if matches!(body.trim_ascii_start().first(), Some(b'{' | b'[' | b'"')) {
        // Broken JSON may hold anything that an answer holds: none of it is shown.
        format!("the answer is broken JSON ({} bytes)", body.len())
    } else {
        format!("the answer is no JSON ({kind}): {}", first_words(body))
    };
    (String::new(), Content::Undecodable(what))
}

fn is_json(body: &[u8]) -> bool {
    Reader::new(body).is_ok_and(|mut reader| reader.skip().and_then(|()| reader.end()).is_ok())
}

/// The first words of a gateway's page, without its tags.
fn first_words(body: &[u8]) -> String {
    let head = String::from_utf8_lossy(body.get(..1024).unwrap_or(body));
    let mut text = String::new();
    let mut inside_tag = false;
    for c in head.chars() {
        match c {
            '<' => inside_tag = true,
            '>' => {
                inside_tag = false;
                text.push(' ');
            }
            _ if !inside_tag => text.push(c),
            _ => {}
        }
    }
    let words: Vec<_> = text.split_whitespace().collect();
    one_line(&words.join(" "), 80)
}

#[cfg(feature = "serde")]
#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn read_text(content_type: &str, body: &str) -> (Answer, Option<Vec<u8>>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, content_type.parse().unwrap());
        let body = Bytes::copy_from_slice(body.as_bytes());
        let mut value = None::<Value>;
        let response = Response { status: StatusCode::OK, headers, body };
        let answer = read(response, None, Envelope::deserialize, &mut value);
        (answer, value.map(|value| serde_json::to_vec(&value).unwrap()))
    }

    #[test]
    fn a_charset_does_not_turn_an_error_into_a_success() {
        let (answer, value) = read_text(
            "application/json; charset=utf-8",
            r#"{"Response":{"Error":{"Code":"C","Message":"m"},"RequestId":"r"}}"#,
        );
        assert!(value.is_none());
        assert!(matches!(answer.content, Content::Error(error) if error.code == "C"));
    }

    #[test]
    fn a_page_shows_its_words_and_broken_json_nothing() {
        let (answer, _) = read_text("text/html", "<html><h1>502 Bad\nGateway</h1>\u{1b}[2J");
        let Content::Undecodable(text) = answer.content else { panic!() };
        assert_eq!(text, "the answer is no JSON (text/html): 502 Bad Gateway  [2J");
        let (answer, _) = read_text("text/plain", r#"{"Response":{"Mobile":"13888888888""#);
        let Content::Undecodable(text) = answer.content else { panic!() };
        assert!(!text.contains("138"), "{text}");
    }

    #[test]
    fn a_wrong_type_keeps_the_request_id_and_hides_the_value() {
        let mut value = None::<Typed>;
        let body = Bytes::from_static(br#"{"Response":{"Count":"13888888888","RequestId":"r"}}"#);
        let response = Response { status: StatusCode::OK, headers: HeaderMap::new(), body };
        let answer = read(response, None, Envelope::deserialize, &mut value);
        assert_eq!(answer.request_id, "r");
        let Content::Unexpected(text) = answer.content else { panic!() };
        assert!(!text.contains("138"), "{text}");
    }

    #[derive(serde::Deserialize)]
    #[allow(dead_code, reason = "only its decoding matters")]
    #[serde(rename_all = "PascalCase")]
    struct Typed {
        count: u64,
    }
}
