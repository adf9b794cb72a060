use crate::open_enum::open_enum;

open_enum! {
    /// Type of a message: the 44 types that the platform publishes, and any other.
    ///
    /// [`MessageData`](crate::MessageData) lists the types whose data is typed.
    MsgType {
        /// The status of a contract changed: started, signed, refused, completed and so on.
        FlowStatusChange = "FlowStatusChange",
        /// A contract was forwarded to another signer. The spelling is the platform's.
        ForwardFlow = "ForwardFLow",
        CreateFlowReview = "CreateFlowReview",
        ReceiveFlow = "ReceiveFlow",
        ApproverDeadlineExpired = "ApproverDeadlineExpired",
        CancelFlows = "CancelFlows",
        DocumentFill = "DocumentFill",
        FlowGroupStatusChange = "FlowGroupStatusChange",
        FlowCost = "FlowCost",

        /// A seal was created, deleted, disabled or enabled, or became valid or invalid.
        OperateSeal = "OperateSeal",
        AuditSealAuth = "AuditSealAuth",
        SealPolicyWorkflow = "SealPolicyWorkflow",
        EmployeeSealAuth = "EmployeeSealAuth",

        TemplateAdd = "TemplateAdd",
        TemplateUpdate = "TemplateUpdate",
        TemplateDelete = "TemplateDelete",
        TemplateAvailable = "TemplateAvailable",

        /// The outcome of an organization's authorization of the platform.
        OrgAuth = "OrgAuth",
        OrganizationAuthorization = "OrganizationAuthorization",
        OrgAuthorizationFileSubmit = "OrgAuthorizationFileSubmit",
        /// The outcome of an organization's certification.
        OrgCertify = "OrgCertify",
        OrgAuthorizationFileInvalid = "OrgAuthorizationFileInvalid",
        OrgAuthorizationPaymentStatusChange = "OrgAuthorizationPaymentStatusChange",
        /// The outcome of an organization's activation of e-sign.
        OrgOpenTsignBiz = "OrgOpenTsignBiz",
        OrgAuthAudit = "OrgAuthAudit",
        VerifyStaffInfo = "VerifyStaffInfo",
        VerifyStaffFail = "VerifyStaffFail",
        OperatorAuth = "OperatorAuth",
        SuperAdminChange = "SuperAdminChange",
        RolesChange = "RolesChange",
        /// An employee left. The spelling is the platform's.
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

open_enum! {
    /// The API that a message belongs to.
    MsgVersion {
        /// This API, for platforms that serve other organizations.
        ThirdPartyApp = "ThirdPartyApp",
        /// The enterprise API (`ess`).
        CustomApp = "CustomApp",
    }
}
