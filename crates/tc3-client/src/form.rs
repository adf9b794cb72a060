//! Forms of requests: method, path, query, headers and body of an action's fields.

use tc3_api::json::{self, Decode, Members, Reader};
use tc3_api::{ActionInfo, RequestForm};
use tc3_transport::header::HeaderName;
use tc3_transport::{Bytes, HeaderMap, HeaderValue, Method};

use crate::error::{Error, ErrorKind};
use crate::headers;

/// Maximum length of a query, in bytes: the limit of the platform for `GET`.
const MAX_QUERY_BYTES: usize = 32 << 10;

/// A request without its endpoint.
pub(crate) struct Formed<'a> {
    pub(crate) method: Method,
    /// Percent-encoded, without dot segments; the same string is signed and sent.
    pub(crate) path: &'a str,
    /// As `path`, without the question mark.
    pub(crate) query: String,
    pub(crate) content_type: &'static str,
    /// The fields that are sent as headers.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Returns the request of an action; `fields` are JSON, and `octets` the raw body of the call.
pub(crate) fn of<'a>(
    action: &ActionInfo<'a>,
    fields: Bytes,
    octets: Option<&Bytes>,
) -> Result<Formed<'a>, Error> {
    if octets.is_some() && action.form != RequestForm::OctetStream {
        return Err(invalid("the action has no raw body; remove `with_octets` from the options"));
    }
    let mut formed = Formed {
        method: Method::POST,
        path: checked_path(action.path)?,
        query: String::new(),
        content_type: "application/json",
        headers: HeaderMap::new(),
        body: Bytes::new(),
    };
    match action.form {
        RequestForm::Query => {
            formed.method = Method::GET;
            formed.query = query(&fields)?;
            formed.content_type = "application/x-www-form-urlencoded";
        }
        RequestForm::OctetStream => {
            let missing = "the action needs a raw body; set it by `CallOptions::with_octets`";
            formed.body = octets.ok_or_else(|| invalid(missing))?.clone();
            formed.headers = field_headers(action.service, &fields)?;
            formed.content_type = "application/octet-stream";
        }
        _ => formed.body = fields,
    }
    Ok(formed)
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Request, message)
}

