//! Parties and copy recipients of a new contract.

use serde_json::Value;

use super::fields::{array, reject_unmodelled, string, time, unmodelled};
use crate::api::context::Context;
use crate::error::ApiError;
use crate::state::terms::{CopyRecipient, Party};

/// Maximum length of a name, in characters.
const MAX_NAME: usize = 50;

/// Types of parties that sign automatically or by PIN.
const AUTOMATIC: [&str; 5] = [
    "PERSON_AUTO_SIGN",
    "ENTERPRISESERVER",
    "ORGANIZATION_PIN_CODE_SIGN",
    "OTHER_ORGANIZATION_PIN_CODE_SIGN",
    "PERSON_PIN_CODE_SIGN",
];

/// Returns the parties of `FlowApprovers`: persons and employees of organizations that sign manually.
pub(super) fn parties(context: &Context<'_>, flow: &Value) -> Result<Vec<Party>, ApiError> {
    let mut parties: Vec<Party> = Vec::new();
    for info in array(flow, "FlowApprovers") {
        let party = party(context, info)?;
        if parties.iter().any(|other| is_same(other, &party)) {
            let message = "FlowApprovers contains a duplicate party.";
            return Err(context.error("InvalidParameter.BizApproverAlreadyExists", message));
        }
        parties.push(party);
    }
    Ok(parties)
}

fn party(context: &Context<'_>, info: &Value) -> Result<Party, ApiError> {
    let is_organization = match string(info, "ApproverType") {
        "ORGANIZATION" => true,
        "PERSON" => false,
        other if AUTOMATIC.contains(&other) => return Err(unmodelled(other)),
        _ => {
            let message = "The ApproverType of a party is missing or unknown.";
            return Err(context.error("InvalidParameter.ApproverType", message));
        }
    };
    reject_unmodelled(info, &["ApproverNeedSignReview", "PinCode"])?;
    if info.pointer("/ApproverOption/FillType").and_then(Value::as_i64) == Some(1) {
        return Err(unmodelled("parties that are filled in later"));
    }
    let open_id = string(info, "OpenId");
    let (name, mobile) = (string(info, "Name"), string(info, "Mobile"));
    // An employee of a sub-organization may be given by id only.
    let by_id = is_organization && !open_id.is_empty();
    let invalid_name = name.chars().count() > MAX_NAME || name.trim() != name;
    if invalid_name || (name.is_empty() && !by_id) {
        return Err(
            context.error("InvalidParameter.Name", "The Name of a party is missing or invalid.")
        );
    }
    let digits = mobile.len() == 11 && mobile.bytes().all(|byte| byte.is_ascii_digit());
    let valid_mobile = digits && mobile.starts_with('1');
    if !(valid_mobile || mobile.is_empty() && by_id) {
        let message = "The Mobile of a party is not a mainland number of 11 digits.";
        return Err(context.error("InvalidParameter.Mobile", message));
    }
    let company = string(info, "OrganizationName");
    if is_organization && company.is_empty() {
        let message = "The OrganizationName of a party is missing.";
        return Err(context.error("InvalidParameter.OrganizationName", message));
    }
    Ok(Party {
        name: if name.is_empty() { open_id.to_owned() } else { name.to_owned() },
        mobile: mobile.to_owned(),
        organization: is_organization.then(|| company.to_owned()),
        organization_id: string(info, "OrganizationOpenId").to_owned(),
        open_id: open_id.to_owned(),
        role: string(info, "ApproverRoleName").to_owned(),
        recipient: string(info, "RecipientId").to_owned(),
        deadline: time(info, "Deadline"),
    })
}

fn is_same(one: &Party, other: &Party) -> bool {
    let identity = |party: &Party| {
        let Party { name, mobile, organization, organization_id, open_id, .. } = party;
        [Some(name), Some(mobile), organization.as_ref(), Some(organization_id), Some(open_id)]
            .map(|part| part.cloned())
    };
    identity(one) == identity(other)
}

/// Returns the copy recipients of `CcInfos`. A party cannot be a copy recipient.
pub(super) fn copies(
    context: &Context<'_>,
    flow: &Value,
    parties: &[Party],
) -> Result<Vec<CopyRecipient>, ApiError> {
    let recipient = |info: &Value| {
        let (name, mobile) = (string(info, "Name").to_owned(), string(info, "Mobile").to_owned());
        CopyRecipient { name, mobile }
    };
    let copies: Vec<CopyRecipient> = array(flow, "CcInfos").iter().map(recipient).collect();
    let is_party = |copy: &CopyRecipient| {
        parties.iter().any(|party| (&party.name, &party.mobile) == (&copy.name, &copy.mobile))
    };
    if copies.iter().any(is_party) {
        let message = "A copy recipient of CcInfos is also a party.";
        return Err(context.error("OperationDenied.CcUserRepeat", message));
    }
    Ok(copies)
}
