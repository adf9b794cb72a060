//! HTTP/1.1 server on a thread with a runtime.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle as TaskHandle;

use super::date::Date;
use super::guard::Guard;
use super::handler::Handler;
use super::listener;
use super::tls::Tls;
use crate::api::service::Service;
use crate::callback::sender::CallbackSender;

/// Running server. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Server {
    scheme: &'static str,
    /// Certificate of the authority that clients must trust, as PEM.
    pub(crate) authority: Option<String>,
    address: SocketAddr,
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts the thread that serves requests, runs timers and sends callbacks.
    pub(crate) fn start(
        listener: TcpListener,
        service: Arc<Service>,
        callbacks: Option<CallbackSender>,
        tls: Option<Tls>,
        read_timeout: Duration,
        allow_remote: bool,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let handle = runtime.handle().clone();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let authority = tls.as_ref().map(|tls| tls.authority().to_owned());
        let handler = Arc::new(Handler {
            service: Arc::clone(&service),
            scheme,
            endpoint: (!address.ip().is_unspecified()).then(|| format!("{scheme}://{address}")),
            tls,
            guard: (!allow_remote).then(|| Guard::new(scheme, address)),
            read_timeout,
            date: Date::default(),
        });
        let thread =
            std::thread::Builder::new().name("essbasic-emulator".into()).spawn(move || {
                // Dropping the runtime afterwards closes all connections.
                runtime.block_on(async {
                    tokio::spawn(run_timers(service));
                    tokio::spawn(listener::run(listener, handler));
                    if let Some(callbacks) = callbacks {
                        tokio::spawn(callbacks.run());
                    }
                    // An error means that the sender was dropped, which is the signal to stop.
                    let _ = stopped.await;
                });
                // Do not wait for a name lookup of the callback host that is in flight.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            scheme,
            authority,
            address,
            runtime: handle,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Runs a task on the thread of the server. It is cancelled if the server stops.
    pub(crate) fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> TaskHandle<T> {
        self.runtime.spawn(task)
    }

    /// Returns the URL at which this machine reaches the server.
    pub(crate) fn endpoint(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(match address {
                SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
                SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
            });
        }
        format!("{}://{address}", self.scheme)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The panic hook has reported a panic of the thread.
            let _ = thread.join();
        }
    }
}

/// Processes events of contracts at the time at which they are due, also without requests.
async fn run_timers(service: Arc<Service>) {
    loop {
        let (next, alarm) = {
            let state = &service.lock().state;
            (state.next_due(), Arc::clone(&state.alarm))
        };
        match next.and_then(|at| service.clock.until(at)) {
            // An error means that the event is due.
            Some(wait) => _ = tokio::time::timeout(wait, alarm.notified()).await,
            None => alarm.notified().await,
        }
    }
}
