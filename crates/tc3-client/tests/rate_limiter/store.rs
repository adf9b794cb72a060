//! A rate limiter outside the process: a TCP server grants the permits of all clients.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use tc3_client::transport::async_trait;
use tc3_client::{
    AsyncRateLimiter, AsyncSleep, BlockingRateLimiter, BlockingSleep, Clock as _, Permit,
    PermitRequest, RateLimit, RateLimiter, Stop, SystemClock,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Granted, Read, async_client, blocking_client, config, runtime};

/// Requests per second of the account.
const RATE: u32 = 10;

/// A server with one request per connection: `reserve SERVICE ACTION RATE`, with the response `ID NANOSECONDS`, or
/// `release ID`.
#[derive(Clone)]
struct Server {
    address: SocketAddr,
    clock: SystemClock,
    permits: Arc<Mutex<HashMap<u64, Permit>>>,
    /// Times of all permits since the start of the clock.
    granted: Arc<Mutex<Vec<Duration>>>,
    released: mpsc::SyncSender<u64>,
}

impl Server {
    fn start() -> (Self, mpsc::Receiver<u64>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (released, is_released) = mpsc::sync_channel(9);
        let server = Self {
            address: listener.local_addr().unwrap(),
            clock: SystemClock::new(),
            permits: Arc::default(),
            granted: Arc::default(),
            released,
        };
        let limiter = RateLimiter::new();
        let this = server.clone();
        std::thread::spawn(move || {
            for (id, stream) in listener.incoming().enumerate() {
                this.serve(&limiter, id as u64, &stream.unwrap());
            }
        });
        (server, is_released)
    }

    fn serve(&self, limiter: &RateLimiter, id: u64, mut stream: &TcpStream) {
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["reserve", service, action, rate] => {
                let now = self.clock.now();
                let rate = rate.parse().unwrap();
                let permit = limiter.reserve(&PermitRequest::new(service, action, rate, now));
                let wait = permit.wait(now);
                self.granted.lock().unwrap().push(now.monotonic + wait);
                self.permits.lock().unwrap().insert(id, permit);
                writeln!(stream, "{id} {}", wait.as_nanos()).unwrap();
            }
            ["release", id] => {
                let id = id.parse().unwrap();
                limiter.release(&self.permits.lock().unwrap().remove(&id).unwrap());
                self.released.send(id).unwrap();
            }
            _ => unreachable!("{line}"),
        }
    }
}

/// The limiter of a client. Any of the service's clients may connect.
struct StoreLimiter(SocketAddr);

fn message(request: &PermitRequest<'_>) -> String {
    format!("reserve {} {} {}\n", request.service, request.action, request.rate)
}

fn permit(response: &str) -> Granted {
    let (id, wait) = response.trim().split_once(' ').ok_or("invalid response")?;
    Ok(Permit::after(Duration::from_nanos(wait.parse()?)).with_id(id))
}

impl StoreLimiter {
    /// The server may be slow, and a future of the client may be dropped: a thread sends the message.
    fn queue_release(&self, permit: &Permit) {
        let (address, id) = (self.0, permit.id().unwrap_or_default().to_owned());
        std::thread::spawn(move || {
            let mut stream = TcpStream::connect(address)?;
            writeln!(stream, "release {id}")
        });
    }
}

impl BlockingRateLimiter for StoreLimiter {
    fn reserve(&self, request: &PermitRequest<'_>) -> Granted {
        let timeout = request.timeout.unwrap_or(Duration::from_secs(60));
        let mut stream = TcpStream::connect_timeout(&self.0, timeout)?;
        stream.set_read_timeout(Some(timeout))?;
        stream.write_all(message(request).as_bytes())?;
        stream.shutdown(Shutdown::Write)?;
        let mut response = String::new();
        stream.read_to_string(&mut response)?;
        permit(&response)
    }

    fn release(&self, permit: &Permit) {
        self.queue_release(permit);
    }
}

#[async_trait]
impl AsyncRateLimiter for StoreLimiter {
    async fn reserve(&self, request: &PermitRequest<'_>) -> Granted {
        let mut stream = tokio::net::TcpStream::connect(self.0).await?;
        stream.write_all(message(request).as_bytes()).await?;
        let mut response = String::new();
        stream.read_to_string(&mut response).await?;
        permit(&response)
    }

    fn release(&self, permit: &Permit) {
        self.queue_release(permit);
    }
}

/// Four clients without any common object make 24 calls. No request is earlier than its permit, and the permits are those
/// of one window.
#[test]
fn clients_of_several_processes_share_a_rate() {
    let (server, _) = Server::start();
    let sent = Mutex::new(Vec::new());
    let config = || {
        config()
            .with_rate_limit(RateLimit::Fixed(RATE))
            .with_async_rate_limiter(StoreLimiter(server.address))
            .with_blocking_rate_limiter(StoreLimiter(server.address))
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let (clock, sent) = (server.clock, &sent);
                let client = blocking_client(config());
                for _ in 0..6 {
                    client.call(&Read).unwrap();
                    sent.lock().unwrap().push(clock.now().monotonic);
                }
            });
            scope.spawn(|| {
                runtime().block_on(async {
                    let client = async_client(config());
                    for _ in 0..6 {
                        client.call(&Read).await.unwrap();
                        sent.lock().unwrap().push(server.clock.now().monotonic);
                    }
                });
            });
        }
    });
    let (mut granted, mut sent) =
        (server.granted.lock().unwrap().clone(), sent.into_inner().unwrap());
    granted.sort();
    sent.sort();
    assert_eq!((granted.len(), sent.len()), (24, 24));
    for window in granted.windows(RATE as usize + 1) {
        assert!(window[RATE as usize] - window[0] >= Duration::from_secs(1), "{granted:?}");
    }
    for (granted, sent) in granted.iter().zip(&sent) {
        assert!(sent >= granted, "{granted:?}, {sent:?}");
    }
}

/// A timer that stops the call which waits.
#[derive(Clone)]
struct StopsCall(Stop);

impl BlockingSleep for StopsCall {
    fn sleep(&self, _: Duration) {
        self.0.stop();
    }
}

#[async_trait]
impl AsyncSleep for StopsCall {
    async fn sleep(&self, _: Duration) {
        self.0.stop();
        std::future::pending().await
    }
}

/// A client that is stopped while it waits returns its permit to the server.
#[test]
fn a_stopped_client_returns_its_permit() {
    let (server, released) = Server::start();
    let config = |stop: &Stop| {
        config()
            .with_rate_limit(RateLimit::Fixed(1))
            .with_async_rate_limiter(StoreLimiter(server.address))
            .with_blocking_rate_limiter(StoreLimiter(server.address))
            .with_async_sleep(StopsCall(stop.clone()))
            .with_blocking_sleep(StopsCall(stop.clone()))
    };
    let stop = Stop::default();
    let client = blocking_client(config(&stop));
    client.call(&Read).unwrap();
    assert!(matches!(client.call_cancellable(&Read, &stop), Ok(None)));
    let first = released.recv_timeout(Duration::from_secs(60)).unwrap();

    let stop = Stop::default();
    let client = async_client(config(&stop));
    let call = runtime().block_on(client.call_cancellable(&Read, &stop));
    assert!(matches!(call, Ok(None)));
    let second = released.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(second > first);
    let granted = server.granted.lock().unwrap();
    assert_eq!(granted.len(), 3);
    assert!(granted[2] - granted[0] < Duration::from_secs(2), "a permit was not released");
}
