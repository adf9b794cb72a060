//! Reading a PDF over links and connections that fail, with both clients.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic fails the test")]

use std::collections::VecDeque;
use std::io::Read;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use essbasic::transport::{AsyncBody, BlockingBody, Method, Request, Response, TransportError};
use essbasic::{
    Client, Clock, Config, Error, FlowErrorKind, Now, PdfOptions, Stop, agent, blocking,
};
use futures_core::Stream;
use tokio::io::{AsyncRead, ReadBuf};

use crate::scripted::{Body, End, config, links, response};

/// Length of the PDF, which is longer than the head that is checked before the first byte is returned.
const LENGTH: usize = 5_000;

fn pdf_of(filler: u8) -> Vec<u8> {
    let mut pdf = b"%PDF-1.7 ".to_vec();
    pdf.resize(LENGTH - 5, filler);
    pdf.extend_from_slice(b"%%EOF");
    pdf
}

/// The behavior of a link in one fetch.
#[derive(Debug, Clone, Copy)]
enum Link {
    Complete,
    /// Another file of the same length.
    Other,
    /// A valid file of this length.
    OfLength(usize),
    /// The connection breaks after this number of bytes.
    Breaks(usize),
    /// The file has no `%%EOF`.
    Cut,
    Page,
    Status(u16),
}

/// A service whose links have scripted behaviors, and work after them.
#[derive(Clone)]
struct Service(Arc<Mutex<State>>);

struct State {
    script: VecDeque<Link>,
    fetches: usize,
}

impl Service {
    fn new(script: &[Link]) -> Self {
        Self(Arc::new(Mutex::new(State { script: script.iter().copied().collect(), fetches: 0 })))
    }

    fn serve(&self, request: &Request) -> Result<Response<Body>, TransportError> {
        if request.method == Method::POST {
            return Ok(links(request, "c"));
        }
        let mut state = self.0.lock().unwrap();
        state.fetches += 1;
        let pdf = pdf_of(b' ');
        let (length, bytes, end) = match state.script.pop_front().unwrap_or(Link::Complete) {
            Link::Complete => (LENGTH, pdf, End::Complete),
            Link::Other => (LENGTH, pdf_of(b'.'), End::Complete),
            Link::OfLength(length) => {
                (length, [&pdf[..length - 5], b"%%EOF"].concat(), End::Complete)
            }
            Link::Breaks(count) => (LENGTH, pdf[..count].to_vec(), End::Broken),
            Link::Cut => (LENGTH, [&pdf[..LENGTH - 5], b"     "].concat(), End::Complete),
            Link::Page => {
                let body = Body(["<html>expired</html>".into()].into(), End::Complete);
                return Ok(response(200, None, body));
            }
            Link::Status(status) => {
                return Ok(response(status, None, Body(VecDeque::new(), End::Complete)));
            }
        };
        let chunks = bytes.chunks(700).map(|chunk| chunk.to_vec().into()).collect();
        Ok(response(200, Some(length), Body(chunks, end)))
    }

    fn blocking(&self) -> blocking::Client {
        self.blocking_with(config())
    }

    fn blocking_with(&self, config: Config) -> blocking::Client {
        let served = self.clone();
        let transport = move |request: Request| {
            served.serve(&request).map(|response| response.map(BlockingBody::stream))
        };
        blocking::Client::with_transport(config, agent("a", "o", "p"), transport).unwrap()
    }

    fn asynchronous(&self) -> Client {
        self.asynchronous_with(config())
    }

