use aws_sdk_sts::config::{BehaviorVersion, Credentials, Region};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let config = aws_sdk_sts::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("id", "key", None, None, "explicit"))
            .build();
        let client = aws_sdk_sts::Client::from_conf(config);
        println!("{:?}", client.get_caller_identity().send().await?.account());
        Ok(())
    })
}
