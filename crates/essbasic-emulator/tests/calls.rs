//! Calls: signatures, parameters, rate limit, details and links of contracts.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may panic")]

use std::time::Duration;

use essbasic_emulator::{APP_ID, Emulator, NewFlow, ORGANIZATION, Seed, Status, TransitionError};
use serde_json::{Value, json};

use crate::support::{self, Call, FIRST, NOW, SECOND, agent, call, details, start, urls};

#[test]
fn returns_links_as_in_the_first_documented_example() {
    let emulator = start();
    let response = urls(&[FIRST, SECOND]).response(&emulator);
    assert_eq!(response["ErrorMessages"], json!(["", ""]));
    for (index, (id, name)) in
        [(FIRST, "合同,270481027143248.pdf"), (SECOND, "合同,250151025185515.pdf")]
            .into_iter()
            .enumerate()
    {
        let info = &response["FlowResourceUrlInfos"][index];
        assert_eq!(info["FlowId"], id);
        let resource = &info["ResourceUrlInfos"][0];
        assert_eq!(
            (resource["Name"].as_str(), resource["Type"].as_str()),
            (Some(name), Some("PDF"))
        );
        let prefix = format!("{}/file/FLOW/{id}/0/0.PDF?hkey=", emulator.endpoint());
        assert!(resource["Url"].as_str().unwrap().starts_with(&prefix));
    }
}

