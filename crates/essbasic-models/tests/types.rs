//! Tests of the request and response types of contract actions, and of redaction.

#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::collections::BTreeSet;

use essbasic_models::{
    Agent, ApproveStatus, ApproveType, CATALOGUE, DescribeFlowDetailInfoRequest,
    DescribeFlowDetailInfoResponse, DescribeResourceUrlsByFlowsRequest,
    DescribeResourceUrlsByFlowsResponse, ErrorCode, FlowStatus, UploadFilesRequest, UserInfo,
};
use serde_json::json;
use tc3_api::{Action, Envelope, ErrorClass};
use tc3_catalogue::Effect;

fn agent() -> Agent {
    Agent::new("app")
        .proxy_organization_open_id("org")
        .proxy_operator(UserInfo::new().open_id("operator"))
}

#[test]
fn requests_contain_only_fields_that_were_set() {
    let request = DescribeResourceUrlsByFlowsRequest::new(agent(), ["f1", "f2"]);
    let agent_json = json!({"AppId": "app", "ProxyOrganizationOpenId": "org",
        "ProxyOperator": {"OpenId": "operator"}});
    assert_eq!(
        serde_json::to_value(request).unwrap(),
        json!({"Agent": agent_json, "FlowIds": ["f1", "f2"]})
    );
    let request = DescribeFlowDetailInfoRequest::new(agent()).flow_ids(vec!["f".to_owned()]);
    assert_eq!(
        serde_json::to_value(request).unwrap(),
        json!({"Agent": agent_json, "FlowIds": ["f"]})
    );
}

#[test]
fn positional_responses_preserve_positions() {
    let text = r#"{"Response":{"FlowResourceUrlInfos":[{"FlowId":"f1","ResourceUrlInfos":
        [{"Url":"https://h/p?key=secret","Name":"n","Type":"PDF"}]},{"FlowId":"f2","ResourceUrlInfos":null}],
        "ErrorMessages":["","not yours"],"RequestId":"r"}}"#;
    let response =
        Envelope::<DescribeResourceUrlsByFlowsResponse>::decode(text.as_bytes()).unwrap();
    let response = response.result.unwrap().body;
    assert_eq!(response.error_messages, ["", "not yours"]);
    let urls: Vec<usize> =
        response.flow_resource_url_infos.iter().map(|info| info.resource_url_infos.len()).collect();
    assert_eq!(urls, [1, 0]);
    assert_eq!(response.request_id, "r");
    let shown = format!("{response:?}");
    assert!(!shown.contains("secret") && shown.contains("url: ***"), "{shown}");
}

#[test]
fn flow_details_parse_and_redact_signers() {
    let text = r#"{"Response":{"FlowInfo":[{"FlowId":"f","FlowStatus":"PART","FlowApproverInfos":[
        {"Mobile":"13800000000","ApproveName":"Zhang San","ApproveStatus":"WAITPICKUP","ApproveType":"PERSON"},
        {"ApproveStatus":"BRAND_NEW"}]}],"RequestId":"r"}}"#;
    let response = Envelope::<DescribeFlowDetailInfoResponse>::decode(text.as_bytes()).unwrap();
    let response = response.result.unwrap().body;
    let flow = response.flow_info.first().unwrap();
    assert_eq!(flow.flow_status, FlowStatus::Part);
    let [one, other] = flow.flow_approver_infos.as_slice() else { unreachable!() };
    assert_eq!(one.approve_status, ApproveStatus::WaitPickup);
    assert_eq!(one.approve_type, ApproveType::Person);
    assert_eq!(other.approve_status, ApproveStatus::Unknown("BRAND_NEW".to_owned()));
    assert_eq!((one.mobile.as_str(), one.approve_name.as_str()), ("13800000000", "Zhang San"));
    let shown = format!("{response:#?}");
    assert!(!shown.contains("13800000000") && !shown.contains("Zhang San"), "{shown}");
}

