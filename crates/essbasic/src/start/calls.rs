//! The calls that set contracts going, in batches.

use core::fmt;
use std::collections::HashMap;

use essbasic_models::{
    Agent, ChannelBatchCancelFlowsRequest, ChannelBatchCancelFlowsResponse,
    ChannelCreateFlowByFilesRequest, ChannelCreateFlowByFilesResponse,
    ChannelCreateFlowRemindsRequest, ChannelCreateFlowRemindsResponse,
    CreateFlowsByTemplatesRequest, CreateFlowsByTemplatesResponse, CreateSignUrlsRequest,
    CreateSignUrlsResponse, SignUrlEndpoint, UploadBusinessType, UploadFile, UploadFilesRequest,
    UploadFilesResponse,
};
use tc3_client::api::Base64;

use super::contract::Contract;
use crate::batch::{Batched, by_position};
use crate::error::{FlowError, FlowErrorKind};

/// A PDF to be uploaded.
#[derive(Clone, PartialEq, Eq)]
pub struct Document {
    name: String,
    body: Base64,
}

impl Document {
    /// A file of this name, with its extension, and these bytes: at most 60 MB.
    pub fn new(name: impl Into<String>, bytes: impl AsRef<[u8]>) -> Self {
        Self { name: name.into(), body: Base64::encode(bytes) }
    }

    /// The file at `path`.
    ///
    /// # Errors
    /// It can't be read.
    pub fn read(path: impl AsRef<std::path::Path>) -> std::io::Result<Self> {
        let path = path.as_ref();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self { name: name.into_owned(), body: Base64::read(path)? })
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("body", &self.body).finish_non_exhaustive()
    }
}

/// Files to the service.
pub(crate) struct Upload;

/// The most files that one call takes, and characters of base64: a request of files that are small by
/// themselves stays about as large as one of the largest file.
const MOST_FILES: usize = 20;
const MOST_BASE64: usize = 80 << 20;

impl Batched for Upload {
    type Item = Document;
    type Request = UploadFilesRequest;
    type Done = String;

    fn fits(&self, batch: &[Document], next: &Document) -> bool {
        let size = batch.iter().chain([next]).map(|file| file.body.as_str().len()).sum::<usize>();
        batch.len() < MOST_FILES && size <= MOST_BASE64
    }

    fn request(&self, agent: &Agent, batch: &[Document]) -> UploadFilesRequest {
        let files =
            batch.iter().map(|file| UploadFile::new(file.body.clone()).file_name(&*file.name));
        UploadFilesRequest::new(agent.clone(), UploadBusinessType::Document).file_infos(files)
    }

    fn read(&self, _: &[Document], answer: UploadFilesResponse) -> Vec<Result<String, FlowError>> {
        answer.file_ids.into_iter().map(Ok).collect()
    }
}

/// Contracts from uploaded files, one a call.
pub(crate) struct FromFile;

impl Batched for FromFile {
    type Item = (String, Contract);
    type Request = ChannelCreateFlowByFilesRequest;
    type Done = String;

    fn fits(&self, _: &[Self::Item], _: &Self::Item) -> bool {
        false
    }

    fn request(&self, agent: &Agent, batch: &[Self::Item]) -> ChannelCreateFlowByFilesRequest {
        let request = batch.first().map(|(file_id, contract)| contract.of_file(agent, file_id));
        request.unwrap_or_else(|| ChannelCreateFlowByFilesRequest::new(agent.clone()))
    }

    fn read(
        &self,
        _: &[Self::Item],
        answer: ChannelCreateFlowByFilesResponse,
    ) -> Vec<Result<String, FlowError>> {
        vec![made(answer.flow_id)]
    }
}

/// Contracts from templates.
pub(crate) struct FromTemplate;

const MOST_FROM_TEMPLATES: usize = 20;

impl Batched for FromTemplate {
    type Item = (String, Contract);
    type Request = CreateFlowsByTemplatesRequest;
    type Done = String;

    fn fits(&self, batch: &[Self::Item], _: &Self::Item) -> bool {
        batch.len() < MOST_FROM_TEMPLATES
    }

    fn request(&self, agent: &Agent, batch: &[Self::Item]) -> CreateFlowsByTemplatesRequest {
        let flows = batch.iter().map(|(template, contract)| contract.of_template(template));
        CreateFlowsByTemplatesRequest::new(agent.clone(), flows)
    }

    fn read(
        &self,
        batch: &[Self::Item],
        answer: CreateFlowsByTemplatesResponse,
    ) -> Vec<Result<String, FlowError>> {
        let mut results = by_position(answer.flow_ids, answer.error_messages);
        results.resize_with(batch.len(), || Ok(String::new()));
        results.into_iter().map(|result| result.and_then(made)).collect()
    }
}

const UNNAMED: &str =
    "the answer names no contract: whether one was made is not known; look before you repeat it";

