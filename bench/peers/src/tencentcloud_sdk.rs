//! The crate `tencentcloud-sdk`: async generic calls with hand-written types.

use bench::measure::{self, Caller, Load};
use bench::{ACTION, Failure, SECRET_ID, SECRET_KEY, SERVICE, VERSION, plain};
use tencentcloud_sdk::{ApiResponse, Client, Credentials, Endpoint, Operation};

struct Peer {
    client: Client,
    operation: Operation,
    request: plain::Request,
}

impl Caller for Peer {
    async fn call(&mut self) -> Result<usize, Failure> {
        let response: ApiResponse<plain::Response> =
            self.client.execute(&self.operation, &self.request).await?;
        Ok(response.data.flow_resource_url_infos.map_or(0, |flows| flows.len()))
    }
}

pub(crate) fn run(load: &Load) {
    measure::asynchronous(load, async || {
        let credentials = Credentials::new(SECRET_ID, SECRET_KEY).unwrap();
        let endpoint = Endpoint::loopback_http(&load.endpoint).unwrap();
        let client = Client::builder().credentials(credentials).endpoint(SERVICE, endpoint);
        let client = client.build().unwrap();
        let operation = Operation::new(SERVICE, VERSION, ACTION).unwrap();
        let caller = || Peer {
            client: client.clone(),
            operation: operation.clone(),
            request: plain::request(),
        };
        (0..load.concurrency).map(|_| caller()).collect()
    });
}