    fn asynchronous_with(&self, config: Config) -> Client {
        let served = self.clone();
        let transport = move |request: Request| {
            let response = served.serve(&request);
            std::future::ready(response.map(|response| response.map(AsyncBody::stream)))
        };
        Client::with_transport(config, agent("a", "o", "p"), transport).unwrap()
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Received bytes, the kind of the failure, and the number of fetches.
type Outcome = (Vec<u8>, Option<FlowErrorKind>, usize);

fn kind(error: &Error) -> FlowErrorKind {
    assert!(!format!("{error:?} {error}").contains("SECRET"));
    error.flow().unwrap().kind
}

/// Reads the PDF in each way. The outcomes must be equal.
fn read(script: &[Link], options: &PdfOptions) -> Outcome {
    let outcomes = [
        read_chunks(script, options),
        read_stream(script, options),
        read_async(script, options),
        read_blocking(script, options),
    ];
    for outcome in &outcomes {
        assert_eq!(outcome, &outcomes[0]);
    }
    let service = Service::new(script);
    let memory = service.blocking().contract("f").pdf_with(options);
    let service = Service::new(script);
    let other = block_on(service.asynchronous().contract("f").pdf_with(options));
    for pdf in [memory, other] {
        match pdf {
            Ok(pdf) => assert_eq!((pdf.as_ref(), None), (&*outcomes[0].0, outcomes[0].1)),
            Err(error) => assert_eq!(Some(kind(&error)), outcomes[0].1),
        }
    }
    outcomes.into_iter().next().unwrap()
}

fn read_chunks(script: &[Link], options: &PdfOptions) -> Outcome {
    let (service, mut bytes) = (Service::new(script), Vec::new());
    let mut read = || -> Result<(), Error> {
        let mut reader = service.blocking().contract("f").pdf_reader(options)?;
        loop {
            match reader.chunk() {
                Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
                ended => {
                    assert!(reader.chunk().unwrap().is_none());
                    return ended.map(drop);
                }
            }
        }
    };
    let error = read().err().map(|error| kind(&error));
    let fetches = service.0.lock().unwrap().fetches;
    (bytes, error, fetches)
}

fn read_blocking(script: &[Link], options: &PdfOptions) -> Outcome {
    let (service, mut bytes) = (Service::new(script), Vec::new());
    let error = match service.blocking().contract("f").pdf_reader(options) {
        Ok(mut reader) => {
            let mut buffer = [0; 100];
            loop {
                match reader.read(&mut buffer) {
                    Ok(0) => break None,
                    Ok(count) => bytes.extend_from_slice(&buffer[..count]),
                    Err(error) => {
                        let failure = kind(&error.downcast().unwrap());
                        // A caller that reads on does not mistake the error for the end.
                        let again = reader.read(&mut buffer).unwrap_err();
                        assert_eq!(kind(&again.downcast().unwrap()), failure);
                        break Some(failure);
                    }
                }
            }
        }
        Err(error) => Some(kind(&error)),
    };
    let fetches = service.0.lock().unwrap().fetches;
    (bytes, error, fetches)
}

fn read_stream(script: &[Link], options: &PdfOptions) -> Outcome {
    let (service, mut bytes) = (Service::new(script), Vec::new());
    let error = block_on(async {
        let mut stream = match service.asynchronous().contract("f").pdf_stream(options).await {
            Ok(stream) => stream,
            Err(error) => return Some(kind(&error)),
        };
        loop {
            let next = std::future::poll_fn(|context| Pin::new(&mut stream).poll_next(context));
            match next.await {
                Some(Ok(chunk)) => bytes.extend_from_slice(&chunk),
                Some(Err(error)) => {
                    assert!(stream.chunk().await.unwrap().is_none());
                    return Some(kind(&error));
                }
                None => return None,
            }
        }
    });
    let fetches = service.0.lock().unwrap().fetches;
    (bytes, error, fetches)
}

fn read_async(script: &[Link], options: &PdfOptions) -> Outcome {
    let (service, mut bytes) = (Service::new(script), Vec::new());
    let error = block_on(async {
        let mut reader = match service.asynchronous().contract("f").pdf_stream(options).await {
            Ok(stream) => stream.into_async_read(),
            Err(error) => return Some(kind(&error)),
        };
        let mut buffer = [0; 100];
        loop {
            let mut buffer = ReadBuf::new(&mut buffer);
            let mut read = async || {
                std::future::poll_fn(|context| {
                    Pin::new(&mut reader).poll_read(context, &mut buffer)
                })
                .await
            };
            if let Err(error) = read().await {
                let failure = kind(&error.downcast().unwrap());
                let again = read().await.unwrap_err();
                assert_eq!(kind(&again.downcast().unwrap()), failure);
                return Some(failure);
            }
            match buffer.filled() {
                [] => return None,
                filled => bytes.extend_from_slice(filled),
            }
        }
    });
    let fetches = service.0.lock().unwrap().fetches;
    (bytes, error, fetches)
}

#[test]
fn returns_each_byte_once_in_spite_of_faults() {
    use Link::{Breaks, Cut, Page, Status};
    for script in [
        vec![],
        vec![Page, Page],
        vec![Status(403), Status(500)],
        vec![Breaks(0)],
        vec![Breaks(500)],
        vec![Breaks(1_400), Breaks(700), Breaks(2_800)],
        vec![Breaks(2_100), Page, Status(403), Status(503), Breaks(LENGTH - 1)],
        vec![Breaks(LENGTH)],
    ] {
        let (bytes, error, fetches) = read(&script, &PdfOptions::default());
        assert_eq!((error, fetches), (None, script.len() + 1), "{script:?}");
        assert!(bytes == pdf_of(b' '), "{script:?}");
    }
    // The end that follows is another one, so that the file has changed.
    let (bytes, error, _) = read(&[Cut], &PdfOptions::default());
    assert_eq!((bytes.len(), error), (LENGTH, Some(FlowErrorKind::Content)));
}

#[test]
fn fails_at_the_end_if_the_file_is_not_complete() {
    use FlowErrorKind::{Content, Network};
    use Link::{Breaks, Cut, OfLength, Other, Page, Status};
    // Script, received bytes, failure, fetches.
    for (script, received, expected, fetches) in [
        (vec![Cut; 9], LENGTH, Content, 4),
        (vec![Breaks(2_100); 9], 2_100, Network, 4),
        (vec![Page; 99], 0, Content, 9),
        (vec![Status(301)], 0, FlowErrorKind::Link, 1),
        (vec![Breaks(2_100), Other], 2_100, Content, 2),
        (vec![Breaks(2_800), OfLength(2_100)], 2_800, Content, 2),
        (vec![Breaks(2_100), OfLength(2_100)], 2_100, Content, 2),
    ] {
        let (bytes, error, count) = read(&script, &PdfOptions::default());
        assert_eq!((bytes.len(), error), (received, Some(expected)), "{script:?}");
        assert_eq!(count, fetches, "{script:?}");
        assert!(pdf_of(b' ').starts_with(&bytes) || bytes.len() == LENGTH, "{script:?}");
    }
}

#[test]
fn a_limit_or_a_stop_ends_the_reading() {
    for (bytes, expected) in [(LENGTH, None), (LENGTH - 1, Some(FlowErrorKind::Content))] {
        let options = PdfOptions::default().with_max_bytes(bytes as u64);
        let (_, error, fetches) = read(&[], &options);
        assert_eq!((error, fetches), (expected, 1));
    }
    let stop = Stop::default();
    stop.stop();
    let (bytes, error, fetches) = read(&[], &PdfOptions::default().with_stop(stop));
    assert_eq!((bytes.len(), error, fetches), (0, Some(FlowErrorKind::Stopped), 0));
}

#[test]
fn the_stop_of_a_client_is_the_default_of_its_handles() {
    let stopped = Stop::default();
    stopped.stop();
    let options = [
        (PdfOptions::default(), Some(FlowErrorKind::Stopped)),
        (PdfOptions::default().with_stop(Stop::default()), None),
    ];
    for (options, expected) in options {
        let service = Service::new(&[]);
        let client = service.blocking().with_stop(stopped.clone());
        let blocking = client.contract("f").pdf_with(&options);
        let client = service.asynchronous().with_stop(stopped.clone());
        let asynchronous = block_on(client.contract("f").pdf_with(&options));
        for read in [blocking, asynchronous] {
            assert_eq!(read.err().map(|error| kind(&error)), expected);
        }
    }
}

#[test]
fn length_and_name_are_known_before_the_content() {
    // The service's name is `c`, of the type PDF.
    for script in [vec![], vec![Link::Breaks(700)]] {
        let service = Service::new(&script);
        let reader = service.blocking().contract("f").pdf_reader(&PdfOptions::default()).unwrap();
        let client = service.asynchronous();
        let stream = block_on(client.contract("f").pdf_stream(&PdfOptions::default())).unwrap();
        let lengths = [reader.content_length(), stream.content_length()];
        assert_eq!(lengths, [Some(LENGTH as u64); 2]);
        assert_eq!([reader.file_name(), stream.file_name()], ["c.pdf"; 2]);
        assert!(!format!("{reader:?} {stream:?}").contains("c.pdf"));
    }
}

/// A clock that a test sets.
#[derive(Clone, Default)]
struct Manual(Arc<AtomicU64>);

impl Clock for Manual {
    fn now(&self) -> Now {
        let monotonic = Duration::from_secs(self.0.load(Ordering::SeqCst));
        Now { unix: Duration::from_secs(1_700_000_000) + monotonic, monotonic }
    }
}

#[test]
fn a_transfer_that_fails_because_of_a_slow_reader_has_a_hint() {
    // Seconds after each chunk, timeout of the file, and whether the hint is expected. The last transfer has two chunks.
    for (pause, timeout, expected) in
        [(0, 3600, false), (14, 3600, false), (15, 3600, true), (4, 20, false), (5, 20, true)]
    {
        let options = PdfOptions::default().with_file_timeout(Duration::from_secs(timeout));
        let script = [1_400, 2_100, 2_800, 4_200].map(Link::Breaks);
        let clock = Manual::default();
        let passes = || clock.0.fetch_add(pause, Ordering::SeqCst);
        let client = Service::new(&script).blocking_with(config().with_clock(clock.clone()));
        let mut reader = client.contract("f").pdf_reader(&options).unwrap();
        let blocking = loop {
            match reader.chunk() {
                Ok(chunk) => assert!(chunk.is_some()),
                Err(error) => break error,
            }
            passes();
        };
        let client = Service::new(&script).asynchronous_with(config().with_clock(clock.clone()));
        let asynchronous = block_on(async {
            let mut stream = client.contract("f").pdf_stream(&options).await.unwrap();
            loop {
                match stream.chunk().await {
                    Ok(chunk) => assert!(chunk.is_some()),
                    Err(error) => break error,
                }
                passes();
            }
        });
        for error in [blocking, asynchronous] {
            assert_eq!(kind(&error), FlowErrorKind::Network);
            let is_hinted = error.hint().is_some_and(|hint| hint.contains("with_file_timeout"));
            assert_eq!(is_hinted, expected, "{pause} {timeout}: {:?}", error.hint());
        }
    }
}
