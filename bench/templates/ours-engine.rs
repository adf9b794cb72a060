use essbasic_models::{Agent, DescribeResourceUrlsByFlowsRequest};
use tc3_client::blocking::Client;
use tc3_client::{Config, credentials};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::new(Config::new(credentials::Credential::new("id", "key")))?;
    let request = DescribeResourceUrlsByFlowsRequest::new(Agent::new("application"), ["flow"]);
    let response = client.call(&request)?;
    println!("{}", response.flow_resource_url_infos.len());
    Ok(())
}
