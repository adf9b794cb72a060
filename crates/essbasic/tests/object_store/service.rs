//! A scripted service of files, and both of its clients behind one interface.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use essbasic::transport::{AsyncBody, BlockingBody, Bytes, Method, Request, Response};
use essbasic::{ArchiveOptions, ArchiveReport, DownloadOptions, Error, Report, agent};

use crate::scripted::{Body, End, config, links, response};

/// The behavior of a link in one fetch.
#[derive(Debug, Clone)]
pub enum Link {
    /// Returns another body.
    Other(Vec<u8>),
    /// The connection breaks after this number of bytes.
    Breaks(usize),
    /// The connection stalls after this number of bytes. In the blocking client, only a stop ends the download.
    Hangs(usize),
}

/// Returns a PDF of this length, whose content depends on the seed.
pub fn pdf(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = b"%PDF-1.7\n".to_vec();
    while bytes.len() + 6 < length {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        bytes.push((state >> 56) as u8);
    }
    bytes.extend_from_slice(b"\n%%EOF");
    bytes
}

/// A service that returns the file of each contract, after the scripted behaviors of its link.
#[derive(Clone, Default)]
pub struct Service(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    files: BTreeMap<String, Bytes>,
    links: BTreeMap<String, VecDeque<Link>>,
    fetches: BTreeMap<String, usize>,
}

impl Service {
    /// Creates a service of contracts with files of these lengths.
    pub fn of(files: &[(&str, usize)]) -> Self {
        let service = Self::default();
        for (seed, (flow, length)) in files.iter().enumerate() {
            let file = pdf(*length, seed as u64).into();
            service.0.lock().unwrap().files.insert((*flow).to_owned(), file);
        }
        service
    }

    /// Sets the first behaviors of the link of this contract.
    pub fn with(self, flow: &str, links: &[Link]) -> Self {
        self.0.lock().unwrap().links.insert(flow.to_owned(), links.to_vec().into());
        self
    }

    pub fn file(&self, flow: &str) -> Bytes {
        self.0.lock().unwrap().files[flow].clone()
    }

    pub fn flows(&self) -> Vec<String> {
        self.0.lock().unwrap().files.keys().cloned().collect()
    }

    /// Returns the number of requests for the file of this contract.
    pub fn fetches(&self, flow: &str) -> usize {
        self.0.lock().unwrap().fetches.get(flow).copied().unwrap_or_default()
    }

    pub fn all_fetches(&self) -> usize {
        self.0.lock().unwrap().fetches.values().sum()
    }

    fn serve(&self, request: &Request) -> Response<Body> {
        let mut state = self.0.lock().unwrap();
        if request.method == Method::POST {
            return links(request, "合同");
        }
        let flow = request.uri.path().trim_start_matches('/').to_owned();
        *state.fetches.entry(flow.clone()).or_default() += 1;
        let file = &state.files[&flow].clone();
        let length = Some(file.len());
        match state.links.get_mut(&flow).and_then(VecDeque::pop_front) {
            None => body(file, length, End::Complete),
            Some(Link::Other(bytes)) => body(&bytes, Some(bytes.len()), End::Complete),
            Some(Link::Breaks(at)) => body(&file[..at], length, End::Broken),
            Some(Link::Hangs(at)) => body(&file[..at], length, End::Never),
        }
    }

    /// Archives all contracts with the blocking or the async client.
    pub fn archive(&self, blocking: bool, to: &ArchiveOptions) -> Result<ArchiveReport, Error> {
        let to = &to.clone().skip_status_check();
        if blocking {
            return self.blocking().archive(self.flows(), to);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(self.asynchronous().archive(self.flows(), to))
    }

    /// Downloads all contracts with the blocking or the async client.
    pub fn download(&self, blocking: bool, to: &DownloadOptions) -> Result<Report, Error> {
        if blocking {
            return self.blocking().download(self.flows(), to);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(self.asynchronous().download(self.flows(), to))
    }

    fn blocking(&self) -> essbasic::blocking::Client {
        let served = self.clone();
        let transport =
            move |request: Request| Ok(served.serve(&request).map(BlockingBody::stream));
        let client = tc3_client::blocking::Client::with_transport(config(), transport);
        essbasic::blocking::Client::from_client(client.unwrap(), agent("a", "o", "p"))
    }

    pub fn asynchronous(&self) -> essbasic::Client {
        let served = self.clone();
        let transport = move |request: Request| {
            std::future::ready(Ok(served.serve(&request).map(AsyncBody::stream)))
        };
        let client = tc3_client::Client::with_transport(config(), transport);
        essbasic::Client::from_client(client.unwrap(), agent("a", "o", "p"))
    }
}

/// Returns a response in chunks whose size does not divide the size of a part.
fn body(bytes: &[u8], length: Option<usize>, end: End) -> Response<Body> {
    let chunks = bytes.chunks(10_007).map(Bytes::copy_from_slice).collect();
    response(200, length, Body(chunks, end))
}
