use essbasic::blocking::Client;
use essbasic::models::DescribeResourceUrlsByFlowsRequest;
use essbasic::{Config, agent, credentials};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let agent = agent("application", "organization", "operator");
    let client = Client::new(Config::new(KEYS), agent.clone())?;
    let response = client.call(&DescribeResourceUrlsByFlowsRequest::new(agent, ["flow"]))?;
    println!("{}", response.flow_resource_url_infos.len());
    Ok(())
}