fn made(flow_id: impl Into<Option<String>>) -> Result<String, FlowError> {
    let unnamed = || FlowError::new(FlowErrorKind::OutcomeUnknown, UNNAMED);
    flow_id.into().filter(|id| !id.is_empty()).ok_or_else(unnamed)
}

/// A link over which one party signs.
///
/// Whoever has it sees the contract: `Debug` shows neither link nor person.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignLink {
    /// The link, valid for 90 days.
    pub url: String,
    /// The signer's name; empty where it is not known.
    pub name: String,
    /// The signer's organisation; empty of a person.
    pub organization: String,
}

impl fmt::Debug for SignLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignLink").finish_non_exhaustive()
    }
}

/// Links to sign, for all parties of one contract a call.
pub(crate) struct SignLinks {
    pub(crate) endpoint: SignUrlEndpoint,
}

impl Batched for SignLinks {
    type Item = String;
    type Request = CreateSignUrlsRequest;
    type Done = Vec<SignLink>;

    fn fits(&self, _: &[String], _: &String) -> bool {
        false
    }

    fn request(&self, agent: &Agent, batch: &[String]) -> CreateSignUrlsRequest {
        CreateSignUrlsRequest::new(agent.clone()).flow_ids(batch).endpoint(self.endpoint.clone())
    }

    fn read(
        &self,
        _: &[String],
        answer: CreateSignUrlsResponse,
    ) -> Vec<Result<Vec<SignLink>, FlowError>> {
        let links = answer.sign_url_infos.into_iter().map(|info| SignLink {
            url: info.sign_url,
            name: info.name,
            organization: info.organization_name,
        });
        let links: Vec<SignLink> = links.filter(|link| !link.url.is_empty()).collect();
        let why = answer.error_messages.into_iter().find(|message| !message.is_empty());
        vec![match (links.is_empty(), why) {
            (false, _) => Ok(links),
            (true, Some(why)) => Err(FlowError::new(FlowErrorKind::Refused, why)),
            (true, None) => Err(FlowError::new(FlowErrorKind::Missing, "nobody is left to sign")),
        }]
    }
}

/// What came of reminding a contract's signers.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reminder {
    /// What the service says of it; may be empty.
    pub message: String,
}

impl fmt::Debug for Reminder {
    /// Not the message, which names the signers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reminder").finish_non_exhaustive()
    }
}

/// Short messages to those who have not signed.
pub(crate) struct Remind;

/// The most contracts that reminding and withdrawing take a call.
const MOST_FLOWS: usize = 100;

impl Batched for Remind {
    type Item = String;
    type Request = ChannelCreateFlowRemindsRequest;
    type Done = Reminder;

    fn fits(&self, batch: &[String], _: &String) -> bool {
        batch.len() < MOST_FLOWS
    }

    fn request(&self, agent: &Agent, batch: &[String]) -> ChannelCreateFlowRemindsRequest {
        ChannelCreateFlowRemindsRequest::new(agent.clone(), batch)
    }

    fn read(
        &self,
        batch: &[String],
        answer: ChannelCreateFlowRemindsResponse,
    ) -> Vec<Result<Reminder, FlowError>> {
        let records = answer.remind_flow_records.into_iter();
        let mut records: HashMap<_, _> =
            records.map(|record| (record.flow_id.clone(), record)).collect();
        let results = batch.iter().map(|flow_id| match records.remove(flow_id) {
            Some(record) if record.can_remind => Ok(Reminder { message: record.remind_message }),
            Some(record) => Err(FlowError::new(FlowErrorKind::Refused, record.remind_message)),
            None => Err(FlowError::new(FlowErrorKind::Missing, "the answer left it out")),
        });
        results.collect()
    }
}

/// A contract that is being withdrawn.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Withdrawal {
    /// The task that withdraws it: `DescribeCancelFlowsTask` tells how far it is.
    pub task_id: String,
}

/// Contracts withdrawn.
pub(crate) struct Cancel {
    pub(crate) reason: String,
}

impl Batched for Cancel {
    type Item = String;
    type Request = ChannelBatchCancelFlowsRequest;
    type Done = Withdrawal;

    fn fits(&self, batch: &[String], _: &String) -> bool {
        batch.len() < MOST_FLOWS
    }

    fn request(&self, agent: &Agent, batch: &[String]) -> ChannelBatchCancelFlowsRequest {
        ChannelBatchCancelFlowsRequest::new(agent.clone(), batch).cancel_message(&*self.reason)
    }

    fn read(
        &self,
        batch: &[String],
        answer: ChannelBatchCancelFlowsResponse,
    ) -> Vec<Result<Withdrawal, FlowError>> {
        let task_id = answer.task_id;
        let done = batch.iter().map(|_| Withdrawal { task_id: task_id.clone() });
        by_position(done, answer.fail_messages)
    }
}
