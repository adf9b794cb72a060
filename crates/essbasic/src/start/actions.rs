//! The actions that create and manage contracts.

use core::fmt;
use std::collections::HashMap;

use essbasic_models::{
    Agent, ChannelBatchCancelFlowsRequest, ChannelBatchCancelFlowsResponse,
    ChannelCreateFlowByFilesRequest, ChannelCreateFlowByFilesResponse,
    ChannelCreateFlowRemindsRequest, ChannelCreateFlowRemindsResponse,
    CreateFlowsByTemplatesRequest, CreateFlowsByTemplatesResponse, CreateSignUrlsRequest,
    CreateSignUrlsResponse, SignUrlEndpoint, UploadBusinessType, UploadFilesRequest,
    UploadFilesResponse,
};
use tc3_client::api::json;

use super::contract::Contract;
use super::created::{StartedContract, UploadedFile};
use super::document::Document;
use crate::batch::{Batched, by_position, missing_item};
use crate::error::{FlowError, FlowErrorKind};
use crate::ids::{FileId, FlowId, TemplateId};

/// Uploads files.
pub(crate) struct Upload;

/// Maximum number of files per upload request.
const MAX_FILES: usize = 20;

/// Maximum size of all files of an upload request in base64. It is about that of the largest single file.
const MAX_BASE64_BYTES: usize = 80 << 20;

impl Batched for Upload {
    type Item = Document;
    type Request = UploadFilesRequest;
    type Output = UploadedFile;

    fn check(&self, document: &Document) -> Result<(), FlowError> {
        document.check()
    }

    fn fits(&self, batch: &[Document], next: &Document) -> bool {
        let bytes = batch.iter().chain([next]).map(Document::base64_bytes).sum::<usize>();
        batch.len() < MAX_FILES && bytes <= MAX_BASE64_BYTES
    }

    fn request(&self, agent: &Agent, batch: &[Document]) -> UploadFilesRequest {
        let files = batch.iter().map(Document::to_model);
        UploadFilesRequest::new(agent.clone(), UploadBusinessType::Document).file_infos(files)
    }

    fn request_id(response: &UploadFilesResponse) -> &str {
        &response.request_id
    }

    fn results(
        &self,
        _: &[Document],
        response: UploadFilesResponse,
    ) -> Vec<Result<UploadedFile, FlowError>> {
        let request_id = response.request_id;
        let uploaded =
            |id: String| UploadedFile { file_id: id.into(), request_id: request_id.clone() };
        response.file_ids.into_iter().map(|id| Ok(uploaded(id))).collect()
    }
}

/// Creates contracts from uploaded files, one per request.
pub(crate) struct CreateFromFile;

impl Batched for CreateFromFile {
    type Item = (FileId, Contract);
    type Request = ChannelCreateFlowByFilesRequest;
    type Output = StartedContract;

    fn fits(&self, _: &[Self::Item], _: &Self::Item) -> bool {
        false
    }

    fn request(&self, agent: &Agent, batch: &[Self::Item]) -> ChannelCreateFlowByFilesRequest {
        let request =
            batch.first().map(|(file_id, contract)| contract.to_file_request(agent, file_id));
        request.unwrap_or_else(|| ChannelCreateFlowByFilesRequest::new(agent.clone()))
    }

    fn request_id(response: &ChannelCreateFlowByFilesResponse) -> &str {
        &response.request_id
    }

    fn results(
        &self,
        _: &[Self::Item],
        response: ChannelCreateFlowByFilesResponse,
    ) -> Vec<Result<StartedContract, FlowError>> {
        vec![created(response.flow_id, &response.request_id)]
    }
}

/// Creates contracts from templates.
pub(crate) struct CreateFromTemplate;

/// Maximum number of contracts from templates per request.
const MAX_FROM_TEMPLATES: usize = 20;

