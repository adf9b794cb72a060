//! Delivery of one message: re-signed, re-encrypted, posted.

use std::fmt;
use std::time::Duration;

use essbasic::transport::header::CONTENT_TYPE;
use essbasic::transport::{
    AsyncTransport, HeaderName, HeaderValue, Method, Request, StatusCode, TransportError,
    TransportErrorKind, Uri,
};
use essbasic_callback::Sender;

use crate::config::{self, Forward};
use crate::failure::Failure;

/// Header of the signature.
const SIGNATURE: HeaderName = HeaderName::from_static("content-signature");

/// Time for one delivery.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Target of forwards, with its secrets.
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) give_up_after: Duration,
    uri: Uri,
    sender: Sender,
}

/// Cause of a delivery that failed. Contains neither path and query of the URL nor a body.
pub(crate) enum NotDelivered {
    /// The target responded with another status than 2xx.
    Status(StatusCode),
    /// No response. The error names the host that failed, which may be a proxy.
    Unreachable(TransportError),
    /// The message is not UTF-8, so another program modified the store.
    NotText,
}

impl fmt::Display for NotDelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "status {status}; expected 2xx"),
            Self::Unreachable(error) if error.kind() == TransportErrorKind::Proxy => error.fmt(f),
            Self::Unreachable(error) => write!(f, "{error}; check the URL of the target"),
            Self::NotText => f.write_str("the stored message is not UTF-8"),
        }
    }
}

impl Target {
    /// Reads the secrets of a target.
    ///
    /// # Errors
    /// Returns an error that names the target, if a secret or the URL is invalid.
    pub(crate) fn new(target: &Forward) -> Result<Self, Failure> {
        let at = |key: &str| format!("forward {:?}: {key}", target.name);
        let uri =
            target.url.parse().map_err(|error| Failure::new(format!("{}: {error}", at("url"))))?;
        let token = target.token_file.as_deref();
        let token = token.map(|path| config::token(&at("token_file"), path)).transpose()?;
        let key = target.key_file.as_deref();
        let key = key.map(|path| config::callback_key(&at("key_file"), path)).transpose()?;
        let sender = Sender::new(token, key);
        Ok(Self { name: target.name.clone(), give_up_after: target.give_up_after, uri, sender })
    }

    /// Posts a message. Only a 2xx status is a delivery. After a failed attempt, `new_connection` bypasses idle connections,
    /// which may be broken.
    pub(super) async fn deliver(
        &self,
        transport: &dyn AsyncTransport,
        message: &[u8],
        new_connection: bool,
    ) -> Result<(), NotDelivered> {
        let message = std::str::from_utf8(message).map_err(|_| NotDelivered::NotText)?;
        let callback = self.sender.send(message);
        let mut request = Request::get(self.uri.clone());
        request.method = Method::POST;
        request.timeout = Some(TIMEOUT);
        request.new_connection = new_connection;
        request.body = callback.body.into();
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(signature) = callback.signature {
            // Hexadecimal digits after a prefix.
            let value = HeaderValue::try_from(signature).map_err(|_| NotDelivered::NotText)?;
            request.headers.insert(SIGNATURE, value);
        }
        let response = transport.send(request).await.map_err(NotDelivered::Unreachable)?;
        match response.status.is_success() {
            true => Ok(()),
            false => Err(NotDelivered::Status(response.status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use essbasic::transport::{AsyncBody, Response};

    use super::*;

    #[tokio::test]
    async fn a_failed_delivery_names_its_hop_and_the_next_one_opens_a_new_connection() {
        let target: Forward =
            toml::from_str("name = \"t\"\nurl = \"http://t.example/hook?key=hidden\"").unwrap();
        let target = Target::new(&target).unwrap();
        for (kind, advice) in [
            (
                TransportErrorKind::Interrupted,
                "connection interrupted; check the URL of the target",
            ),
            (TransportErrorKind::Proxy, "proxy failed"),
        ] {
            let transport = |request: Request| {
                assert_eq!(request.uri.path(), "/hook");
                let result: Result<Response<AsyncBody>, _> = match request.new_connection {
                    false => Err(TransportError::new(kind)),
                    true => Ok(Response {
                        status: StatusCode::OK,
                        headers: Default::default(),
                        body: AsyncBody::from(essbasic::transport::Bytes::new()),
                    }),
                };
                std::future::ready(result)
            };
            let failed = target.deliver(&transport, b"{}", false).await.unwrap_err();
            assert_eq!(failed.to_string(), advice);
            assert!(target.deliver(&transport, b"{}", true).await.is_ok());
        }
    }
}