#[test]
fn the_catalogue_contains_every_action() {
    assert_eq!(CATALOGUE.actions.len(), 99);
    assert!(CATALOGUE.actions.is_sorted_by_key(|action| action.info.name));
    for meta in CATALOGUE.actions {
        assert_eq!(CATALOGUE.action(meta.info.name).unwrap().info, meta.info);
        assert!(!meta.title.is_empty() && !meta.group.is_empty(), "{}", meta.info.name);
        assert_eq!((meta.info.service, meta.info.version), ("essbasic", "2021-05-26"));
        assert_eq!(meta.info.rate_limit, Some(20));
        // Only reads are idempotent, and uploads: no contract contains the file of a lost response.
        let idempotent = ["Describe", "ChannelDescribe", "UploadFiles"];
        let idempotent = idempotent.iter().any(|prefix| meta.info.name.starts_with(prefix));
        assert!(idempotent || !meta.info.idempotent, "{}", meta.info.name);
    }
    let hosts: BTreeSet<_> = CATALOGUE
        .actions
        .iter()
        .filter(|meta| meta.info.host.is_some())
        .map(|meta| meta.info.name)
        .collect();
    assert_eq!(hosts, BTreeSet::from(["UploadFiles"]));
    let info = UploadFilesRequest::INFO;
    assert_eq!(
        (info.host, info.test_host),
        (Some("file.ess.tencent.cn"), Some("file.test.ess.tencent.cn"))
    );
    let download = CATALOGUE.action("DescribeResourceUrlsByFlows").unwrap();
    assert_eq!(download.info, DescribeResourceUrlsByFlowsRequest::INFO);
    assert_eq!(download.info.test_host, Some("essbasic.test.ess.tencent.cn"));
    assert!(download.info.idempotent);
    assert_eq!(download.errors.len(), 25);
    let mut required = download.request.required_paths();
    required.sort();
    assert_eq!(
        required,
        [
            "Agent",
            "Agent.AppId",
            "Agent.ProxyOperator",
            "Agent.ProxyOperator.OpenId",
            "Agent.ProxyOrganizationOpenId",
            "FlowIds"
        ]
    );
}

#[test]
fn error_codes_of_all_actions_are_known() {
    for code in CATALOGUE.actions.iter().flat_map(|action| action.errors) {
        let known = ErrorCode::from(*code);
        assert!(!matches!(known, ErrorCode::Unknown(_)), "{code}");
        assert_eq!(known.as_str(), *code);
        assert!(known.description().is_some_and(|text| !text.is_empty()), "{code}");
    }
    let code = ErrorCode::from("UnauthorizedOperation.UnauthorizedOperationDownload");
    assert_eq!(code, ErrorCode::UnauthorizedOperationUnauthorizedOperationDownload);
}

#[test]
fn error_codes_match_the_catalogue() {
    for code in CATALOGUE.codes {
        let known = ErrorCode::from(code.code);
        assert_eq!(known.description().map(|text| format!("{text}.")).as_deref(), Some(code.doc));
        let sentence = |hint: &str| {
            let (first, rest) = hint.split_at(1);
            format!("{}{rest}.", first.to_ascii_uppercase())
        };
        assert_eq!(known.hint().map(sentence).as_deref(), Some(code.hint));
        assert_ne!(known.class(), ErrorClass::Unknown, "{}", code.code);
    }
    for unknown in ["", "\t", "\n", "AuthFailur", "AuthFailure\tCheck the", "Brand.New"] {
        let code = ErrorCode::from(unknown);
        assert_eq!((code.description(), code.hint()), (None, None), "{unknown:?}");
    }
    let code = ErrorCode::from("AuthFailure.New");
    assert_eq!((code.description(), code.class()), (None, ErrorClass::Authentication));
    assert!(code.hint().is_some());
}

#[test]
fn these_actions_only_read() {
    const READ: [&str; 22] = [
        "ChannelDescribeAccountBillDetail",
        "ChannelDescribeBillUsageDetail",
        "ChannelDescribeEmployees",
        "ChannelDescribeFlowComponents",
        "ChannelDescribeOrganizationSeals",
        "ChannelDescribeRoles",
        "ChannelDescribeSignFaceVideo",
        "ChannelDescribeUserAutoSignStatus",
        "ChannelVerifyPdf",
        "DescribeBatchOrganizationRegistrationTasks",
        "DescribeBatchOrganizationRegistrationUrls",
        "DescribeCancelFlowsTask",
        "DescribeChannelFlowEvidenceReport",
        "DescribeChannelOrganizations",
        "DescribeExtendedServiceAuthDetail",
        "DescribeExtendedServiceAuthInfo",
        "DescribeFileConvertTask",
        "DescribeFlowDetailInfo",
        "DescribeResourceUrlsByFlows",
        "DescribeTemplates",
        "DescribeUsage",
        "DescribeUserFlowType",
    ];
    let read: BTreeSet<&str> = CATALOGUE
        .actions
        .iter()
        .filter(|action| action.effect == Effect::Read)
        .map(|action| action.info.name)
        .collect();
    assert_eq!(read, BTreeSet::from(READ));
}

#[test]
fn the_documentation_of_a_read_describes_no_change() {
    const READING: [&str; 4] = ["Counts", "Lists", "Returns", "Verifies"];
    // Its links expire after minutes, and documents are read with them.
    const DECIDED: [&str; 1] = ["DescribeResourceUrlsByFlows"];
    let verb = |doc: &'static str| doc.split(' ').next().unwrap_or_default();
    let changing: Vec<_> = CATALOGUE
        .actions
        .iter()
        .filter(|action| action.effect == Effect::Read && !READING.contains(&verb(action.doc)))
        .map(|action| action.info.name)
        .collect();
    assert_eq!(changing, DECIDED, "state the effect in overlay.json, or add the verb");
}