impl Batched for CreateFromTemplate {
    type Item = (TemplateId, Contract);
    type Request = CreateFlowsByTemplatesRequest;
    type Output = StartedContract;

    fn fits(&self, batch: &[Self::Item], _: &Self::Item) -> bool {
        batch.len() < MAX_FROM_TEMPLATES
    }

    fn request(&self, agent: &Agent, batch: &[Self::Item]) -> CreateFlowsByTemplatesRequest {
        let flows =
            batch.iter().map(|(template_id, contract)| contract.to_template_flow(template_id));
        CreateFlowsByTemplatesRequest::new(agent.clone(), flows)
    }

    fn request_id(response: &CreateFlowsByTemplatesResponse) -> &str {
        &response.request_id
    }

    fn results(
        &self,
        batch: &[Self::Item],
        response: CreateFlowsByTemplatesResponse,
    ) -> Vec<Result<StartedContract, FlowError>> {
        let mut results = by_position(response.flow_ids, response.error_messages);
        results.resize_with(batch.len(), || Ok(String::new()));
        let created = |flow_id| created(flow_id, &response.request_id);
        results.into_iter().map(|result| result.and_then(created)).collect()
    }
}

/// Returns a created contract, or [`FlowErrorKind::OutcomeUnknown`] if the response has no flow ID.
fn created(
    flow_id: impl Into<Option<String>>,
    request_id: &str,
) -> Result<StartedContract, FlowError> {
    let flow_id = flow_id.into().filter(|id| !id.is_empty());
    let started = |flow_id: String| StartedContract {
        flow_id: flow_id.into(),
        request_id: request_id.to_owned(),
    };
    flow_id.map(started).ok_or_else(|| {
        let message = "the response contains no flow ID, but the contract may have been created";
        FlowError::new(FlowErrorKind::OutcomeUnknown, message)
            .with_hint("query the service before you retry")
    })
}

/// Link with which one party signs a contract.
///
/// The link is enough to read the contract, therefore `Debug` omits it and the name of the party. `Serialize` writes
/// both, because a program that stores links needs them; keep them as safe as the contract.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignLink {
    /// URL, valid for 90 days.
    pub url: String,
    /// Name of the signer; empty if unknown.
    pub name: String,
    /// Name of the signer's organization; empty for a person.
    pub organization: String,
    /// ID of the response that contains the link, for the support of the service.
    pub request_id: String,
}

json::object! {
    SignLink {
        "url" => url: required,
        "name" => name: default,
        "organization" => organization: default,
        "request_id" => request_id: nonempty,
    }
}

impl fmt::Debug for SignLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignLink").finish_non_exhaustive()
    }
}

/// Creates signing links for all parties of a contract, one contract per request.
pub(crate) struct CreateSignLinks {
    pub(crate) endpoint: SignUrlEndpoint,
}

impl Batched for CreateSignLinks {
    type Item = FlowId;
    type Request = CreateSignUrlsRequest;
    type Output = Vec<SignLink>;

    fn fits(&self, _: &[FlowId], _: &FlowId) -> bool {
        false
    }

    fn request(&self, agent: &Agent, batch: &[FlowId]) -> CreateSignUrlsRequest {
        CreateSignUrlsRequest::new(agent.clone()).flow_ids(batch).endpoint(self.endpoint.clone())
    }

    fn request_id(response: &CreateSignUrlsResponse) -> &str {
        &response.request_id
    }

    fn results(
        &self,
        _: &[FlowId],
        response: CreateSignUrlsResponse,
    ) -> Vec<Result<Vec<SignLink>, FlowError>> {
        let request_id = response.request_id;
        let links = response.sign_url_infos.into_iter().map(|info| SignLink {
            url: info.sign_url,
            name: info.name,
            organization: info.organization_name,
            request_id: request_id.clone(),
        });
        let links: Vec<SignLink> = links.filter(|link| !link.url.is_empty()).collect();
        let message = response.error_messages.into_iter().find(|message| !message.is_empty());
        vec![match (links.is_empty(), message) {
            (false, _) => Ok(links),
            (true, Some(message)) => Err(FlowError::refused(message)),
            (true, None) => {
                let message = "the response contains no signing link";
                Err(FlowError::new(FlowErrorKind::Missing, message)
                    .with_hint("check that a party has yet to sign"))
            }
        }]
    }
}

