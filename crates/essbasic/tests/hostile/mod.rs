//! A malicious service over real sockets, with both drivers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a panic fails the test"
)]

mod bounds;
mod files;
mod links;
mod server;

use essbasic::{Config, DownloadOptions, Report, RetryPolicy};

use self::server::{KEY, Server};
use crate::support::{Driver, config_at, the_agent};

/// Returns a client per driver, without retries.
fn clients(server: &Server) -> [Driver; 2] {
    clients_with(config_at(&server.url()))
}

fn clients_with(config: Config) -> [Driver; 2] {
    Driver::both(&config.with_retry(RetryPolicy::none()), &the_agent())
}

/// Returns a client per transport, without retries.
fn all_clients(server: &Server) -> Vec<Driver> {
    let config = config_at(&server.url()).with_retry(RetryPolicy::none());
    let mut clients = Vec::from(Driver::both(&config, &the_agent()));
    #[cfg(feature = "hyper")]
    clients.push(Driver::on_hyper(&config, &the_agent()));
    clients
}

/// Runs a test with each client in parallel, because each waits between its attempts.
fn with_each(clients: &[Driver], test: impl Fn(&Driver) + Sync) {
    std::thread::scope(|scope| {
        for client in clients {
            scope.spawn(|| test(client));
        }
    });
}

impl Driver {
    fn download_checked(&self, flows: &[&str], options: &DownloadOptions) -> Report {
        let report = call!(self, download(flows.iter().copied(), options)).unwrap();
        assert!(!format!("{report:?}").contains(KEY), "{report:?}");
        report
    }
}
