//! Bodies in every framing, complete and broken.

use http::header;
use tc3_transport::TransportErrorKind as Kind;

use crate::support::server::{Connection, Server, response};
use crate::support::{New, check, config, fetch, get, post};

each! {
    every_framing_is_read
    gzip_is_decompressed
    a_large_body_is_read_in_small_chunks
    a_truncated_body_is_interrupted
    a_reset_is_interrupted
    an_invalid_body_is_malformed
    a_truncated_gzip_body_is_an_error
}

/// `gzip(1)` of [`PLAIN`].
const GZIP: &[u8] =
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\xd7\x51\xc8\xc0\x46\xa5\x57\
      \x65\x16\x70\x01\x00\xc5\xdc\x0a\xe6\x21\x00\x00\x00";
/// 100,000 zeros.
const ZEROS: &[u8] = &[
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 237, 193, 49, 1, 0, 0, 0, 194, 160, 245, 79, 109, 13, 15, 160,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    128, 87, 3, 125, 149, 17, 212, 160, 134, 1, 0,
];
const PLAIN: &[u8] = b"hello, hello, hello, hello, gzip\n";

fn gzipped(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn every_framing_is_read(new: New) {
    let transport = new(&config()).unwrap();
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                   5\r\nhello\r\n1;ext=1\r\n \r\n6\r\nchunks\r\n0\r\nTrailer: x\r\n\r\n";
    let cases: [(&[u8], &[u8]); 5] = [
        (&response(200, "", "sized"), b"sized"),
        (&response(200, "", ""), b""),
        (chunked.as_bytes(), b"hello chunks"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ];
    for (bytes, body) in cases {
        let server = Server::closing(bytes);
        assert_eq!(fetch(&*transport, post(&server.http(), "x")).unwrap().1, body);
    }
}

fn gzip_is_decompressed(new: New) {
    let server = Server::responding(gzipped(GZIP));
    let response = new(&config()).unwrap().send(get(&server.http())).unwrap();
    assert!(!response.headers.contains_key(header::CONTENT_ENCODING));
    assert_eq!(response.body.collect().unwrap(), PLAIN);
    assert_eq!(server.received()[0].header("accept-encoding"), ["gzip"]);

    // The body is much larger than its announced length, and is still read in few chunks.
    let server = Server::responding(gzipped(ZEROS));
    let mut body = new(&config()).unwrap().send(get(&server.http())).unwrap().body;
    let (mut total, mut chunks) = (0, 0);
    while let Some(chunk) = body.next().unwrap() {
        total += chunk.len();
        chunks += 1;
    }
    assert_eq!(total, 100_000);
    assert!(chunks <= 50, "{chunks} chunks");
}

fn a_large_body_is_read_in_small_chunks(new: New) {
    const CHUNKS: usize = 300;
    fn chunk(index: usize) -> Vec<u8> {
        vec![(index % 251) as u8; 64 << 10]
    }
    let server = Server::start(|connection: &mut Connection| {
        connection.receive();
        let length = CHUNKS * chunk(0).len();
        connection.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").as_bytes());
        for index in 0..CHUNKS {
            assert!(connection.write(&chunk(index)));
        }
    });
    let mut body = new(&config()).unwrap().send(get(&server.http())).unwrap().body;
    let mut position = 0;
    while let Some(bytes) = body.next().unwrap() {
        assert!(bytes.len() <= 1 << 20, "a chunk of {} bytes", bytes.len());
        for byte in bytes {
            assert_eq!(byte, (position / (64 << 10) % 251) as u8, "at {position}");
            position += 1;
        }
    }
    assert_eq!(position, CHUNKS * (64 << 10));
}

/// Checks that the body ends with an error, and that reading again returns the error again.
fn check_interrupted(new: New, server: &Server) {
    let mut body = new(&config()).unwrap().send(get(&server.http())).unwrap().body;
    let error = loop {
        match body.next() {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a truncated body ended without an error"),
            Err(error) => break error,
        }
    };
    check(&error, Kind::Interrupted, &server.addr.to_string());
    check(&body.next().unwrap_err(), Kind::Interrupted, &server.addr.to_string());
}

fn a_truncated_body_is_interrupted(new: New) {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for bytes in [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf".to_vec(),
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n".to_vec(),
        format!("{chunked}5\r\nhello\r\n").into_bytes(),
        format!("{chunked}5\r\nhel").into_bytes(),
        format!("{chunked}5").into_bytes(),
        gzipped(GZIP)[..gzipped(GZIP).len() - 12].to_vec(),
    ] {
        check_interrupted(new, &Server::closing(bytes));
    }
}

fn a_reset_is_interrupted(new: New) {
    // A close is the end of a body without a length; a reset is not.
    let server = Server::start(|connection| {
        connection.reset();
        connection.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf");
    });
    let result = fetch(&*new(&config()).unwrap(), post(&server.http(), "unread"));
    check(&result.unwrap_err(), Kind::Interrupted, &server.addr.to_string());
}

fn an_invalid_body_is_malformed(new: New) {
    let mut corrupt = GZIP.to_vec();
    corrupt[12] ^= 0xff;
    for bytes in [
        gzipped(b"this is not gzip at all"),
        gzipped(&corrupt),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnumber\r\nhello\r\n".to_vec(),
    ] {
        let server = Server::closing(bytes);
        let result = fetch(&*new(&config()).unwrap(), get(&server.http()));
        check(&result.unwrap_err(), Kind::Malformed, &server.addr.to_string());
    }
}

fn a_truncated_gzip_body_is_an_error(new: New) {
    // The announced length was received completely.
    for length in [1, 12, GZIP.len() - 9, GZIP.len() - 8, GZIP.len() - 1] {
        let server = Server::responding(gzipped(&GZIP[..length]));
        let error = fetch(&*new(&config()).unwrap(), get(&server.http())).unwrap_err();
        let broken = matches!(error.kind(), Kind::Interrupted | Kind::Malformed);
        assert!(broken, "{length} bytes: {error}");
    }
}
