fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let text = reqwest::get("https://example.com/").await?.text().await?;
        println!("{}", text.len());
        Ok(())
    })
}
