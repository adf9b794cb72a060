//! This SDK over each of its transports.

use essbasic_models::DescribeResourceUrlsByFlowsRequest;
use tc3_client::{Client, Config, Error, blocking};

use crate::measure::{self, Caller, Load};
use crate::{Failure, ours};

struct Ours {
    client: Client,
    request: DescribeResourceUrlsByFlowsRequest,
}

impl Caller for Ours {
    async fn call(&mut self) -> Result<usize, Failure> {
        Ok(self.client.call(&self.request).await?.flow_resource_url_infos.len())
    }
}

pub(super) fn asynchronous(load: &Load) {
    run_async(load, Client::new);
}

pub(super) fn hyper(load: &Load) {
    run_async(load, Client::on_hyper);
}

fn run_async(load: &Load, client: fn(Config) -> Result<Client, Error>) {
    measure::asynchronous(load, async || {
        let client = client(ours::config(&load.endpoint)).unwrap();
        let caller = || Ours { client: client.clone(), request: ours::request() };
        (0..load.concurrency).map(|_| caller()).collect()
    });
}

pub(super) fn blocking(load: &Load) {
    let client = blocking::Client::new(ours::config(&load.endpoint)).unwrap();
    let caller = || {
        let (client, request) = (client.clone(), ours::request());
        move || Ok(client.call(&request)?.flow_resource_url_infos.len())
    };
    measure::blocking(load, (0..load.concurrency).map(|_| caller()).collect());
}