/// Reminder sent to the parties of a contract.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reminder {
    /// The service's message; may be empty.
    pub message: String,
    /// ID of the response, for the support of the service.
    pub request_id: String,
}

json::object! {
    Reminder { "message" => message: default, "request_id" => request_id: nonempty }
}

impl fmt::Debug for Reminder {
    /// Omits the message, which contains names of signers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reminder").finish_non_exhaustive()
    }
}

/// Reminds parties that have not signed.
pub(crate) struct Remind;

/// Maximum number of contracts per request for reminders and withdrawals.
const MAX_FLOWS: usize = 100;

impl Batched for Remind {
    type Item = FlowId;
    type Request = ChannelCreateFlowRemindsRequest;
    type Output = Reminder;

    fn fits(&self, batch: &[FlowId], _: &FlowId) -> bool {
        batch.len() < MAX_FLOWS
    }

    fn request(&self, agent: &Agent, batch: &[FlowId]) -> ChannelCreateFlowRemindsRequest {
        ChannelCreateFlowRemindsRequest::new(agent.clone(), batch)
    }

    fn request_id(response: &ChannelCreateFlowRemindsResponse) -> &str {
        &response.request_id
    }

    fn results(
        &self,
        batch: &[FlowId],
        response: ChannelCreateFlowRemindsResponse,
    ) -> Vec<Result<Reminder, FlowError>> {
        let request_id = response.request_id;
        let records = response.remind_flow_records.into_iter();
        let mut records: HashMap<_, _> =
            records.map(|record| (record.flow_id.clone(), record)).collect();
        let results = batch.iter().map(|flow_id| match records.remove(flow_id.as_str()) {
            Some(record) if record.can_remind => {
                Ok(Reminder { message: record.remind_message, request_id: request_id.clone() })
            }
            Some(record) => Err(FlowError::refused(record.remind_message)),
            None => Err(missing_item()),
        });
        results.collect()
    }
}

/// Accepted withdrawal of a contract, which the service performs in the background.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Withdrawal {
    /// ID of the task, for `DescribeCancelFlowsTask`, which returns its progress.
    pub task_id: String,
    /// ID of the response, for the support of the service.
    pub request_id: String,
}

json::object! {
    Withdrawal { "task_id" => task_id: required, "request_id" => request_id: nonempty }
}

/// Withdraws contracts.
pub(crate) struct Cancel {
    pub(crate) reason: String,
}

impl Batched for Cancel {
    type Item = FlowId;
    type Request = ChannelBatchCancelFlowsRequest;
    type Output = Withdrawal;

    fn fits(&self, batch: &[FlowId], _: &FlowId) -> bool {
        batch.len() < MAX_FLOWS
    }

    fn request(&self, agent: &Agent, batch: &[FlowId]) -> ChannelBatchCancelFlowsRequest {
        ChannelBatchCancelFlowsRequest::new(agent.clone(), batch).cancel_message(&*self.reason)
    }

    fn request_id(response: &ChannelBatchCancelFlowsResponse) -> &str {
        &response.request_id
    }

    fn results(
        &self,
        batch: &[FlowId],
        response: ChannelBatchCancelFlowsResponse,
    ) -> Vec<Result<Withdrawal, FlowError>> {
        let withdrawal = Withdrawal { task_id: response.task_id, request_id: response.request_id };
        let withdrawals = batch.iter().map(|_| withdrawal.clone());
        by_position(withdrawals, response.fail_messages)
    }
}
