//! Published test vectors, and values computed from them.

use essbasic_callback::{MessageData, MsgType, MsgVersion, Received, Receiver};

use crate::sender::{self, KEY, TOKEN};
use crate::{accept, at, key, now, receiver, token};

/// The vector of the vendor's dispatcher, `tencentess/tsign-callback-dispatcher`, which according to its test
/// equals the output of the official implementation.
const PLAIN: &str = concat!(
    r#"{"MsgId":"yDtKOUUckpfzn1drUP8YGQwIiomArVih","MsgType":"TemplateAdd","MsgVersion":"CustomApp","#,
    r#""MsgData":{"OrganizationId":"yDwJvUUckpk5rwf8Uxh4PcT1e3NS5wQn","#,
    r#""OperatorUserId":"yDwJCUUckpk0y11sUxGkg4n1WsBQNkIp","#,
    r#""TemplateId":"yDtKOUUckpfzdllkUuSHDA1uMECpNeoa","#,
    r#""TemplateName":"sale-v1","CreateTime":1767146542}}"#,
);
const BODY: &str = concat!(
    r#"{"encrypt":"VV/zit1H66SsjoJ/yy6ezfESfFGjaoMCDElrlnnPf75bD6yWyRYnvLs+DJh8nR1+DOhtRKClQeLM69rB"#,
    "Scm2nlS6NcxqAHm9aIlvl4dbp+OxVOmEwWb9nRV4l889u89RwV6BHtNpiwQN5x/e7f3Q1X6feX+zK78Sh3sP81KSIn7kEyrZ",
    "SXlShJoY/mauraMiOldmMDzZ1AtiJ8nQ3S8L9W/WLoqgfeR8QnbsPkVYecuTdQAuA991C5ohw3OGTkaW5NiEVrRZ+EVi8Oma",
    "cM6HuPZ0AWArQ1CE30d1PnWBwKXqLHdxqI8Jzk4DVC8ICDSjvuGiHJbupiFjo/f8IDHoJn96GPIed5mNBsZtFoHTqcTgn82n",
    r#"fzYBTZ4ExjFF4ONhgou2uvgXUwaT+2a/rVKRkYGQnoaB1R1kMEsUD8pYxcE="}"#,
);
/// HMAC-SHA256 of this body with the tests' token. There is no published signature.
const SIGNATURE: &str = "sha256=ca6e1640307c6768055cd5a2817a95be14f756b54d3febde65b0a0cf86676937";

#[test]
fn the_official_message_is_accepted() {
    for (token, signature) in [(Some(token()), Some(SIGNATURE)), (None, None)] {
        let receiver = Receiver::new(token, key());
        let message = accept(&receiver, signature, BODY.as_bytes()).unwrap().unwrap();
        assert_eq!(message.json(), PLAIN);
        assert_eq!(message.msg_id, "yDtKOUUckpfzn1drUP8YGQwIiomArVih");
        assert_eq!(message.msg_type, MsgType::TemplateAdd);
        assert_eq!(message.msg_version, MsgVersion::CustomApp);
        let MessageData::Template(template) = &message.data else { panic!("{message:?}") };
        assert_eq!(template.organization_id, "yDwJvUUckpk5rwf8Uxh4PcT1e3NS5wQn");
        assert_eq!(template.operator_user_id, "yDwJCUUckpk0y11sUxGkg4n1WsBQNkIp");
        assert_eq!(template.template_id, "yDtKOUUckpfzdllkUuSHDA1uMECpNeoa");
        assert_eq!(template.template_name, "sale-v1");
        assert_eq!(template.created_at(), Some(at(1_767_146_542)));
        assert!(template.other.is_empty());
    }
}

#[test]
fn the_sender_of_these_tests_reproduces_the_vector() {
    assert_eq!(sender::send(PLAIN), (BODY.as_bytes().to_vec(), SIGNATURE.to_owned()));
    assert_eq!(sender::signature(TOKEN.as_bytes(), BODY.as_bytes()), SIGNATURE);
    let encrypted = sender::encrypt(KEY, &sender::padded(PLAIN.as_bytes()));
    assert_eq!(sender::body(&encrypted), BODY.as_bytes());
}

