fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let client = octocrab::Octocrab::builder().personal_token("token").build()?;
        let repository = client.repos("owner", "name").get().await?;
        println!("{:?}", repository.full_name);
        Ok(())
    })
}
