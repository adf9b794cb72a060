//! The async client's calls that set contracts going.

use essbasic_models::SignUrlEndpoint;

use super::calls::{
    Cancel, Document, FromFile, FromTemplate, Remind, Reminder, SignLink, SignLinks,
};
use super::calls::{Upload, Withdrawal};
use super::contract::Contract;
use crate::agent::flow_ids;
use crate::asynchronous::Client;
#[allow(unused_imports, reason = "the documentation speaks of it")]
use crate::error::FlowErrorKind;
use crate::error::{Error, FlowError};

impl Client {
    /// Uploads files, up to twenty a call. One id for each, in their order, for an hour good to make
    /// contracts of.
    ///
    /// # Errors
    /// Where a call fails in a way that all would.
    pub async fn upload<I>(&self, files: I) -> Result<Vec<Result<String, FlowError>>, Error>
    where
        I: IntoIterator<Item = Document>,
    {
        self.run_batches(Upload, files).await
    }

    /// Makes contracts of uploaded files, given by their ids, one a call, and sends them to their parties.
    /// The id of each contract, in their order.
    ///
    /// None is made again whose answer was lost: its error is [`FlowErrorKind::OutcomeUnknown`].
    ///
    /// # Errors
    /// Where a call fails in a way that all would.
    pub async fn start_from_files<I>(
        &self,
        contracts: I,
    ) -> Result<Vec<Result<String, FlowError>>, Error>
    where
        I: IntoIterator<Item = (String, Contract)>,
    {
        self.run_batches(FromFile, contracts).await
    }

    /// Makes contracts of templates, given by their ids, twenty a call, and sends them to their parties.
    /// The id of each contract, in their order.
    ///
    /// None is made again whose answer was lost: its error is [`FlowErrorKind::OutcomeUnknown`].
    ///
    /// # Errors
    /// Where a call fails in a way that all would.
    pub async fn start_from_templates<I>(
        &self,
        contracts: I,
    ) -> Result<Vec<Result<String, FlowError>>, Error>
    where
        I: IntoIterator<Item = (String, Contract)>,
    {
        self.run_batches(FromTemplate, contracts).await
    }

    /// Makes links over which the parties of each contract sign, one contract a call; valid for 90 days.
    ///
    /// # Errors
    /// Where a call fails in a way that all would.
    pub async fn sign_links<I>(
        &self,
        flows: I,
        endpoint: SignUrlEndpoint,
    ) -> Result<Vec<Result<Vec<SignLink>, FlowError>>, Error>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.run_batches(SignLinks { endpoint }, flow_ids(flows)).await
    }

    /// Reminds those whose turn it is to sign, a hundred contracts a call. The service reminds of each
    /// once.
    ///
    /// # Errors
    /// Where a call fails in a way that all would.
    pub async fn remind<I>(&self, flows: I) -> Result<Vec<Result<Reminder, FlowError>>, Error>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.run_batches(Remind, flow_ids(flows)).await
    }

    /// Withdraws contracts that are not signed by all, a hundred a call. It happens in the background:
    /// the result is the task, or why there is none.
    ///
    /// # Errors
    /// Where a call fails in a way that all would.
    pub async fn cancel<I>(
        &self,
        flows: I,
        reason: impl Into<String>,
    ) -> Result<Vec<Result<Withdrawal, FlowError>>, Error>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.run_batches(Cancel { reason: reason.into() }, flow_ids(flows)).await
    }
}
