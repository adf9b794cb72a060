//! Receives callbacks without a framework or runtime and stores them:
//!
//! ```sh
//! ESSBASIC_CALLBACK_TOKEN=... ESSBASIC_CALLBACK_KEY=... \
//!     cargo run -p essbasic-callback --example blocking -- 127.0.0.1:8080
//! ```
//!
//! A message is acknowledged after it is in the file `messages.jsonl` and fsynced.
//!
//! The server uses one thread and one connection per request, which is enough behind a buffering proxy.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "an example prints its output")]

use std::env;
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use essbasic_callback::{CallbackKey, Message, Received, Receiver, SIGNATURE_HEADER, Token};

pub mod store;
use store::Store;

/// Maximum size of the request line and headers, in bytes.
const MAX_HEAD_BYTES: usize = 16 << 10;

/// Timeout of each read and write.
const IO_TIMEOUT: Duration = Duration::from_secs(10);

/// Serves requests until `accept` fails. The handler returns whether the message is stored.
pub fn serve<H>(listener: &TcpListener, receiver: Receiver, handler: H) -> io::Result<()>
where
    H: Fn(&Message) -> bool + Send + Sync + 'static,
{
    let shared = Arc::new((receiver, handler));
    loop {
        let (mut stream, _) = listener.accept()?;
        let shared = Arc::clone(&shared);
        thread::spawn(move || {
            let (receiver, handler) = &*shared;
            // A client that disconnects gets no response.
            let _ = read_request(&mut stream, receiver.max_body_bytes()).and_then(|request| {
                let status = match request {
                    Ok(request) => handle(receiver, handler, &request),
                    Err(status) => status,
                };
                write!(
                    stream,
                    "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )
            });
        });
    }
}

type Status = &'static str;

struct Request {
    signature: Option<String>,
    body: Vec<u8>,
}

fn handle(receiver: &Receiver, handler: &impl Fn(&Message) -> bool, request: &Request) -> Status {
    match receiver.receive(request.signature.as_deref(), &request.body, SystemTime::now()) {
        Ok(Received::New(delivery)) => {
            if !handler(delivery.message()) {
                return "503 Service Unavailable";
            }
            delivery.accept();
            "200 OK"
        }
        Ok(Received::Ping | Received::Duplicate { .. }) => "200 OK",
        Ok(Received::InFlight { .. }) => "503 Service Unavailable",
        Err(_refused) => "400 Bad Request",
    }
}

/// Reads one request. The inner error is the status of a response without handling.
fn read_request(
    stream: &mut TcpStream,
    max_body_bytes: usize,
) -> io::Result<Result<Request, Status>> {
    stream.set_read_timeout(Some(IO_TIMEOUT))?;
    stream.set_write_timeout(Some(IO_TIMEOUT))?;
    let mut bytes = Vec::new();
    let (head, length, signature) = loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Request::new(&mut headers);
        match parsed.parse(&bytes) {
            Ok(httparse::Status::Complete(head)) => {
                if parsed.method != Some("POST") {
                    return Ok(Err("405 Method Not Allowed\r\nAllow: POST"));
                }
                let (length, signature) = match (
                    single(parsed.headers, "Content-Length")
                        .map(|value| value.map(str::parse::<usize>)),
                    single(parsed.headers, SIGNATURE_HEADER),
                ) {
                    (Ok(None), _) => return Ok(Err("411 Length Required")),
                    (Ok(Some(Ok(length))), Ok(signature)) => (length, signature),
                    _ => return Ok(Err("400 Bad Request")),
                };
                break (head, length, signature.map(str::to_owned));
            }
            Ok(httparse::Status::Partial) if bytes.len() < MAX_HEAD_BYTES => {
                read_more(stream, &mut bytes, MAX_HEAD_BYTES)?;
            }
            _ => return Ok(Err("400 Bad Request")),
        }
    };
    if length > max_body_bytes {
        return Ok(Err("400 Bad Request"));
    }
    let mut body = bytes.split_off(head);
    while body.len() < length {
        read_more(stream, &mut body, length)?;
    }
    body.truncate(length);
    Ok(Ok(Request { signature, body }))
}

/// Returns the only value of a header; an error if there are several, or if it is not UTF-8.
fn single<'a>(headers: &[httparse::Header<'a>], name: &str) -> Result<Option<&'a str>, ()> {
    let mut values = headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(header), None) => str::from_utf8(header.value).map(Some).map_err(|_| ()),
        _ => Err(()),
    }
}

/// Reads once, until `bytes` has at most `max` bytes.
fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>, max: usize) -> io::Result<()> {
    let mut buffer = [0; 8 << 10];
    let length = max.saturating_sub(bytes.len()).min(buffer.len());
    let (buffer, _) = buffer.split_at_mut(length);
    let read = stream.read(buffer)?;
    if read == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    bytes.extend(buffer.iter().take(read));
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let token = Token::new(env::var("ESSBASIC_CALLBACK_TOKEN")?)?;
    let key = CallbackKey::new(env::var("ESSBASIC_CALLBACK_KEY")?)?;
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());

    let listener = TcpListener::bind(address)?;
    println!("listening on http://{}", listener.local_addr()?);
    let store = Store::open("messages.jsonl")?;
    serve(&listener, Receiver::new(token, key), move |message| {
        if let Err(error) = store.save(message) {
            eprintln!("messages.jsonl cannot be written: {error}; make it writable");
            return false;
        }
        // `Debug` shows no personal data.
        let _ = writeln!(io::stdout(), "{message:?}");
        true
    })?;
    Ok(())
}
