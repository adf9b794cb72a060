//! The administration is refused to pages in a browser, and to other host names.

#![allow(clippy::unwrap_used, reason = "a panic fails the test")]

use std::io::{Read, Write};
use std::net::TcpStream;

use essbasic_emulator::Emulator;

fn status(emulator: &Emulator, request: &str) -> u16 {
    let address = emulator.endpoint().replace("http://", "");
    let mut stream = TcpStream::connect(&address).unwrap();
    let request = request.replace("PORT", address.rsplit(':').next().unwrap());
    let (head, body) = request.split_once('|').unwrap_or((&request, ""));
    let mut text = head.replace('\n', "\r\n");
    text += &format!("Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
    stream.write_all(text.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response.split(' ').nth(1).unwrap().parse().unwrap()
}

const CASES: &[(u16, &str)] = &[
    (200, "GET /_emulator/stats HTTP/1.1\nHost: 127.0.0.1:PORT\n"),
    (200, "GET /_emulator/stats HTTP/1.1\nHost: localhost:PORT\n"),
    (200, "GET /_emulator/stats HTTP/1.1\nHost: [::1]:PORT\n"),
    (200, "GET http://127.0.0.1:PORT/_emulator/stats HTTP/1.1\nHost: 127.0.0.1:PORT\n"),
    (400, "GET /_emulator/stats HTTP/1.1\n"),
    (400, "GET /_emulator/stats HTTP/1.1\nHost: 127.0.0.1:PORT\nHost: 127.0.0.1:PORT\n"),
    (421, "GET /_emulator/stats HTTP/1.1\nHost:\n"),
    (421, "GET /_emulator/stats HTTP/1.1\nHost: 127.0.0.1\n"),
    (421, "GET /_emulator/stats HTTP/1.1\nHost: 127.0.0.1:1\n"),
    (421, "GET /_emulator/stats HTTP/1.1\nHost: evil.example:PORT\n"),
    (421, "GET /_emulator/stats HTTP/1.1\nHost: 127.0.0.1:PORT.evil.example\n"),
    (421, "GET http://evil.example/_emulator/stats HTTP/1.1\nHost: 127.0.0.1:PORT\n"),
    (421, "POST /_emulator/clock HTTP/1.1\nHost: evil.example\n|{\"speed\":1}"),
    // Without a browser, neither header exists.
    (200, "POST /_emulator/clock HTTP/1.1\nHost: 127.0.0.1:PORT\n|{\"speed\":1}"),
    (
        200,
        "POST /_emulator/clock HTTP/1.1\nHost: 127.0.0.1:PORT\nOrigin: http://127.0.0.1:PORT\n\
         Sec-Fetch-Site: same-origin\n|{\"speed\":1}",
    ),
    (
        403,
        "POST /_emulator/clock HTTP/1.1\nHost: 127.0.0.1:PORT\nSec-Fetch-Site: cross-site\n|{\"speed\":1}",
    ),
    (
        403,
        "POST /_emulator/clock HTTP/1.1\nHost: 127.0.0.1:PORT\nSec-Fetch-Site: same-site\n|{\"speed\":1}",
    ),
    (403, "POST /_emulator/clock HTTP/1.1\nHost: 127.0.0.1:PORT\nOrigin: null\n|{\"speed\":1}"),
    (
        403,
        "POST /_emulator/clock HTTP/1.1\nHost: 127.0.0.1:PORT\nOrigin: http://evil.example\n|{\"speed\":1}",
    ),
    (
        403,
        "POST /_emulator/clock HTTP/1.1\nHost: 127.0.0.1:PORT\nOrigin: http://127.0.0.1:1\n|{\"speed\":1}",
    ),
    (
        403,
        "POST /_emulator/clock HTTP/1.1\nHost: 127.0.0.1:PORT\nOrigin: http://127.0.0.1:PORT\n\
         Origin: http://evil.example\n|{\"speed\":1}",
    ),
    (403, "PUT /_emulator/x HTTP/1.1\nHost: 127.0.0.1:PORT\nOrigin: http://evil.example\n"),
];

#[test]
fn pages_of_other_origins_and_other_hosts_are_refused() {
    let emulator = Emulator::builder().start().unwrap();
    for (expected, request) in CASES {
        assert_eq!(status(&emulator, request), *expected, "{request}");
    }
    // Only the administration: a client may have signed the host of the service.
    let call = "POST / HTTP/1.1\nHost: essbasic.tencentcloudapi.com\nOrigin: http://evil.example\n";
    assert_eq!(status(&emulator, call), 200);
}

#[test]
fn an_emulator_for_other_machines_has_any_name() {
    let emulator = Emulator::builder().allow_remote().start().unwrap();
    for (_, request) in CASES.iter().filter(|(expected, _)| *expected > 200) {
        let found = status(&emulator, request);
        assert!([200, 404].contains(&found), "{found} {request}");
    }
}
