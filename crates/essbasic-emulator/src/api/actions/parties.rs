//! The parties of a new contract, and who receives a copy.

use serde_json::Value;

use super::{Context, list, refuse_unmodelled, text, time, unmodelled};
use crate::error::ApiError;
use crate::state::terms::{Copied, Party};

const MOST_NAME: usize = 50;

/// The kinds of party that sign by themselves, or by PIN.
const UNATTENDED: [&str; 5] = [
    "PERSON_AUTO_SIGN",
    "ENTERPRISESERVER",
    "ORGANIZATION_PIN_CODE_SIGN",
    "OTHER_ORGANIZATION_PIN_CODE_SIGN",
    "PERSON_PIN_CODE_SIGN",
];

/// Reads `FlowApprovers`: persons and employees of organisations, who sign by hand.
pub(super) fn parties(context: &Context<'_>, flow: &Value) -> Result<Vec<Party>, ApiError> {
    let mut parties: Vec<Party> = Vec::new();
    for info in list(flow, "FlowApprovers") {
        let party = party(context, info)?;
        if parties.iter().any(|other| same(other, &party)) {
            let message = "A party stands twice in FlowApprovers.";
            return Err(context.error("InvalidParameter.BizApproverAlreadyExists", message));
        }
        parties.push(party);
    }
    Ok(parties)
}

fn party(context: &Context<'_>, info: &Value) -> Result<Party, ApiError> {
    let is_organization = match text(info, "ApproverType") {
        "ORGANIZATION" => true,
        "PERSON" => false,
        other if UNATTENDED.contains(&other) => return Err(unmodelled(other)),
        _ => {
            let message = "A party has no ApproverType, or none that there is.";
            return Err(context.error("InvalidParameter.ApproverType", message));
        }
    };
    refuse_unmodelled(info, &["ApproverNeedSignReview", "PinCode"])?;
    if info.pointer("/ApproverOption/FillType").and_then(Value::as_i64) == Some(1) {
        return Err(unmodelled("places that are claimed later"));
    }
    let open_id = text(info, "OpenId");
    let (name, mobile) = (text(info, "Name"), text(info, "Mobile"));
    // An employee of a sub-organisation is known by the id alone.
    let by_id = is_organization && !open_id.is_empty();
    let bad_name = name.chars().count() > MOST_NAME || name.trim() != name;
    if bad_name || (name.is_empty() && !by_id) {
        return Err(context.error("InvalidParameter.Name", "A party has no name that can be."));
    }
    let digits = mobile.len() == 11 && mobile.bytes().all(|byte| byte.is_ascii_digit());
    let reachable = digits && mobile.starts_with('1');
    if !(reachable || mobile.is_empty() && by_id) {
        let message = "A party's Mobile has not the 11 digits of a mainland number.";
        return Err(context.error("InvalidParameter.Mobile", message));
    }
    let company = text(info, "OrganizationName");
    if is_organization && company.is_empty() {
        let message = "A party of an organisation has no OrganizationName.";
        return Err(context.error("InvalidParameter.OrganizationName", message));
    }
    Ok(Party {
        name: if name.is_empty() { open_id.to_owned() } else { name.to_owned() },
        mobile: mobile.to_owned(),
        organization: is_organization.then(|| company.to_owned()),
        organization_id: text(info, "OrganizationOpenId").to_owned(),
        open_id: open_id.to_owned(),
        role: text(info, "ApproverRoleName").to_owned(),
        recipient: text(info, "RecipientId").to_owned(),
        deadline: time(info, "Deadline"),
    })
}

fn same(one: &Party, other: &Party) -> bool {
    let who = |party: &Party| {
        let Party { name, mobile, organization, organization_id, open_id, .. } = party;
        [Some(name), Some(mobile), organization.as_ref(), Some(organization_id), Some(open_id)]
            .map(|part| part.cloned())
    };
    who(one) == who(other)
}

/// Reads `CcInfos`: nobody receives a copy who signs.
pub(super) fn copies(
    context: &Context<'_>,
    flow: &Value,
    parties: &[Party],
) -> Result<Vec<Copied>, ApiError> {
    let copied = |info: &Value| {
        let (name, mobile) = (text(info, "Name").to_owned(), text(info, "Mobile").to_owned());
        Copied { name, mobile }
    };
    let copies: Vec<Copied> = list(flow, "CcInfos").iter().map(copied).collect();
    let signs = |copy: &Copied| {
        parties.iter().any(|party| (&party.name, &party.mobile) == (&copy.name, &copy.mobile))
    };
    if copies.iter().any(signs) {
        let message = "Somebody in CcInfos is also a signer.";
        return Err(context.error("OperationDenied.CcUserRepeat", message));
    }
    Ok(copies)
}