#[test]
fn returns_an_error_per_contract_as_in_the_second_documented_example() {
    let unknown = "yDwivUUckpor6wtoUuogwQHCAB0ES0p1";
    let response = urls(&[unknown, SECOND]).response(&start());
    assert_eq!(response["ErrorMessages"], json!(["查询流程不存在", ""]));
    assert_eq!(
        response["FlowResourceUrlInfos"][0],
        json!({ "FlowId": unknown, "ResourceUrlInfos": [] })
    );
    assert_eq!(
        response["FlowResourceUrlInfos"][1]["ResourceUrlInfos"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn each_id_has_a_result_at_its_position_including_duplicates() {
    let seed = |organization: &str, id: &str| {
        json!({ organization: { "operators": ["n9527"], "flows": [
            { "id": id, "name": "n", "status": "ALL", "parties": [{ "name": "p" }] }
        ] } })
    };
    let seed = json!({ "applications": {
        APP_ID: { "downloads": true, "organizations": seed(ORGANIZATION, "mine") },
        "other": { "organizations": seed(ORGANIZATION, "theirs") },
    } });
    let seed = Seed::from_json(&seed.to_string()).unwrap();
    let emulator = Emulator::builder().with_manual_clock(NOW).with_seed(seed).start().unwrap();
    let response = urls(&["mine", "theirs", "nobodys", "mine"]).response(&emulator);
    assert_eq!(response["ErrorMessages"], json!(["", "合同没有权限", "查询流程不存在", ""]));
    let infos = response["FlowResourceUrlInfos"].as_array().unwrap();
    let links = |info: &Value| info["ResourceUrlInfos"].as_array().unwrap().len();
    assert_eq!(infos.iter().map(links).collect::<Vec<_>>(), [1, 0, 0, 1]);
    let response = details(&["theirs", "mine", "nobodys"]).response(&emulator);
    assert_eq!(response["FlowInfo"].as_array().unwrap().len(), 1);
    assert_eq!(response["FlowInfo"][0]["FlowId"], "mine");
}

#[test]
fn invalid_calls_get_the_codes_of_the_service() {
    let emulator = start();
    let valid = urls(&[FIRST]);
    let code = |change: &dyn Fn(&mut Call)| {
        let mut changed = valid.clone();
        change(&mut changed);
        changed.code(&emulator)
    };
    assert_eq!(code(&|_| {}), "success");
    assert_eq!(code(&|c| c.secret_key.push('x')), "AuthFailure.SignatureFailure");
    assert_eq!(code(&|c| c.service = "cvm"), "AuthFailure.SignatureFailure");
    assert_eq!(code(&|c| c.secret_id = "AKIDOTHER".into()), "AuthFailure.SecretIdNotFound");
    assert_eq!(
        code(&|c| c.authorization = Some("Bearer x".into())),
        "AuthFailure.InvalidAuthorization"
    );
    assert_eq!(code(&|c| c.token = Some("t".into())), "AuthFailure.TokenFailure");
    assert_eq!(code(&|c| c.timestamp = NOW - 300), "success");
    assert_eq!(code(&|c| c.timestamp = NOW - 301), "AuthFailure.SignatureExpire");
    assert_eq!(code(&|c| c.timestamp = NOW + 301), "AuthFailure.SignatureExpire");
    assert_eq!(code(&|c| c.action = "DescribeNothing".into()), "InvalidAction");
    assert_eq!(code(&|c| c.action = String::new()), "MissingParameter");
    assert_eq!(code(&|c| c.version = "2020-12-22".into()), "NoSuchVersion");
    assert_eq!(code(&|c| c.method = "PUT"), "UnsupportedProtocol");
    assert_eq!(code(&|c| c.body = "{".into()), "InvalidParameter");
    assert_eq!(code(&|c| c.body = "[]".into()), "InvalidParameter");
    assert_eq!(code(&|c| c.content_type = "multipart/form-data"), "InvalidRequest");
    assert_eq!(code(&|c| c.unsigned = true), "success");
    assert_eq!(code(&|c| c.sign_action = false), "success");
    assert_eq!(code(&|c| c.signed_host = Some("127.0.0.1".into())), "success");
    assert_eq!(code(&|c| c.service = "127"), "success");
    assert_eq!(code(&|c| c.signed_host = Some("other".into())), "AuthFailure.SignatureFailure");
}

/// The cause of a signature that does not match: another host or content type, or the key.
#[test]
fn the_message_of_a_wrong_signature_names_its_cause() {
    let emulator = start();
    let message = |change: &dyn Fn(&mut Call)| {
        let mut changed = urls(&[FIRST]);
        change(&mut changed);
        let error = changed.response(&emulator)["Error"].take();
        assert_eq!(error["Code"], "AuthFailure.SignatureFailure");
        error["Message"].as_str().unwrap().to_owned()
    };
    for host in ["essbasic.tencentcloudapi.com", "essbasic.test.ess.tencent.cn", "localhost"] {
        let message = message(&|call| call.signed_host = Some(host.to_owned()));
        assert!(message.contains(&format!("the signed host is {host}")), "{message}");
    }
    let message_of_type = message(&|call| {
        call.content_type = "application/json";
        call.sent_content_type = Some("application/json; charset=utf-8");
    });
    assert!(
        message_of_type.contains("the signed content-type is application/json."),
        "{message_of_type}"
    );
    for change in [
        (&|call: &mut Call| call.secret_key.push('x')) as &dyn Fn(&mut Call),
        &|call| call.signed_host = Some("other.example".into()),
        &|call| {
            call.secret_key.push('x');
            call.signed_host = Some("localhost".into());
        },
    ] {
        let message = message(change);
        assert!(!message.contains("the key is right"), "{message}");
    }
}

/// Signatures of the methods before TC3-HMAC-SHA256 are parameters of the query or the form.
#[test]
fn legacy_signatures_get_the_code_of_an_invalid_authorization() {
    let emulator = start();
    const SIGNED: &str = "Action=DescribeFlowDetailInfo&Version=2021-05-26&SecretId=AKIDEMULATOR&Nonce=1&Timestamp=1\
                          &SignatureMethod=HmacSHA256&Signature=abc%3D";
    let (url, query) = (emulator.endpoint(), format!("{}/?{SIGNED}", emulator.endpoint()));
    let form = "application/x-www-form-urlencoded; charset=utf-8";
    let post = |url: &str, ty: &str, body: &str| {
        support::http().post(url).header("content-type", ty).send(body.as_bytes())
    };
    for (response, expected) in [
        (support::http().get(&query).call(), "AuthFailure.InvalidAuthorization"),
        (post(&query, "application/json", "{}"), "AuthFailure.InvalidAuthorization"),
        (post(&url, form, SIGNED), "AuthFailure.InvalidAuthorization"),
        // Neither a signature in a JSON text nor a request without any is one of the older methods.
        (post(&url, "application/json", SIGNED), "MissingParameter"),
        (post(&url, form, "Action=DescribeFlowDetailInfo"), "MissingParameter"),
        (support::http().get(&url).call(), "MissingParameter"),
    ] {
        let text = response.unwrap().body_mut().read_to_string().unwrap();
        let response: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(response["Response"]["Error"]["Code"], expected, "{text}");
    }
}

#[test]
fn a_temporary_credential_requires_its_token() {
    let emulator = Emulator::builder()
        .with_manual_clock(NOW)
        .with_temporary_credential("AKIDT", "k", "tok")
        .start()
        .unwrap();
    let with = |token: Option<&str>| {
        let mut call = urls(&[FIRST]);
        (call.secret_id, call.secret_key) = ("AKIDT".into(), "k".into());
        call.token = token.map(str::to_owned);
        call.code(&emulator)
    };
    assert_eq!(with(Some("tok")), "success");
    assert_eq!(with(Some("old")), "AuthFailure.TokenFailure");
    assert_eq!(with(None), "AuthFailure.TokenFailure");
}

#[test]
fn invalid_parameters_get_the_codes_of_the_service() {
    let emulator = start();
    let code = |pointer: &str, value: Value| {
        let mut body = json!({ "Agent": agent(), "FlowIds": [FIRST] });
        *body.pointer_mut(pointer).unwrap() = value;
        let response = call("DescribeResourceUrlsByFlows", body).response(&emulator);
        response["Error"]["Code"].as_str().unwrap_or("success").to_owned()
    };
    assert_eq!(code("/Agent/AppId", json!("other")), "ResourceNotFound.Application");
    assert_eq!(code("/Agent/AppId", json!(null)), "MissingParameter");
    assert_eq!(code("/Agent/AppId", json!("")), "MissingParameter");
    assert_eq!(code("/Agent/AppId", json!(1)), "InvalidParameter");
    assert_eq!(code("/Agent", json!("a")), "InvalidParameter");
    assert_eq!(code("/Agent/ProxyOrganizationOpenId", json!("")), "MissingParameter");
    assert_eq!(code("/Agent/ProxyOrganizationOpenId", json!("o")), "ResourceNotFound.Organization");
    assert_eq!(code("/Agent/ProxyOperator/OpenId", json!("")), "MissingParameter.UserOpenId");
    assert_eq!(
        code("/Agent/ProxyOperator/OpenId", json!("x")),
        "OperationDenied.UserNotInOrganization"
    );
    assert_eq!(code("/Agent/ProxyOperator", json!({"Openid": "n9527"})), "UnknownParameter");
    assert_eq!(code("/FlowIds", json!([])), "MissingParameter.FlowId");
    assert_eq!(code("/FlowIds", json!("f")), "InvalidParameter");
    assert_eq!(code("/FlowIds", json!([FIRST, 1])), "InvalidParameter");
    assert_eq!(code("/FlowIds", json!(vec![FIRST; 50])), "success");
    assert_eq!(code("/FlowIds", json!(vec![FIRST; 51])), "OperationDenied.OutQueryLimit");
}

#[test]
fn an_action_returns_its_documented_codes() {
    let emulator = start();
    let known = essbasic_models::CATALOGUE.action("DescribeFlowDetailInfo").unwrap().errors;
    for (pointer, code) in [
        ("/Agent/AppId", "ResourceNotFound.Application"),
        ("/Agent/ProxyOrganizationOpenId", "OperationDenied.UserNotInOrganization"),
        ("/Agent/ProxyOperator/OpenId", "OperationDenied.UserNotInOrganization"),
    ] {
        let mut body = json!({ "Agent": agent(), "FlowIds": [FIRST] });
        *body.pointer_mut(pointer).unwrap() = json!("other");
        assert_eq!(call("DescribeFlowDetailInfo", body).code(&emulator), code);
        assert!(known.contains(&code));
    }
    let body = json!({ "Agent": { "AppId": APP_ID, "ProxyOrganizationOpenId": ORGANIZATION } });
    assert_eq!(call("DescribeFlowDetailInfo", body).code(&emulator), "MissingParameter");
}

#[test]
fn reads_parameters_from_the_query() {
    let emulator = start();
    let mut call = urls(&[]);
    call.method = "GET";
    call.content_type = "application/x-www-form-urlencoded";
    call.body = String::new();
    call.query = format!(
        "Agent.AppId={APP_ID}&Agent.ProxyOrganizationOpenId={ORGANIZATION}&Agent.ProxyOperator.OpenId=n9527&FlowIds.0={FIRST}&FlowIds.1={SECOND}"
    );
    assert_eq!(call.response(&emulator)["ErrorMessages"], json!(["", ""]));
    call.query.push_str("&Nonsense=1");
    assert_eq!(call.code(&emulator), "UnknownParameter");
    call.query.push_str(&"x".repeat(32 << 10));
    assert_eq!(call.code(&emulator), "RequestSizeLimitExceeded");
}

#[test]
fn the_download_permission_of_an_organization_overrides_that_of_the_application() {
    let emulator = start();
    let code = |app: bool, organization: Option<bool>| {
        emulator.set_application_downloads(APP_ID, app);
        emulator.set_organization_downloads(APP_ID, ORGANIZATION, organization);
        urls(&[FIRST]).code(&emulator)
    };
    let denied = "UnauthorizedOperation.UnauthorizedOperationDownload";
    assert_eq!(code(false, None), denied);
    assert_eq!(code(true, None), "success");
    assert_eq!(code(false, Some(true)), "success");
    assert_eq!(code(true, Some(false)), denied);
}

#[test]
fn limits_the_rate_per_action() {
    let emulator =
        Emulator::builder().with_manual_clock(NOW).with_rate_limit(Some(1)).start().unwrap();
    let urls = urls(&[FIRST]);
    // If the three calls take less than a second, the limit of one per second rejects two.
    let started = std::time::Instant::now();
    let codes: Vec<String> = (0..3).map(|_| urls.code(&emulator)).collect();
    if started.elapsed() < Duration::from_secs(1) {
        assert_eq!(codes, ["success", "RequestLimitExceeded", "RequestLimitExceeded"]);
        assert_eq!(emulator.stats().rejected["RequestLimitExceeded"], 2);
        assert_eq!(emulator.stats().peaks["DescribeResourceUrlsByFlows"], 3, "rejected ones too");
    }
    assert_eq!(details(&[FIRST]).code(&emulator), "success");
    assert_eq!(emulator.stats().calls["DescribeResourceUrlsByFlows"], 3);
}

#[test]
fn a_contract_changes_its_status() {
    let emulator = start();
    emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, "new"));
    let status = || {
        let response = details(&["new", "unknown", "new"]).response(&emulator);
        let infos = response["FlowInfo"].as_array().unwrap();
        assert_eq!(infos.len(), 1);
        infos[0]["FlowStatus"].as_str().unwrap().to_owned()
    };
    assert_eq!(status(), "INIT");
    let early = emulator.sign("new", Some("乙方")).unwrap_err();
    assert_eq!(early, TransitionError::NotTheirTurn);
    emulator.sign("new", Some("甲方")).unwrap();
    assert_eq!(status(), "PART");
    emulator.sign("new", None).unwrap();
    assert_eq!(status(), "ALL");
    emulator.end("new", Status::Relieved, "已协商").unwrap();
    assert_eq!(status(), "RELIEVED");
    emulator.create_flow(NewFlow::new(APP_ID, ORGANIZATION, "late"));
    emulator.advance(Duration::from_secs(8 * 86_400));
    let mut call = details(&["late"]);
    call.timestamp = emulator.now().as_secs();
    assert_eq!(call.response(&emulator)["FlowInfo"][0]["FlowStatus"], "DEADLINE");
}

#[test]
fn returns_details_by_ids_or_by_group() {
    let emulator = start();
    assert_eq!(details(&[]).code(&emulator), "MissingParameter.FlowIdsOrFlowGroupId");
    assert_eq!(details(&["x"; 101]).code(&emulator), "InvalidParameter.FlowIds");
    let mut grouped = NewFlow::new(APP_ID, ORGANIZATION, "grouped");
    grouped.group = Some("g".into());
    emulator.create_flow(grouped);
    let by_group = |group: &str| {
        call("DescribeFlowDetailInfo", json!({ "Agent": agent(), "FlowGroupId": group }))
    };
    assert_eq!(by_group("g").response(&emulator)["FlowInfo"][0]["FlowId"], "grouped");
    assert_eq!(by_group("h").code(&emulator), "ResourceNotFound.FlowGroup");
}

#[test]
fn the_date_header_is_the_time_of_the_emulator() {
    let response = urls(&[FIRST]).send(&start());
    assert_eq!(response.headers()["date"], "Tue, 14 Nov 2023 22:13:20 GMT");
}
