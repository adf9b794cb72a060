fn main() -> Result<(), Box<dyn std::error::Error>> {
    let text = ureq::get("https://example.com/").call()?.body_mut().read_to_string()?;
    println!("{}", text.len());
    Ok(())
}
