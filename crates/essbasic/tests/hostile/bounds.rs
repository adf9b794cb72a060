//! Limits of responses and files.

use std::io::Write;
use std::time::Duration;

use essbasic::credentials::CvmRole;
use essbasic::{Config, DownloadOptions, Error, FlowErrorKind};
use flate2::Compression;
use flate2::write::GzEncoder;
use tc3_client::BaseUrl;

use super::server::{KEY, Out, Request, Server, links, response};
use super::{clients, clients_with};
use crate::support::config_at;

/// Limit of a response or file in these tests, in bytes.
const LIMIT: usize = 1 << 20;

/// Upper bound of the data in the buffers of the system, in bytes.
const BUFFERS: u64 = 16 << 20;

const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Returns a chunk of 64 KiB.
fn chunk() -> Vec<u8> {
    [b"10000\r\n".as_slice(), &[b' '; 0x1_0000], b"\r\n"].concat()
}

/// Returns a response of 256 MiB, compressed to a thousandth.
fn bomb() -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..256 {
        gzip.write_all(&[0; 1 << 20]).unwrap();
    }
    let gzip = gzip.finish().unwrap();
    assert!(gzip.len() < 4 << 20, "{}", gzip.len());
    response(200, "Content-Encoding: gzip\r\n", &gzip)
}

type Flood = Box<dyn Fn(&mut Out) + Send + Sync>;

/// Returns responses that exceed every limit, with each kind of framing.
fn floods() -> Vec<(&'static str, Flood)> {
    let bomb = bomb();
    vec![
        (
            "chunked",
            Box::new(|out: &mut Out| {
                out.write(CHUNKED);
                out.flood(&chunk());
            }),
        ),
        (
            "until closed",
            Box::new(|out: &mut Out| {
                out.write(b"HTTP/1.1 200 OK\r\n\r\n");
                out.flood(&[b' '; 0x1_0000]);
            }),
        ),
        (
            "huge length",
            Box::new(|out: &mut Out| {
                out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999\r\n\r\n");
                out.flood(&[b' '; 0x1_0000]);
            }),
        ),
        ("gzip", Box::new(move |out: &mut Out| out.write(&bomb))),
    ]
}

#[test]
fn reads_a_response_only_up_to_the_limit() {
    for (name, flood) in floods() {
        let service = Server::start(move |_, out| flood(out));
        for client in clients_with(config_at(&service.url()).with_max_response_bytes(LIMIT)) {
            let message = match call!(&client, links(["flow"])) {
                Ok(links) => links[0].result.as_ref().unwrap_err().to_string(),
                Err(error) => error.to_string(),
            };
            assert!(message.contains("limit of 1048576 bytes"), "{name}: {message}");
            assert_eq!(service.take_seen().len(), 1, "{name}");
            let sent = service.take_sent();
            assert!(sent < LIMIT as u64 + BUFFERS, "{name}: {sent} bytes were accepted");
        }
    }
}

/// Starts a service whose links lead to files that are sent by this function.
fn file_server(file: impl Fn(&mut Out) + Send + Sync + 'static) -> Server {
    Server::start(move |request: &Request, out: &mut Out| {
        let host = request.host();
        match request.is_call() {
            true => out.write(&links(request, |_| format!("http://{host}/?hkey={KEY}"))),
            false => file(out),
        }
    })
}

#[test]
fn reads_a_file_only_up_to_the_limit() {
    for (name, flood) in floods() {
        let service = file_server(flood);
        for client in clients(&service) {
            let folder = tempfile::tempdir().unwrap();
            let options = DownloadOptions::to(folder.path()).with_max_file_bytes(LIMIT as u64);
            let report = client.download_checked(&["flow"], &options);
            let error = report.flows[0].error.as_ref().unwrap();
            assert_eq!(error.kind, FlowErrorKind::Content, "{name}: {error}");
            assert!(
                error.message.contains("exceeds the limit of 1048576 bytes"),
                "{name}: {error}"
            );
            assert_eq!(service.take_seen().len(), 3, "{name}: it is not requested again");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
            let sent = service.take_sent();
            assert!(sent < LIMIT as u64 + BUFFERS, "{name}: {sent} bytes were accepted");
        }
    }
}

#[test]
fn a_file_that_is_sent_slowly_times_out() {
    for begin in ["", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"] {
        let trickle = move |out: &mut Out| {
            out.write(begin.as_bytes());
            let more = if begin.is_empty() { "HTTP/1.1 103 Hints\r\n\r\n" } else { "%" };
            // Much longer than the timeout, but limited.
            let mut left = 2_000;
            while left > 0 && out.sends(more.as_bytes()) {
                left -= 1;
                std::thread::sleep(Duration::from_millis(5));
            }
        };
        let service = file_server(trickle);
        for client in clients(&service) {
            let folder = tempfile::tempdir().unwrap();
            let options =
                DownloadOptions::to(folder.path()).with_file_timeout(Duration::from_millis(200));
            let report = client.download_checked(&["flow"], &options);
            let error = report.flows[0].error.as_ref().unwrap();
            assert_eq!(error.kind, FlowErrorKind::Network, "{error}");
            assert!(error.message.contains("timed out"), "{error}");
            assert!(service.take_seen().len() <= 6);
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
}

#[test]
fn reads_a_response_of_the_metadata_service_only_up_to_the_limit() {
    for (name, flood) in floods() {
        let metadata = Server::start(move |_, out| flood(out));
        let role = || CvmRole::new().with_base(BaseUrl::parse(&metadata.url()).unwrap());
        for driver in [0, 1] {
            // Clients that share a source share its failure for a while.
            let client = &clients_with(Config::new(role()))[driver];
            let error = call!(client, links(["flow"])).map(drop).unwrap_err().to_string();
            assert!(error.contains("limit of 65536 bytes"), "{name}: {error}");
            let requests = metadata.take_seen().len() as u64;
            let sent = metadata.take_sent();
            assert!(sent < requests * BUFFERS, "{name}: {sent} bytes were accepted");
        }
    }
}

#[test]
fn rejects_a_deeply_nested_response() {
    let deep = |open: &str, close: &str| {
        let (open, close) = (open.repeat(1_000_000), close.repeat(1_000_000));
        // In a known and in an unknown field.
        ["FlowResourceUrlInfos", "Unknown"].map(|field| {
            format!("{{\"Response\":{{\"{field}\":{open}1{close},\"RequestId\":\"r\"}}}}")
        })
    };
    for body in [deep("[", "]"), deep("{\"a\":", "}")].concat() {
        let bytes = response(200, "", body.as_bytes());
        let service = Server::start(move |_, out| out.write(&bytes));
        for client in clients(&service) {
            let message = match call!(&client, links(["flow"])) {
                Ok(links) => links[0].result.as_ref().unwrap_err().to_string(),
                Err(Error::Call(error)) => error.to_string(),
                Err(error) => panic!("{error}"),
            };
            assert!(!message.contains("[["), "{message}");
        }
    }
}
