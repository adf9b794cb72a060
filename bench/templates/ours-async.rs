use essbasic::models::DescribeResourceUrlsByFlowsRequest;
use essbasic::{Client, Config, agent, credentials};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let agent = agent("application", "organization", "operator");
        let client = Client::new(Config::new(KEYS), agent.clone())?;
        let response = client.call(&DescribeResourceUrlsByFlowsRequest::new(agent, ["flow"])).await?;
        println!("{}", response.flow_resource_url_infos.len());
        Ok(())
    })
}
