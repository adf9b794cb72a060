//! The crate `tencent-sdk`, with both drivers.
//!
//! It makes no calls but those that it has types for. The nearest takes a filter of as many ids, and skips
//! the members of the answer, which costs it less than to decode them.

use tencent_sdk::client::EndpointMode;
use tencent_sdk::types::Filter;
use tencent_sdk::types::cvm::DescribeInstancesRequest;
use tencent_sdk::{Auth, BlockingClient, Client};
use workspace_benches::measure::{self, Caller, Load};
use workspace_benches::{FLOWS, Failure, SECRET_ID, SECRET_KEY, flow_ids};

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
