//! A service that means harm, over real sockets, each in both colours.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a failed assumption is a failed test"
)]

mod bounds;
mod files;
mod links;
mod server;
#[path = "../support/mod.rs"]
mod support;

use essbasic::{Config, DownloadOptions, Report, RetryPolicy};

use self::server::{KEY, Server};
use self::support::{Colour, config_at, the_agent};

/// A client of this server in each colour, without retries.
fn clients(server: &Server) -> [Colour; 2] {
    clients_with(config_at(&server.url()))
}

fn clients_with(config: Config) -> [Colour; 2] {
    Colour::both(&config.with_retry(RetryPolicy::none()), &the_agent())
}

/// A client of this server over each transport, without retries.
fn all_clients(server: &Server) -> Vec<Colour> {
    let config = config_at(&server.url()).with_retry(RetryPolicy::none());
    let mut clients = Vec::from(Colour::both(&config, &the_agent()));
    #[cfg(feature = "hyper")]
    clients.push(Colour::on_hyper(&config, &the_agent()));
    clients
}

impl Colour {
    fn download(&self, flows: &[&str], options: &DownloadOptions) -> Report {
        let report = call!(self, download(flows.iter().copied(), options)).unwrap();
        assert!(!format!("{report:?}").contains(KEY), "{report:?}");
        report
    }
}
