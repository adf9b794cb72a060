//! `essbasic-server probe`.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Empty;
use hyper::client::conn::http1::handshake;
use hyper::header::HOST;
use hyper::http::uri::Scheme;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Exit;
use crate::failure::Failure;
use crate::output::Output;

const EXAMPLES: &str = "\
Sends a GET request over HTTP, without a proxy, and follows no redirect. For the health checks of containers, whose images have no
other client.

Exit status: 0 the response has a status of 2xx, within 5 s; 1 otherwise, with the cause on stderr.

Examples:
  essbasic-server probe http://127.0.0.1:9090/livez
  HEALTHCHECK CMD [\"essbasic-server\", \"probe\", \"http://127.0.0.1:9090/readyz\"]";

/// Check that an HTTP URL responds with 2xx.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ProbeArgs {
    /// URL, such as http://127.0.0.1:9090/readyz.
    #[arg(value_name = "URL")]
    url: String,
}

/// Time for the response.
const TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Serialize)]
struct ProbeJson {
    ok: bool,
    /// Status of the response.
    status: Option<u16>,
}

pub(super) async fn run(args: &ProbeArgs, mut output: Output) -> Result<Exit, Failure> {
    let target = Target::new(&args.url)?;
    let status = match timeout(TIMEOUT, target.get()).await {
        Ok(status) => status,
        Err(_) => Err("no response within 5 s".to_owned()),
    };
    let cause = match &status {
        Ok(status) if (200..300).contains(status) => None,
        Ok(status) => Some(format!("status {status}; expected 2xx")),
        Err(cause) => Some(cause.clone()),
    };
    if output.is_json() {
        output.json(&ProbeJson { ok: cause.is_none(), status: status.ok() })?;
        output.flush()?;
    }
    match cause {
        None => Ok(Exit::Done),
        Some(cause) => Err(Failure::new(format!("{}: {cause}", target.shown()))),
    }
}

/// URL of a probe.
struct Target {
    authority: String,
    host: String,
    port: u16,
    path: String,
    path_and_query: String,
}

impl Target {
    fn new(url: &str) -> Result<Self, Failure> {
        // The URL itself may contain a secret.
        let invalid = || Failure::new("invalid URL of the probe; expected http://HOST:PORT/PATH");
        let uri: Uri = url.parse().map_err(|_| invalid())?;
        if uri.scheme() == Some(&Scheme::HTTPS) {
            return Err(Failure::new(
                "the probe has no TLS; expected http://HOST:PORT/PATH of a listener of this server",
            ));
        }
        let authority = uri.authority().ok_or_else(invalid)?;
        if uri.scheme() != Some(&Scheme::HTTP)
            || authority.as_str().contains('@')
            || authority.host().is_empty()
        {
            return Err(invalid());
        }
        let host = authority.host();
        let port = match authority.as_str().strip_prefix(host) {
            Some("") => 80,
            port => {
                let port = port.and_then(|port| port.strip_prefix(':')).ok_or_else(invalid)?;
                port.parse().map_err(|_| invalid())?
            }
        };
        Ok(Self {
            authority: authority.to_string(),
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            path: uri.path().to_owned(),
            path_and_query: uri
                .path_and_query()
                .map_or_else(|| "/".to_owned(), |path| path.as_str().to_owned()),
        })
    }

    /// Returns the URL without its query.
    fn shown(&self) -> String {
        format!("http://{}{}", self.authority, self.path)
    }

    /// Returns the status of the response, or a cause.
    async fn get(&self) -> Result<u16, String> {
        let stream = TcpStream::connect((&*self.host, self.port))
            .await
            .map_err(|error| format!("cannot connect: {error}"))?;
        let request = Request::get(&self.path_and_query)
            .header(HOST, &self.authority)
            .body(Empty::<Bytes>::new())
            .map_err(|_| "invalid URL".to_owned())?;
        let failed = |_| "no HTTP response".to_owned();
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.map_err(failed)?;
        tokio::spawn(connection);
        let response = sender.send_request(request).await.map_err(failed)?;
        Ok(response.status().as_u16())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_http_without_secrets_in_messages() {
        for (url, host, shown) in [
            ("http://127.0.0.1:9090/readyz", "127.0.0.1", "http://127.0.0.1:9090/readyz"),
            ("http://[::1]:9090", "::1", "http://[::1]:9090/"),
            ("http://h?token=secret", "h", "http://h/"),
        ] {
            let target = Target::new(url).unwrap();
            assert_eq!((&*target.host, target.shown()), (host, shown.to_owned()));
        }
        for url in [
            "https://h/secret",
            "ftp://h/secret",
            "secret",
            "/secret",
            "http:///secret",
            "http://user:secret@h/",
            "http://h:99999/secret",
            "http://h:/secret",
            "http://[::1/secret",
            "http://h/sec ret",
            "",
        ] {
            let error = Target::new(url).err().unwrap().to_string();
            assert!(error.contains("expected http://HOST:PORT/PATH"), "{url}: {error}");
            assert!(!error.contains("secret"), "{url}: {error}");
        }
    }
}
