//! Answers and files without measure.

use std::io::Write;
use std::time::Duration;

use essbasic::credentials::CvmRole;
use essbasic::{Config, DownloadOptions, Error, FlowErrorKind};
use flate2::Compression;
use flate2::write::GzEncoder;
use tc3_client::BaseUrl;

use crate::server::{KEY, Out, Request, Server, answer, links};
use crate::support::config_at;
use crate::{call, clients, clients_with};

/// What a client of these tests takes, of an answer or a file.
const MOST: usize = 1 << 20;

/// What the system's buffers between both may hold besides, with room to spare.
const SLACK: u64 = 16 << 20;

const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// 64 KiB of a chunked body.
fn chunk() -> Vec<u8> {
    [b"10000\r\n".as_slice(), &[b' '; 0x1_0000], b"\r\n"].concat()
}

/// 256 MiB of nothing, a thousandth as long.
fn bomb() -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..256 {
        gzip.write_all(&[0; 1 << 20]).unwrap();
    }
    let gzip = gzip.finish().unwrap();
    assert!(gzip.len() < 4 << 20, "{}", gzip.len());
    answer(200, "Content-Encoding: gzip\r\n", &gzip)
}

type Flood = Box<dyn Fn(&mut Out) + Send + Sync>;

/// Ways to send without end, and past what is taken.
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
            "a length past all measure",
            Box::new(|out: &mut Out| {
                out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999999\r\n\r\n");
                out.flood(&[b' '; 0x1_0000]);
            }),
        ),
        ("gzip", Box::new(move |out: &mut Out| out.write(&bomb))),
    ]
}

#[test]
fn an_answer_is_read_up_to_what_is_taken() {
    for (name, flood) in floods() {
        let service = Server::start(move |_, out| flood(out));
        for client in clients_with(config_at(&service.url()).with_max_response_bytes(MOST)) {
            let told = match call!(&client, links(["flow"])) {
                Ok(links) => links[0].result.as_ref().unwrap_err().to_string(),
                Err(error) => error.to_string(),
            };
            assert!(told.contains("more than 1048576 bytes"), "{name}: {told}");
            assert_eq!(service.take_seen().len(), 1, "{name}");
            let sent = service.take_sent();
            assert!(sent < MOST as u64 + SLACK, "{name}: {sent} bytes were taken");
        }
    }
}

/// A service whose links lead to what is sent so.
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
fn a_file_is_read_up_to_what_is_taken() {
    for (name, flood) in floods() {
        let service = file_server(flood);
        for client in clients(&service) {
            let folder = tempfile::tempdir().unwrap();
            let options = DownloadOptions::to(folder.path()).with_max_file_bytes(MOST as u64);
            let report = client.download(&["flow"], &options);
            let error = report.flows[0].error.as_ref().unwrap();
            assert_eq!(error.kind, FlowErrorKind::Content, "{name}: {error}");
            assert!(error.message.contains("longer than the 1048576 bytes"), "{name}: {error}");
            assert_eq!(service.take_seen().len(), 3, "{name}: it is not asked for again");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
            let sent = service.take_sent();
            assert!(sent < MOST as u64 + SLACK, "{name}: {sent} bytes were taken");
        }
    }
}

#[test]
fn a_file_that_trickles_in_is_given_up_with_its_time() {
    for begin in ["", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"] {
        let trickle = move |out: &mut Out| {
            out.write(begin.as_bytes());
            let more = if begin.is_empty() { "HTTP/1.1 103 Hints\r\n\r\n" } else { "%" };
            // Far longer than the file may take, and not for ever.
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
            let report = client.download(&["flow"], &options);
            let error = report.flows[0].error.as_ref().unwrap();
            assert_eq!(error.kind, FlowErrorKind::Network, "{error}");
            assert!(error.message.contains("timed out"), "{error}");
            assert!(service.take_seen().len() <= 6);
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
}

#[test]
fn an_answer_of_the_metadata_service_is_read_up_to_what_is_taken() {
    for (name, flood) in floods() {
        let metadata = Server::start(move |_, out| flood(out));
        let role = || CvmRole::new().with_base(BaseUrl::parse(&metadata.url()).unwrap());
        for client in clients_with(Config::new(role())) {
            let error = call!(&client, links(["flow"])).map(drop).unwrap_err().to_string();
            assert!(error.contains("more than 65536 bytes"), "{name}: {error}");
            let asked = metadata.take_seen().len() as u64;
            let sent = metadata.take_sent();
            assert!(sent < asked * SLACK, "{name}: {sent} bytes were taken");
        }
    }
}

#[test]
fn an_answer_nested_without_end_is_none() {
    let deep = |open: &str, close: &str| {
        let (open, close) = (open.repeat(1_000_000), close.repeat(1_000_000));
        // In a member that is read, and in one that nobody knows.
        ["FlowResourceUrlInfos", "Unknown"].map(|member| {
            format!("{{\"Response\":{{\"{member}\":{open}1{close},\"RequestId\":\"r\"}}}}")
        })
    };
    for body in [deep("[", "]"), deep("{\"a\":", "}")].concat() {
        let bytes = answer(200, "", body.as_bytes());
        let service = Server::start(move |_, out| out.write(&bytes));
        for client in clients(&service) {
            let told = match call!(&client, links(["flow"])) {
                Ok(links) => links[0].result.as_ref().unwrap_err().to_string(),
                Err(Error::Call(error)) => error.to_string(),
                Err(error) => panic!("{error}"),
            };
            assert!(!told.contains("[["), "{told}");
        }
    }
}
