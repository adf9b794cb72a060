//! Creates a contract from a template, and prints the links with which its parties sign:
//!
//! ```sh
//! TENCENTCLOUD_SECRET_ID=... TENCENTCLOUD_SECRET_KEY=... \
//! ESSBASIC_APP_ID=... ESSBASIC_ORGANIZATION=... ESSBASIC_OPERATOR=... \
//!     cargo run -p essbasic --features async,start,full --example start_from_template -- TEMPLATE_ID
//! ```

#![allow(clippy::print_stdout, reason = "the example prints its result")]

use std::env;
use std::error::Error;

use essbasic::models::{DescribeTemplatesRequest, SignUrlEndpoint};
use essbasic::{
    Client, Config, Contract, FlowErrorKind, FlowId, Party, SignLink, agent, credentials,
};

/// Creates a contract between an organization and a person. Returns its flow ID and one link per party.
pub async fn offer(
    client: &Client,
    template_id: &str,
    [company, organization, operator]: [&str; 3],
    [name, mobile]: [&str; 2],
) -> Result<(FlowId, Vec<SignLink>), Box<dyn Error>> {
    // The recipients of a template are in signing order.
    let request = DescribeTemplatesRequest::new(client.agent().clone()).template_id(template_id);
    let template = client.call(&request).await?.templates.into_iter().next();
    let recipients = template.ok_or("template not found")?.recipients;
    let [ours, theirs] = &*recipients else {
        return Err("the template does not have two parties".into());
    };
    let contract = Contract::new(format!("offer_{name}"))
        .party(Party::employee(company, organization, operator).recipient_id(&ours.recipient_id))
        .party(Party::person(name, mobile).recipient_id(&theirs.recipient_id))
        .field("姓名", name);
    let mut created = client.start_from_templates([(template_id, contract)]).await?;
    let flow_id = match created.pop().ok_or("no result")? {
        Ok(started) => started.flow_id,
        Err(error) if error.kind == FlowErrorKind::OutcomeUnknown => {
            // A retry could create a second contract: check in the console first.
            return Err(error.into());
        }
        Err(error) => return Err(error.into()),
    };
    let mut links = client.sign_links([&flow_id], SignUrlEndpoint::WeixinApp).await?;
    let links = links.pop().ok_or("no links")??;
    Ok((flow_id, links))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let template_id = env::args().nth(1).ok_or("usage: start_from_template TEMPLATE_ID")?;
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
