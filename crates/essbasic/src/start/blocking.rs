//! Methods of the blocking client that create and manage contracts.

use essbasic_models::SignUrlEndpoint;

use super::actions::{
    Cancel, CreateFromFile, CreateFromTemplate, CreateSignLinks, Remind, Reminder, SignLink,
    Upload, Withdrawal,
};
use super::contract::Contract;
use super::created::{StartedContract, UploadedFile};
use super::document::Document;
use crate::blocking::Client;
use crate::error::{Error, FlowError};
use crate::ids::{self, FileId, FlowId, TemplateId};

impl Client {
    #[doc = include_str!("../docs/upload.md")]
    #[doc = include_str!("../docs/errors.md")]
    pub fn upload<I>(&self, files: I) -> Result<Vec<Result<UploadedFile, FlowError>>, Error>
    where
        I: IntoIterator<Item = Document>,
    {
        self.run_batches(Upload, files)
    }

    #[doc = include_str!("../docs/start_from_files.md")]
    #[doc = include_str!("../docs/errors.md")]
    pub fn start_from_files<I, F>(
        &self,
        contracts: I,
    ) -> Result<Vec<Result<StartedContract, FlowError>>, Error>
    where
        I: IntoIterator<Item = (F, Contract)>,
        F: Into<FileId>,
    {
        let contracts = contracts.into_iter().map(|(file, contract)| (file.into(), contract));
        self.run_batches(CreateFromFile, contracts)
    }

    #[doc = include_str!("../docs/start_from_templates.md")]
    #[doc = include_str!("../docs/errors.md")]
    pub fn start_from_templates<I, T>(
        &self,
        contracts: I,
    ) -> Result<Vec<Result<StartedContract, FlowError>>, Error>
    where
        I: IntoIterator<Item = (T, Contract)>,
        T: Into<TemplateId>,
    {
        let contracts = contracts.into_iter().map(|(id, contract)| (id.into(), contract));
        self.run_batches(CreateFromTemplate, contracts)
    }

    #[doc = include_str!("../docs/sign_links.md")]
    #[doc = include_str!("../docs/errors.md")]
    pub fn sign_links<I>(
        &self,
        flows: I,
        endpoint: SignUrlEndpoint,
    ) -> Result<Vec<Result<Vec<SignLink>, FlowError>>, Error>
    where
        I: IntoIterator<Item: Into<FlowId>>,
    {
        self.run_batches(CreateSignLinks { endpoint }, ids::collect(flows))
    }

    #[doc = include_str!("../docs/remind.md")]
    #[doc = include_str!("../docs/errors.md")]
    pub fn remind<I>(&self, flows: I) -> Result<Vec<Result<Reminder, FlowError>>, Error>
    where
        I: IntoIterator<Item: Into<FlowId>>,
    {
        self.run_batches(Remind, ids::collect(flows))
    }

    #[doc = include_str!("../docs/cancel.md")]
    #[doc = include_str!("../docs/errors.md")]
    pub fn cancel<I>(
        &self,
        flows: I,
        reason: impl Into<String>,
    ) -> Result<Vec<Result<Withdrawal, FlowError>>, Error>
    where
        I: IntoIterator<Item: Into<FlowId>>,
    {
        self.run_batches(Cancel { reason: reason.into() }, ids::collect(flows))
    }
}
