use crate::open_set::open_set;

open_set! {
    /// What happened: the 44 kinds that the platform publishes, and whatever it adds.
    ///
    /// [`MessageData`](crate::MessageData) tells which of them have typed data.
    MsgType {
        /// A contract went on: started, signed, refused, completed and so on.
        FlowStatusChange = "FlowStatusChange",
        /// A contract was handed on to another signer. The platform spells it so.
        ForwardFlow = "ForwardFLow",
        CreateFlowReview = "CreateFlowReview",
        ReceiveFlow = "ReceiveFlow",
        ApproverDeadlineExpired = "ApproverDeadlineExpired",
        CancelFlows = "CancelFlows",
        DocumentFill = "DocumentFill",
        FlowGroupStatusChange = "FlowGroupStatusChange",
        FlowCost = "FlowCost",

        /// A seal was made, deleted, switched off or on, or has become valid or invalid.
        OperateSeal = "OperateSeal",
        AuditSealAuth = "AuditSealAuth",
        SealPolicyWorkflow = "SealPolicyWorkflow",
        EmployeeSealAuth = "EmployeeSealAuth",

        TemplateAdd = "TemplateAdd",
        TemplateUpdate = "TemplateUpdate",
        TemplateDelete = "TemplateDelete",
        TemplateAvailable = "TemplateAvailable",

        /// An organisation authorised the platform, or did not.
        OrgAuth = "OrgAuth",
        OrganizationAuthorization = "OrganizationAuthorization",
        OrgAuthorizationFileSubmit = "OrgAuthorizationFileSubmit",
        /// An organisation was certified, or was not.
        OrgCertify = "OrgCertify",
        OrgAuthorizationFileInvalid = "OrgAuthorizationFileInvalid",
        OrgAuthorizationPaymentStatusChange = "OrgAuthorizationPaymentStatusChange",
        /// An organisation opened e-sign, or did not.
        OrgOpenTsignBiz = "OrgOpenTsignBiz",
        OrgAuthAudit = "OrgAuthAudit",
        VerifyStaffInfo = "VerifyStaffInfo",
        VerifyStaffFail = "VerifyStaffFail",
        OperatorAuth = "OperatorAuth",
        SuperAdminChange = "SuperAdminChange",
        RolesChange = "RolesChange",
        /// An employee left. The platform spells it so.
        QuitJob = "QuiteJob",
        LegalPersonChangeOpenId = "LegalPersonChangeOpenId",
        ModifyOrganizationBaseInfo = "ModifyOrganizationBaseInfo",
        CloseOrganization = "CloseOrganization",
        OperateExtendedService = "OperateExtendedService",

        CreateFlowByQrCode = "CreateFlowByQrCode",
        MultiFlowSignQrCodeCost = "MultiFlowSignQrCodeCost",
        PartnerServerSignAuthorization = "PartnerServerSignAuthorization",
        BillingUse = "BillingUse",
        OpenUserAutoSign = "OpenUserAutoSign",
        AutoSignSealImg = "AutoSignSealImg",
        DisableUserAutoSign = "DisableUserAutoSign",
        CancelUserAutoSign = "CancelUserAutoSign",
        FlowRiskIdentify = "FlowRiskIdentify",
    }
}

open_set! {
    /// For which of the platform's two APIs a message is.
    MsgVersion {
        /// This API: platforms that serve other organisations.
        ThirdPartyApp = "ThirdPartyApp",
        /// The enterprise API (`ess`).
        CustomApp = "CustomApp",
    }
}