/// Rejects a path that an HTTP client would change after it was signed.
fn checked_path(path: &str) -> Result<&str, Error> {
    if path == "/" {
        return Ok(path);
    }
    let is_plain = |byte: u8| is_unreserved(byte) || b"/%!$&'()*+,;=:@".contains(&byte);
    let is_encoded = path.split('%').skip(1).all(|rest| {
        rest.as_bytes().get(..2).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    let has_dots = path.split('/').any(|segment| {
        let segment = segment.to_ascii_lowercase().replace("%2e", ".");
        segment == "." || segment == ".."
    });
    if !path.starts_with('/') || !path.bytes().all(is_plain) || !is_encoded || has_dots {
        return Err(invalid(
            "invalid path of the action; write it as /PATH, percent-encoded and without `.` segments",
        ));
    }
    Ok(path)
}

/// Returns the fields as a query, sorted, with the percent-encoding of RFC 3986.
fn query(fields: &[u8]) -> Result<String, Error> {
    let mut pairs = Vec::new();
    flatten(String::new(), decoded(fields)?, &mut pairs);
    let mut pairs: Vec<String> =
        pairs.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
    pairs.sort_unstable();
    let query = pairs.join("&");
    if query.len() > MAX_QUERY_BYTES {
        return Err(invalid(format!(
            "the query has {} bytes, and the maximum is {MAX_QUERY_BYTES}; pass fewer or shorter fields",
            query.len()
        )));
    }
    Ok(query)
}

fn decoded(fields: &[u8]) -> Result<Node, Error> {
    json::decode(fields).map_err(|error| invalid(format!("invalid request: {error}")))
}

/// Appends the scalars of a value, with names such as `Filters.0.Values.1`. `null` and empty arrays are omitted.
fn flatten(name: String, node: Node, pairs: &mut Vec<(String, String)>) {
    let inner = |part: &str| match name.is_empty() {
        true => part.to_owned(),
        false => format!("{name}.{part}"),
    };
    match node {
        Node::Null => {}
        Node::Scalar(value) => pairs.push((name, value)),
        Node::List(nodes) => {
            for (index, node) in nodes.into_iter().enumerate() {
                flatten(inner(&index.to_string()), node, pairs);
            }
        }
        Node::Object(members) => {
            for (part, node) in members.0 {
                flatten(inner(&part), node, pairs);
            }
        }
    }
}

fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match is_unreserved(byte) {
            true => encoded.push(char::from(byte)),
            false => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// Returns the fields as headers.
fn field_headers(service: &str, fields: &[u8]) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    let fields = match decoded(fields)? {
        Node::Object(members) => members.0,
        _ => Vec::new(),
    };
    for (field, node) in fields {
        let value = match node {
            Node::Null => continue,
            Node::Scalar(value) => value,
            _ => {
                return Err(invalid(format!(
                    "field `{field}` is an array or object, which a header cannot represent"
                )));
            }
        };
        let name = HeaderName::try_from(format!("x-{service}-{field}"))
            .ok()
            .filter(|name| !headers::is_reserved(name))
            .ok_or_else(|| invalid(format!("the name of field `{field}` cannot be a header")))?;
        let mut value = HeaderValue::try_from(value.into_bytes()).map_err(|_| {
            invalid(format!("field `{field}` contains a character that a header cannot have"))
        })?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

/// Any JSON value. Numbers keep their digits.
enum Node {
    Null,
    Scalar(String),
    List(Vec<Node>),
    Object(Object),
}

#[derive(Default)]
struct Object(Vec<(String, Node)>);

impl Members for Object {
    fn member(&mut self, name: &str, reader: &mut Reader<'_>) -> Result<(), json::Error> {
        let node = reader.value()?;
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), node));
        Ok(())
    }
}

impl Decode for Node {
    const NULL_IS_BLANK: bool = true;

    fn optional(reader: &mut Reader<'_>) -> Result<Option<Self>, json::Error> {
        Ok(match reader.kind() {
            Some(json::Kind::Null) => {
                reader.null()?;
                None
            }
            Some(json::Kind::Array) => Vec::optional(reader)?.map(Self::List),
            Some(json::Kind::Object) => reader.object(Object::default(), &[])?.map(Self::Object),
            _ => String::optional(reader)?.map(Self::Scalar),
        })
    }

    fn blank() -> Self {
        Self::Null
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_sorted_flat_and_percent_encoded() {
        for (fields, expected) in [
            ("{}", ""),
            (r#"{"B":1,"A":true}"#, "A=true&B=1"),
            (r#"{"Limit":18446744073709551616,"F":1.50}"#, "F=1.50&Limit=18446744073709551616"),
            (r#"{"A":null,"B":[],"C":{}}"#, ""),
            (r#"{"A":""}"#, "A="),
            (
                r#"{"Filters":[{"Name":"zone","Values":["a","b"]}],"Zone":"x"}"#,
                "Filters.0.Name=zone&Filters.0.Values.0=a&Filters.0.Values.1=b&Zone=x",
            ),
            (r#"{"A":[[1],[2,3]]}"#, "A.0.0=1&A.1.0=2&A.1.1=3"),
            (r#"{"A":"a b+c&d=e/f?~-._*'\u0022"}"#, "A=a%20b%2Bc%26d%3De%2Ff%3F~-._%2A%27%22"),
            (r#"{"名":"签"}"#, "%E5%90%8D=%E7%AD%BE"),
            (r#"{"A":"x\ny"}"#, "A=x%0Ay"),
            // The last of duplicate fields is used, as in typed requests.
            (r#"{"A":1,"A":2}"#, "A=2"),
        ] {
            assert_eq!(query(fields.as_bytes()).unwrap(), expected, "{fields}");
        }
        let long = format!(r#"{{"A":"{}"}}"#, "x".repeat(MAX_QUERY_BYTES));
        let error = query(long.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
        assert!(error.to_string().contains("32768"), "{error}");
        assert!(query(b"{").is_err());
    }

    #[test]
    fn paths_that_a_client_would_change_are_refused() {
        for path in ["/", "/v1/ai/hunyuan/", "/a%2Fb", "/a//b", "/a.b/..c", "/~a;b=c,d@e"] {
            assert_eq!(checked_path(path).unwrap(), path);
        }
        for path in [
            "",
            "v1",
            "/a b",
            "/a?b",
            "/a#b",
            "/签",
            "/a%",
            "/a%2",
            "/a%zz",
            "/./a",
            "/a/..",
            "/%2e%2E/a",
            "/a\\b",
            "/a\"b",
            "/{a}",
            "/a|b",
        ] {
            assert!(checked_path(path).is_err(), "{path}");
        }
    }

    #[test]
    fn fields_of_raw_bodies_are_headers() {
        let upload = ActionInfo::new("cls", "2020-10-16", "UploadLog").octet_stream();
        let octets = Bytes::from_static(b"\x00\xff");
        let formed = |fields: &str| of(&upload, fields.to_owned().into(), Some(&octets));
        let ok = formed(r#"{"TopicId":"t-1","CompressType":"lz4","N":7,"Z":null,"名":null}"#);
        let ok = ok.unwrap();
        assert_eq!((ok.body, ok.content_type), (octets.clone(), "application/octet-stream"));
        assert_eq!((ok.method, ok.path, ok.query.as_str()), (Method::POST, "/", ""));
        let mut headers: Vec<_> = ok
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        headers.sort_unstable();
        let expected = [("x-cls-compresstype", "lz4"), ("x-cls-n", "7"), ("x-cls-topicid", "t-1")];
        assert_eq!(headers, expected);
        for bad in
            [r#"{"A":[1]}"#, r#"{"A":{}}"#, r#"{"A":"x\ny"}"#, r#"{"名":"a"}"#, r#"{"A b":1}"#]
        {
            assert_eq!(formed(bad).err().unwrap().kind(), ErrorKind::Request, "{bad}");
        }
        // A header of the client cannot be replaced by a field.
        let tc = ActionInfo::new("tc", "v", "A").octet_stream();
        assert!(of(&tc, Bytes::from_static(br#"{"Action":"B"}"#), Some(&octets)).is_err());

        let error = of(&upload, Bytes::from_static(b"{}"), None).err().unwrap();
        assert!(error.to_string().contains("with_octets"), "{error}");
        let json = ActionInfo::new("cvm", "v", "A");
        assert!(of(&json, Bytes::from_static(b"{}"), Some(&octets)).is_err());
    }
}
