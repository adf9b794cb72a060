//! The handle of one contract of the blocking client.

use essbasic_models::FlowDetailInfo;
use tc3_client::transport::Bytes;

use super::Client;
use super::reader::PdfReader;
use crate::error::Error;
use crate::handle::{PdfOptions, links_of_one, one, outcome_of_one};
use crate::ids::FlowId;
use crate::links::ResourceLink;
#[cfg(feature = "start")]
use crate::start::Withdrawal;
use crate::wait::{WaitOptions, WaitOutcome};

impl Client {
    #[doc = include_str!("../docs/contract.md")]
    pub fn contract(&self, flow_id: impl Into<FlowId>) -> ContractHandle {
        ContractHandle { client: self.clone(), flow_id: flow_id.into() }
    }
}

/// Handle of one contract, created by [`Client::contract`].
///
#[doc = include_str!("../docs/contract_handle.md")]
#[derive(Debug, Clone)]
pub struct ContractHandle {
    client: Client,
    flow_id: FlowId,
}

impl ContractHandle {
    /// Returns the flow ID of the contract.
    pub fn flow_id(&self) -> &FlowId {
        &self.flow_id
    }

    #[doc = include_str!("../docs/contract_details.md")]
    pub fn details(&self) -> Result<FlowDetailInfo, Error> {
        one(self.client.details([&self.flow_id])?)
    }

    #[doc = include_str!("../docs/contract_links.md")]
    pub fn links(&self) -> Result<Vec<ResourceLink>, Error> {
        links_of_one(self.client.links([&self.flow_id])?)
    }

    #[doc = include_str!("../docs/contract_wait.md")]
    pub fn wait(&self, options: &WaitOptions) -> Result<WaitOutcome, Error> {
        outcome_of_one(self.client.wait([&self.flow_id], options)?)
    }

    #[doc = include_str!("../docs/contract_pdf.md")]
    pub fn pdf(&self) -> Result<Bytes, Error> {
        self.pdf_with(&PdfOptions::default())
    }

    #[doc = include_str!("../docs/contract_pdf_with.md")]
    pub fn pdf_with(&self, options: &PdfOptions) -> Result<Bytes, Error> {
        let (mut reader, mut pdf) = (self.pdf_reader(options)?, Vec::new());
        while let Some(chunk) = reader.chunk()? {
            pdf.extend_from_slice(&chunk);
        }
        Ok(pdf.into())
    }

    #[doc = include_str!("../docs/contract_pdf_reader.md")]
    pub fn pdf_reader(&self, options: &PdfOptions) -> Result<PdfReader, Error> {
        PdfReader::open(&self.client, self.flow_id.clone(), options)
    }

    #[doc = include_str!("../docs/contract_cancel.md")]
    #[cfg(feature = "start")]
    pub fn cancel(&self, reason: impl Into<String>) -> Result<Withdrawal, Error> {
        one(self.client.cancel([&self.flow_id], reason)?)
    }
}
