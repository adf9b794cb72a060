//! Results of uploads and of the creation of contracts.

use tc3_client::api::json;

use crate::ids::{FileId, FlowId};

/// Uploaded file, accepted in place of its [`FileId`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UploadedFile {
    /// ID of the file, from which contracts are created.
    pub file_id: FileId,
    /// ID of the response, for the support of the service.
    pub request_id: String,
}

/// Created contract, accepted in place of its [`FlowId`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StartedContract {
    /// Flow ID of the contract.
    pub flow_id: FlowId,
    /// ID of the response, for the support of the service.
    pub request_id: String,
}

json::object! {
    UploadedFile { "file_id" => file_id: required, "request_id" => request_id: nonempty }
}

json::object! {
    StartedContract { "flow_id" => flow_id: required, "request_id" => request_id: nonempty }
}

impl From<UploadedFile> for FileId {
    fn from(file: UploadedFile) -> Self {
        file.file_id
    }
}

impl From<StartedContract> for FlowId {
    fn from(contract: StartedContract) -> Self {
        contract.flow_id
    }
}
