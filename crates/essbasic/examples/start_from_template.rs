//! Makes a contract from a template, and prints the links over which its parties sign:
//!
//! ```sh
//! TENCENTCLOUD_SECRET_ID=... TENCENTCLOUD_SECRET_KEY=... \
//! ESSBASIC_APP_ID=... ESSBASIC_ORGANIZATION=... ESSBASIC_OPERATOR=... \
//!     cargo run -p essbasic --features async,start,full --example start_from_template -- TEMPLATE_ID
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::env;
use std::error::Error;

use essbasic::models::{DescribeTemplatesRequest, SignUrlEndpoint};
use essbasic::{Client, Config, Contract, FlowErrorKind, Party, SignLink, agent, credentials};

/// An employment contract between our organisation and a person: its id, and a link for each.
pub async fn offer(
    client: &Client,
    template_id: &str,
    [company, organization, operator]: [&str; 3],
    [name, mobile]: [&str; 2],
) -> Result<(String, Vec<SignLink>), Box<dyn Error>> {
    // The places of a template, in their order, are its recipients.
    let request = DescribeTemplatesRequest::new(client.agent().clone()).template_id(template_id);
    let template = client.call(&request).await?.templates.into_iter().next();
    let places = template.ok_or("there is no such template")?.recipients;
    let [ours, theirs] = &*places else {
        return Err("the template is not for two parties".into());
    };
    let contract = Contract::new(format!("offer_{name}"))
        .party(Party::employee(company, organization, operator).in_place(&ours.recipient_id))
        .party(Party::person(name, mobile).in_place(&theirs.recipient_id))
        .field("姓名", name);
    let mut made = client.start_from_templates([(template_id.to_owned(), contract)]).await?;
    let flow_id = match made.pop().ok_or("nothing was made")? {
        Ok(flow_id) => flow_id,
        Err(error) if error.kind == FlowErrorKind::OutcomeUnknown => {
            // Made again, it might stand there twice: somebody has to look.
            return Err(error.into());
        }
        Err(error) => return Err(error.into()),
    };
    let mut links = client.sign_links([&*flow_id], SignUrlEndpoint::WeixinApp).await?;
    let links = links.pop().ok_or("there are no links")??;
    Ok((flow_id, links))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let template_id = env::args().nth(1).ok_or("give the template's id")?;
    let [app, organization, operator] =
        ["ESSBASIC_APP_ID", "ESSBASIC_ORGANIZATION", "ESSBASIC_OPERATOR"].map(env::var);
    let (organization, operator) = (organization?, operator?);
    let agent = agent(app?, &*organization, &*operator);
    let client = Client::new(Config::new(credentials::default_chain()), agent)?;
    let ours = ["示例科技有限公司", &organization, &operator];
    let (flow_id, links) = offer(&client, &template_id, ours, ["张三", "13800000000"]).await?;
    println!("{flow_id}");
    for link in links {
        println!("{} {}", link.name, link.url);
    }
    Ok(())
}
