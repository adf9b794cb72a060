//! The crate `tencent-sdk`, async and blocking.
//!
//! It has no generic call. The most similar action takes a filter with as many IDs; it skips the fields of the
//! response, which costs less than decoding them.

use bench::measure::{self, Caller, Load};
use bench::{FLOWS, Failure, SECRET_ID, SECRET_KEY, flow_ids};
use tencent_sdk::client::EndpointMode;
use tencent_sdk::types::Filter;
use tencent_sdk::types::cvm::DescribeInstancesRequest;
use tencent_sdk::{Auth, BlockingClient, Client};

fn request() -> DescribeInstancesRequest {
    DescribeInstancesRequest::new().push_filter(Filter::new("instance-id", flow_ids(FLOWS)))
}

struct Peer {
    client: Client,
    request: DescribeInstancesRequest,
}

impl Caller for Peer {
    async fn call(&mut self) -> Result<usize, Failure> {
        self.client.cvm().describe_instances(&self.request).await?;
        Ok(FLOWS)
    }
}

pub(crate) fn asynchronous(load: &Load) {
    measure::asynchronous(load, async || {
        let client = Client::builder(&load.endpoint)
            .unwrap()
            .endpoint_mode(EndpointMode::FixedHost)
            .auth(Auth::tc3(SECRET_ID, SECRET_KEY))
            .no_system_proxy(true)
            .build()
            .unwrap();
        let caller = || Peer { client: client.clone(), request: request() };
        (0..load.concurrency).map(|_| caller()).collect()
    });
}

pub(crate) fn blocking(load: &Load) {
    let client = BlockingClient::builder(&load.endpoint)
        .unwrap()
        .endpoint_mode(EndpointMode::FixedHost)
        .auth(Auth::tc3(SECRET_ID, SECRET_KEY))
        .no_system_proxy(true)
        .build()
        .unwrap();
    let caller = || {
        let (client, request) = (client.clone(), request());
        move || {
            client.cvm().describe_instances(&request)?;
            Ok(FLOWS)
        }
    };
    measure::blocking(load, (0..load.concurrency).map(|_| caller()).collect());
}
