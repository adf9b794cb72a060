//! A web service with axum, whose requests share one client. It streams PDFs to browsers, and receives callbacks, which end
//! the waits of its other route:
//!
//! ```sh
//! TENCENTCLOUD_SECRET_ID=... TENCENTCLOUD_SECRET_KEY=... \
//! ESSBASIC_APP_ID=... ESSBASIC_ORGANIZATION=... ESSBASIC_OPERATOR=... \
//! ESSBASIC_CALLBACK_TOKEN=... ESSBASIC_CALLBACK_KEY=... \
//!     cargo run -p essbasic --features callback --example axum_service -- 127.0.0.1:8080
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the example has no other log")]

use std::convert::Infallible;
use std::env;
use std::future::ready;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use essbasic::{
    Client, Config, Error, FlowErrorKind, PdfOptions, Signals, WaitOptions, agent, credentials,
};
use essbasic_callback::{CallbackKey, CallbackService, Message, Receiver, Token};

/// State of all requests. Clones of the client use the same connections and rate limit.
#[derive(Clone)]
struct Shared {
    client: Client,
    signals: Signals,
}

/// Returns the service. Add the authorization of your users: every caller can read every contract.
pub fn app(client: Client, receiver: Receiver) -> Router {
    let signals = Signals::new();
    let notified = signals.clone();
    let callbacks = CallbackService::new(receiver, move |message: Message| {
        notified.notify(&message);
        ready(Ok::<_, Infallible>(()))
    });
    Router::new()
        .route("/contracts/{flow_id}/pdf", get(pdf))
        .route("/contracts/{flow_id}/signed", get(signed))
        .with_state(Shared { client, signals })
        .route_service("/callback", callbacks)
}

/// Streams the PDF. A failed transfer is continued with a new link; the browser notices nothing.
async fn pdf(
    State(shared): State<Shared>,
    Path(flow_id): Path<String>,
) -> Result<(HeaderMap, Body), Failure> {
    let pdf = shared.client.contract(flow_id).pdf_stream(&PdfOptions::default()).await?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    let disposition = format!("attachment; filename*=UTF-8''{}", encoded(pdf.file_name()));
    if let Ok(disposition) = disposition.try_into() {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    // If the transfer fails in the end, the connection ends before this length: the browser does not show half a contract.
    if let Some(length) = pdf.content_length() {
        headers.insert(header::CONTENT_LENGTH, length.into());
    }
    Ok((headers, Body::from_stream(pdf)))
}

/// Waits at most 30 seconds for the signatures. A callback ends the wait at once.
async fn signed(
    State(shared): State<Shared>,
    Path(flow_id): Path<String>,
) -> Result<&'static str, Failure> {
    let options =
        WaitOptions::default().with_signals(shared.signals).with_timeout(Duration::from_secs(30));
    let outcome = shared.client.contract(flow_id).wait(&options).await?;
    Ok(if outcome.is_signed() { "true" } else { "false" })
}

/// Returns a value for a header by RFC 8187.
fn encoded(name: &str) -> String {
    let encoded = name.bytes().map(|byte| match byte {
        b'-' | b'.' | b'_' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    encoded.collect()
}

/// A failure as a response. The sender sees its kind, the log has the rest.
struct Failure(Error);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self(error) = self;
        if error.is_not_found() {
            return (StatusCode::NOT_FOUND, "no such contract").into_response();
        }
        if error.flow().is_some_and(|flow| flow.kind == FlowErrorKind::NotSigned) {
            return (StatusCode::CONFLICT, "not signed by every party").into_response();
        }
        eprintln!("{error}; {}", error.hint().unwrap_or("no hint"));
        let status = match error.is_retryable() {
            true => StatusCode::SERVICE_UNAVAILABLE,
            false => StatusCode::BAD_GATEWAY,
        };
        (status, "the contract cannot be read at present").into_response()
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let [app_id, organization, operator] =
        ["ESSBASIC_APP_ID", "ESSBASIC_ORGANIZATION", "ESSBASIC_OPERATOR"].map(env::var);
    let agent = agent(app_id?, organization?, operator?);
    let client = Client::new(Config::new(credentials::default_chain()), agent)?;
    let token = Token::new(env::var("ESSBASIC_CALLBACK_TOKEN")?)?;
    let key = CallbackKey::new(env::var("ESSBASIC_CALLBACK_KEY")?)?;
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app(client, Receiver::new(token, key))).await?;
    Ok(())
}
