//! The crate `tencentcloud-sdk`: async, generic calls with types of one's own.

use tencentcloud_sdk::{ApiResponse, Client, Credentials, Endpoint, Operation};
use workspace_benches::measure::{self, Caller, Load};
use workspace_benches::{ACTION, Failure, SECRET_ID, SECRET_KEY, SERVICE, VERSION, plain};

struct Peer {
    client: Client,
    operation: Operation,
    request: plain::Request,
}

impl Caller for Peer {
    async fn call(&mut self) -> Result<usize, Failure> {
        let answer: ApiResponse<plain::Answer> =
            self.client.execute(&self.operation, &self.request).await?;
        Ok(answer.data.flow_resource_url_infos.map_or(0, |flows| flows.len()))
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