#[test]
fn tokens_may_have_any_length() {
    for length in [1, 63, 64, 65, 300] {
        let token = "t".repeat(length);
        let receiver = Receiver::new(essbasic_callback::Token::new(&token).unwrap(), None);
        let signature = sender::signature(token.as_bytes(), PLAIN.as_bytes());
        assert!(accept(&receiver, Some(&signature), PLAIN.as_bytes()).unwrap().is_some());
    }
}

/// A ping has no content, so a plain one is accepted without authentication.
#[test]
fn pings_are_accepted_in_every_configuration() {
    let signed = sender::signature(TOKEN.as_bytes(), b"{}");
    let (encrypted, encrypted_signature) = sender::send("{}");
    for (token, key) in [(true, true), (true, false), (false, true), (false, false)] {
        let receiver = Receiver::new(token.then(crate::token), key.then(crate::key));
        for (signature, body) in [
            (None, &b"{}"[..]),
            (None, b" {\r\n\t} \n"),
            (Some(&*signed), b"{}"),
            (key.then_some(&*encrypted_signature), if key { &encrypted } else { b"{}" }),
        ] {
            let received = receiver.receive(signature, body, now());
            assert!(matches!(received, Ok(Received::Ping)), "{token} {key} {received:?}");
        }
    }
    let wrong = sender::signature(b"another token", b"{}");
    crate::assert_refused(&receiver(), Some(&wrong), b"{}");
}

/// The names of the published list, in their exact spelling.
const MSG_TYPES: [&str; 44] = [
    "FlowStatusChange",
    "ForwardFLow",
    "CreateFlowReview",
    "ReceiveFlow",
    "ApproverDeadlineExpired",
    "CancelFlows",
    "DocumentFill",
    "FlowGroupStatusChange",
    "FlowCost",
    "OperateSeal",
    "AuditSealAuth",
    "SealPolicyWorkflow",
    "EmployeeSealAuth",
    "TemplateAdd",
    "TemplateUpdate",
    "TemplateDelete",
    "TemplateAvailable",
    "OrgAuth",
    "OrganizationAuthorization",
    "OrgAuthorizationFileSubmit",
    "OrgCertify",
    "OrgAuthorizationFileInvalid",
    "OrgAuthorizationPaymentStatusChange",
    "OrgOpenTsignBiz",
    "OrgAuthAudit",
    "VerifyStaffInfo",
    "VerifyStaffFail",
    "OperatorAuth",
    "SuperAdminChange",
    "RolesChange",
    "QuiteJob",
    "LegalPersonChangeOpenId",
    "ModifyOrganizationBaseInfo",
    "CloseOrganization",
    "OperateExtendedService",
    "CreateFlowByQrCode",
    "MultiFlowSignQrCodeCost",
    "PartnerServerSignAuthorization",
    "BillingUse",
    "OpenUserAutoSign",
    "AutoSignSealImg",
    "DisableUserAutoSign",
    "CancelUserAutoSign",
    "FlowRiskIdentify",
];

#[test]
fn all_44_types_are_known_by_name() {
    let known: Vec<&str> = MsgType::KNOWN.iter().map(MsgType::as_str).collect();
    assert_eq!(known, MSG_TYPES);
    for name in MSG_TYPES {
        let (body, signature) = sender::send(&sender::message(name, name, r#"{"A":1}"#));
        let message = accept(&receiver(), Some(&signature), &body).unwrap().unwrap();
        assert!(!matches!(message.msg_type, MsgType::Unknown(_)), "{name}");
        assert_eq!((message.msg_type.as_str(), message.msg_type.to_string()), (name, name.into()));
        assert_eq!(message.msg_version, MsgVersion::ThirdPartyApp);
    }
    for unknown in ["flowstatuschange", "ForwardFlow", "QuitJob", "SomethingNew", " OrgAuth"] {
        assert_eq!(MsgType::from(unknown), MsgType::Unknown(unknown.to_owned()));
        assert_eq!(crate::read(&sender::message("1", unknown, "{}")).msg_type.as_str(), unknown);
    }
}
