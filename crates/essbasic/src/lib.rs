//! Async and blocking SDK for Tencent e-sign (电子签, API `essbasic` 2021-05-26): creates contracts, waits until they are
//! signed, and downloads the signed PDFs.
//!
//! - [`Client`] (feature `async`, enabled by default, or `hyper`) and [`blocking::Client`] (feature `blocking`) have the
//!   same methods and run the same engine.
//! - Workflows take any number of contracts. They send requests in batches, retry with backoff, respect the rate limit,
//!   and return one result per contract.
//! - [`Client::call`] calls any action of the API with its request and response types, which are in [`models`].
//!
//! The [`guide`] has pages by task, in English and partly in Chinese.
//!
//! # Getting started
//!
//! ```toml
//! essbasic = "0.1"   # Client: reqwest and tokio
//! ```
//!
//! ```toml
//! # blocking::Client: ureq, no async runtime
//! essbasic = { version = "0.1", default-features = false, features = ["blocking", "serde"] }
//! ```
//!
//! The function [`agent`] names the application, the organization and the operator on
//! whose behalf calls are made. [`credentials::default_chain`] reads the credentials from the environment, profile files,
//! a pod identity or the role of the machine.
//!
//! ```no_run
//! # #[cfg(feature = "reqwest")]
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use essbasic::{Client, Config, DownloadOptions, WaitOptions, agent, credentials};
//!
//! let agent = agent("APP_ID", "ORGANIZATION_OPEN_ID", "OPERATOR_OPEN_ID");
//! let client = Client::new(Config::new(credentials::default_chain()), agent)?;
//! client.wait(["FLOW_ID"], &WaitOptions::default()).await?;
//! let report = client.download(["FLOW_ID"], &DownloadOptions::to("contracts")).await?;
//! for flow in report.failed() {
//!     eprintln!("{}: {:?}", flow.flow_id, flow.error);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The same with the blocking client:
//!
//! ```no_run
//! # #[cfg(feature = "ureq")]
//! # fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use essbasic::{Config, DownloadOptions, WaitOptions, agent, blocking::Client, credentials};
//!
//! let agent = agent("APP_ID", "ORGANIZATION_OPEN_ID", "OPERATOR_OPEN_ID");
//! let client = Client::new(Config::new(credentials::default_chain()), agent)?;
//! client.wait(["FLOW_ID"], &WaitOptions::default())?;
//! let report = client.download(["FLOW_ID"], &DownloadOptions::to("contracts"))?;
//! for flow in report.failed() {
//!     eprintln!("{}: {:?}", flow.flow_id, flow.error);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Clients
//!
//! | method | purpose |
//! |---|---|
//! | [`Client::new`], [`blocking::Client::new`] | create a client on reqwest or ureq |
//! | [`Client::on_hyper`] | create an async client on hyper, which builds faster and has less overhead per call |
//! | [`Client::with_transport`] | create a client on any other transport |
//! | [`Client::from_client`] | create a client on a [`tc3_client`] client |
//! | [`Client::agent`], [`Client::client`] | return the agent and the underlying client |
//! | [`Client::with_agent`], [`Client::with_region`] | return a client for another agent or region, with the same connections |
//! | [`Client::with_options`] | return a client whose calls have other [options](CallOptions) |
//! | [`Client::contract`] | return a [handle of one contract](#one-contract) |
//! | [`Client::call`], [`Client::pages`] | call any action, return the items of all pages of a list |
//! | [`Client::start_task`], [`Client::wait_task`] | start a [task](#tasks), wait for its end |
//! | [`Client::details`] | return status, parties and times |
//! | [`Client::links`] | return download links |
//! | [`Client::wait`] | wait until every party has signed |
//! | [`Client::download`] | download to a folder or an object store |
//! | [`Client::archive`] | download any number of contracts over several runs |
//! | [`Client::upload`] | upload files |
//! | [`Client::start_from_files`], [`Client::start_from_templates`] | create contracts and send them to their parties |
//! | [`Client::sign_links`] | create links with which parties sign |
//! | [`Client::remind`], [`Client::cancel`] | remind parties, withdraw contracts |
//!
//! [`Config`] has the settings of a client: endpoint ([`with_endpoint`](Config::with_endpoint),
//! [`with_endpoint_url`](Config::with_endpoint_url), [`with_test_environment`](Config::with_test_environment)), region
//! ([`with_region`](Config::with_region)), language ([`with_language`](Config::with_language)), names of the application
//! and of a library ([`with_app_name`](Config::with_app_name), [`with_library`](Config::with_library)), timeout
//! ([`with_timeout`](Config::with_timeout)), retries ([`with_retry`](Config::with_retry),
//! [`with_retry_classifier`](Config::with_retry_classifier), [`with_retry_budget`](Config::with_retry_budget)), rate limit
//! ([`with_rate_limit`](Config::with_rate_limit), [`with_rate_limiter`](Config::with_rate_limiter),
//! [`with_async_rate_limiter`](Config::with_async_rate_limiter),
//! [`with_blocking_rate_limiter`](Config::with_blocking_rate_limiter)), connections, proxy and TLS
//! ([`with_transport_config`](Config::with_transport_config)), response size
//! ([`with_max_response_bytes`](Config::with_max_response_bytes)), request validation
//! ([`with_validation`](Config::with_validation)), encryption ([`with_encapsulation`](Config::with_encapsulation)), the
//! signature ([`with_unsigned_action`](Config::with_unsigned_action),
//! [`with_unsigned_payload`](Config::with_unsigned_payload)), and time
//! ([`with_clock`](Config::with_clock), [`with_async_sleep`](Config::with_async_sleep),
//! [`with_blocking_sleep`](Config::with_blocking_sleep), [`with_jitter_seed`](Config::with_jitter_seed)).
//!
//! [`CallOptions`] has the settings of single calls: timeout ([`with_timeout`](CallOptions::with_timeout)), region
//! ([`with_region`](CallOptions::with_region)), language ([`with_language`](CallOptions::with_language)), additional headers
//! ([`with_header`](CallOptions::with_header)), retries ([`with_retry`](CallOptions::with_retry)), idempotency
//! ([`with_idempotent`](CallOptions::with_idempotent)), and the signature
//! ([`with_unsigned_payload`](CallOptions::with_unsigned_payload)).
//!
//! # Waiting
//!
//! [`Client::wait`] polls until every party has signed each contract. The result is a [`FlowWait`] per contract. With
//! [`Signals::new`], [`Signals::notify`] and [`Signals::send`], callbacks replace most of the polling of any number of
//! waits.
//!
//! ```no_run
//! # #[cfg(feature = "async-core")]
//! # async fn run(client: essbasic::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use essbasic::{WaitOptions, WaitOutcome};
//!
//! let options = WaitOptions::default().with_timeout(Duration::from_secs(600));
//! for flow in client.wait(["FLOW_1", "FLOW_2"], &options).await? {
//!     match flow.outcome {
//!         WaitOutcome::Signed => println!("{} is signed", flow.flow_id),
//!         WaitOutcome::Ended { status, .. } => println!("{} ended as {status}", flow.flow_id),
//!         other => println!("{}: {other:?}", flow.flow_id),
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! | option | purpose |
//! |---|---|
//! | [`WaitOptions::with_interval`], [`WaitOptions::with_max_interval`] | polling interval |
//! | [`WaitOptions::with_timeout`] | maximum duration |
//! | [`WaitOptions::with_settle`] | delay for the composition of the PDF |
//! | [`WaitOptions::with_signals`] | statuses from callbacks |
//! | [`WaitOptions::with_stop`] | cancellation through a [`Stop`] |
//! | [`WaitOptions::on_event`] | handler of each [`WaitEvent`] |
//!
//! # Downloading
//!
//! [`Client::download`] saves the files of contracts. Content is checked, and each file is fsynced and then gets its
//! final name by an atomic rename. The result is a [`Report`] with the methods [`Report::is_complete`],
//! [`Report::saved`] and [`Report::failed`].
//!
//! ```no_run
//! # #[cfg(feature = "async-core")]
//! # async fn run(client: essbasic::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use essbasic::{DownloadOptions, WaitOptions};
//!
//! let options = DownloadOptions::to("contracts")
//!     .with_names("{date}-{name}-{flow_id}".parse()?)
//!     .with_wait(WaitOptions::default());
//! let report = client.download(["FLOW_1", "FLOW_2"], &options).await?;
//! assert!(report.is_complete());
//! # Ok(())
//! # }
//! ```
//!
//! | option | purpose |
//! |---|---|
//! | [`DownloadOptions::to`], [`DownloadOptions::to_store`] | download to a folder or an object store |
//! | [`DownloadOptions::to_sink`], [`DownloadOptions::to_async_sink`] | download to a [`BlockingSink`] or [`AsyncSink`] of the caller |
//! | [`DownloadOptions::with_concurrency`] | number of concurrent downloads |
//! | [`DownloadOptions::with_names`] | file names by a [`NameTemplate`] |
//! | [`DownloadOptions::with_wait`] | download of each contract as soon as it is signed |
//! | [`DownloadOptions::with_any_state`] | download of contracts that not every party has signed |
//! | [`DownloadOptions::with_settle`] | delay for the composition of the PDF |
//! | [`DownloadOptions::with_link_host`] | allowlist of link hosts, each a [`LinkHost`] |
//! | [`DownloadOptions::link_request`] | the request for any link of a response, if its host is on the allowlist |
//! | [`DownloadOptions::with_max_file_bytes`], [`DownloadOptions::with_file_timeout`] | limits of one file |
//! | [`DownloadOptions::with_part_bytes`] | part size of uploads to a store |
//! | [`DownloadOptions::with_object_metadata`] | flow ID and SHA-256 as metadata of objects |
//! | [`DownloadOptions::with_replaced_objects`] | objects of earlier downloads are replaced |
//! | [`DownloadOptions::with_independent_contracts`] | rejections by the store that are failures of their contracts |
//! | [`DownloadOptions::check_store`] | check whether the store accepts objects |
//! | [`DownloadOptions::with_stop`] | cancellation through a [`Stop`] |
//! | [`DownloadOptions::on_event`] | handler of each [`DownloadEvent`] |
//!
//! # Archiving
//!
//! [`Client::archive`] is a download with a journal. The same call continues after an interruption, and skips contracts
//! that are saved. The result is an [`ArchiveReport`] with the methods [`ArchiveReport::is_complete`],
//! [`ArchiveReport::flows`] and [`ArchiveReport::write_json`].
//!
//! ```no_run
//! # #[cfg(feature = "async-core")]
//! # async fn run(client: essbasic::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use essbasic::ArchiveOptions;
//!
//! let ids = (1..=100_000).map(|number| format!("FLOW_{number}"));
//! let report = client.archive(ids, &ArchiveOptions::to("archive").with_concurrency(16)).await?;
//! println!("{} saved, {} failed", report.saved, report.failed);
//! # Ok(())
//! # }
//! ```
//!
//! | option | purpose |
//! |---|---|
//! | [`ArchiveOptions::to`], [`ArchiveOptions::to_store`] | archive in a folder or an object store |
//! | [`ArchiveOptions::with_journal`] | path of the journal |
//! | [`ArchiveOptions::with_shard`] | one [`Shard`] of the contracts, for several machines ([`Shard::new`], [`Shard::count`], [`Shard::contains`]) |
//! | [`ArchiveOptions::with_retry_rounds`] | number of retry rounds for failed contracts |
//! | [`ArchiveOptions::with_verify`] | comparison of saved files with their SHA-256 |
//! | [`ArchiveOptions::skip_status_check`] | download of contracts that not every party has signed |
//! | [`ArchiveOptions::with_store_id`] | identity of an object store |
//! | [`ArchiveOptions::with_concurrency`], [`ArchiveOptions::with_names`], [`ArchiveOptions::with_link_host`], [`ArchiveOptions::with_settle`], [`ArchiveOptions::with_part_bytes`], [`ArchiveOptions::with_object_metadata`], [`ArchiveOptions::with_stop`], [`ArchiveOptions::on_event`] | as for a download |
//!
//! A job of any kind ends early after [`Stop::stop`], and so do the calls and batches of a client with
//! [`Client::with_stop`]. [`Stop::is_stopped`] returns whether it was called, and [`Stop::is_grace_over`] whether
//! requests in flight are dropped. [`Stop::unless_stopped`] and [`Stop::within_grace`] end futures of the caller.
//!
//! # One contract
//!
//! [`Client::contract`] returns a handle, [`ContractHandle`] or [`blocking::ContractHandle`], whose methods have one result.
//!
//! ```no_run
//! # #[cfg(feature = "async-core")]
//! # async fn run(client: essbasic::Client) -> Result<(), Box<dyn std::error::Error>> {
//! let contract = client.contract("FLOW_ID");
//! println!("{}", contract.details().await?.flow_status);
//! let pdf: essbasic::transport::Bytes = contract.pdf().await?;
//! # Ok(())
//! # }
//! ```
//!
//! | method | purpose |
//! |---|---|
//! | [`ContractHandle::flow_id`] | return the flow ID |
//! | [`ContractHandle::details`], [`ContractHandle::links`] | return status, parties and times; download links |
//! | [`ContractHandle::wait`] | wait until every party has signed |
//! | [`ContractHandle::pdf`], [`ContractHandle::pdf_with`] | return the PDF, in memory |
//! | [`ContractHandle::pdf_stream`], [`PdfStream::chunk`], [`PdfStream::into_async_read`] | return the PDF as a stream of chunks, or as an `AsyncRead` of tokio |
//! | [`ContractHandle::pdf_reader`](blocking::ContractHandle::pdf_reader), [`PdfReader::chunk`](blocking::PdfReader::chunk) | return the PDF as a [`std::io::Read`], in the blocking client |
//! | [`PdfStream::content_length`], [`PdfStream::file_name`], [`PdfReader::content_length`](blocking::PdfReader::content_length), [`PdfReader::file_name`](blocking::PdfReader::file_name) | return the length and the name before the content |
//! | [`ContractHandle::cancel`] | withdraw the contract |
//! | [`PdfOptions::with_max_bytes`], [`PdfOptions::with_any_state`], [`PdfOptions::with_wait`], [`PdfOptions::with_settle`], [`PdfOptions::with_file_timeout`], [`PdfOptions::with_link_host`], [`PdfOptions::with_stop`] | options of reading a PDF |
//!
//! # Creating contracts
//!
//! With the feature `start`, contracts are created from uploaded files or from templates.
//!
//! ```no_run
//! # #[cfg(all(feature = "async-core", feature = "start"))]
//! # async fn run(client: essbasic::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use essbasic::models::SignUrlEndpoint;
//! use essbasic::{Contract, Document, Party, StartedContract};
//!
//! let file_ids = client.upload([Document::read("lease.pdf")?]).await?;
//! let file_id = file_ids.into_iter().next().ok_or("no file ID")??;
//! let contract = Contract::new("房屋租赁合同")
//!     .party(Party::employee("示例科技有限公司", "ORGANIZATION_OPEN_ID", "OPERATOR_OPEN_ID").seals_at("甲方"))
//!     .party(Party::person("张三", "13800000000").signs_at("乙方"));
//! let started = client.start_from_files([(file_id, contract)]).await?;
//! let started: Vec<StartedContract> = started.into_iter().collect::<Result<_, _>>()?;
//! let links = client.sign_links(started, SignUrlEndpoint::WeixinApp).await?;
//! # Ok(())
//! # }
//! ```
//!
//! - Files: [`Document::new`], [`Document::read`].
//! - Contracts: [`Contract::new`], [`Contract::party`], [`Contract::deadline`], [`Contract::unordered`],
//!   [`Contract::user_data`], [`Contract::field`].
//! - Parties: [`Party::person`], [`Party::employee`], [`Party::outside_organization`], [`Party::recipient_id`],
//!   [`Party::signs_at`], [`Party::seals_at`], [`Party::into_model`].
//!
//! # Other actions
//!
//! The feature `full` adds the types of all actions to [`models`].
//!
//! ```no_run
//! # #[cfg(all(feature = "async-core", feature = "full"))]
//! # async fn run(client: essbasic::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use essbasic::models::DescribeTemplatesRequest;
//!
//! let request = DescribeTemplatesRequest::new(client.agent().clone()).template_id("TEMPLATE_ID");
//! for template in client.call(&request).await?.templates {
//!     println!("{}", template.template_name);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Tasks
//!
//! Some actions start a task, such as the conversion of a file ([`api::StartTask`]). [`Client::start_task`] returns its handle,
//! [`Task`] or [`blocking::Task`]. [`Task::wait`] ends with a [`TaskOutcome`]; [`TaskOptions`] has its timeout and intervals.
//! [`Client::wait_task`] waits for a task by a stored query. The guide has an [example](guide::callbacks#wait-for-tasks).
//!
//! # Encryption
//!
//! [`Encryption::aes_cbc`] and [`Encryption::sm4_cbc`] encrypt the bodies of all calls, with keys agreed with the service.
//!
//! # Errors
//!
//! [`Error`] ends a whole workflow. [`FlowError`] is the failure of one contract, and part of the results; its
//! [`kind`](FlowErrorKind) distinguishes the causes. [`Error::is_not_found`] is true for a contract that is unknown. An action
//! that is not idempotent is not retried if its response is lost, and fails with [`FlowErrorKind::OutcomeUnknown`].
//!
//! # Request IDs
//!
//! The service's support finds a call by its request ID. Errors have a method `request_id`, and results have a field:
//! [`ReportedFlow`], [`FlowLinks`], [`UploadedFile`], [`StartedContract`], [`SignLink`], [`Reminder`], [`Withdrawal`], and
//! the responses of [`models`].
//!
//! # Identifiers
//!
//! [`FlowId`], [`FileId`] and [`TemplateId`] are types of their own, so that one cannot be passed for another. Methods
//! accept strings for them: `"id"`, `String`, and iterators of either.
//!
//! # Serialization
//!
//! With the feature `serde`, IDs, reports, links, results and contracts to create implement `Serialize` and `Deserialize`,
//! as all of [`models`] does.
//!
//! - Formats must describe themselves: JSON, YAML, TOML, RON, CBOR and MessagePack do. Others, such as postcard, refuse an
//!   object when it is written. IDs are strings in every format.
//! - Times are integers in seconds since the Unix epoch, as in the API. Durations are numbers of seconds with a fraction.
//! - Unknown fields are ignored. Unknown values of open sets, such as [`FlowStatus`], are kept, and a
//!   [`FlowErrorKind`] of a newer version is [`Unknown`](FlowErrorKind::Unknown). An unknown [`WaitOutcome`] is an error.
//! - `Serialize` writes download links, signing links and personal data, which `Debug` omits.
//!
//! # Extending
//!
//! Everything that an implementation needs is exported here: [`credentials::CredentialSource`] for other places of keys,
//! [`transport::AsyncTransport`] and [`transport::BlockingTransport`] for other HTTP clients, [`Clock`], [`AsyncSleep`] and
//! [`BlockingSleep`] for other time, [`Observer`] for metrics, [`Interceptor`] for headers and bodies of calls,
//! [`Encapsulation`] for other encryption, [`AsyncRateLimiter`] and [`BlockingRateLimiter`] for permits of other places, and
//! [`RetryClassifier`] for other retries. Each is also implemented for an `Arc` of it. [`sans_io`] is the engine of calls for
//! other runtimes and for simulations. The guide describes
//! [observability](guide::observability). [`transport::async_trait`] is the macro for the async traits.
//!
//! # Feature flags
//!
//! `async` and `serde` are enabled by default. The [guide](guide::transports) describes transports and TLS.
//!
//! | feature | adds |
//! |---|---|
//! | `async` (default) | [`Client`] over its default transport, `reqwest` |
//! | `blocking` | [`blocking::Client`] over its default transport, `ureq` |
//! | `reqwest` | [`Client::new`], with the default TLS of reqwest |
//! | `reqwest-no-tls` | [`transport::ReqwestTransport`] over a client of the program, with its TLS |
//! | `hyper` | [`Client::on_hyper`], with rustls; needs `ring`, `aws-lc-rs` or a provider of the program |
//! | `ureq` | [`blocking::Client::new`], with rustls and ring |
//! | `ring`, `aws-lc-rs` | the TLS provider of `hyper` and `ureq` |
//! | `async-core` | [`Client`] over a transport of the caller |
//! | `start` | uploads, creation of contracts, signing links, reminders, withdrawal |
//! | `full` | the types of all actions |
//! | `auto_sign`, `billing`, `console`, `employees`, `evidence`, `files`, `flow_creation`, `flow_management`, `flows`, `organizations`, `seals`, `signing`, `templates` | the types of a group of actions; `flows` is always enabled |
//! | `serde` (default) | `Serialize` and `Deserialize` for models, reports and results; calls by name |
//! | `object-store` | downloads and archives in stores of the crate [`object_store`], such as S3 and Tencent COS |
//! | `encryption` | [`Encryption`] |
//! | `callback` | [`Signals::notify`], with messages of the crate `essbasic-callback` |
//! | `catalogue` | the service as data ([`catalogue`]), and validation of requests |
//! | `test-util` | [`test_util`]: constructors of reports and errors, for tests of programs |
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(all(
        feature = "reqwest",
        feature = "ureq",
        feature = "callback",
        feature = "catalogue",
        feature = "encryption",
        feature = "hyper",
        feature = "object-store",
        feature = "start",
        feature = "test-util",
    )),
    allow(
        rustdoc::broken_intra_doc_links,
        reason = "the crate page links to items of all features"
    )
)]
#![cfg_attr(
    not(any(feature = "async-core", feature = "ureq")),
    allow(dead_code, unused_imports, reason = "without a client no driver uses the engines")
)]

mod agent;
mod archive;
#[cfg(feature = "async-core")]
mod asynchronous;
mod batch;
#[cfg(any(feature = "blocking", feature = "ureq"))]
pub mod blocking;
mod client_name;
mod download;
#[cfg(feature = "encryption")]
mod encryption;
mod error;
pub mod guide;
mod handle;
mod ids;
mod links;
mod next;
#[cfg(feature = "start")]
mod start;
mod task;
mod trace;
#[cfg(feature = "async-core")]
mod until_stop;
mod wait;

#[cfg(feature = "test-util")]
pub mod test_util;

pub use agent::agent;
pub use archive::{ArchiveOptions, ArchiveReport, ArchivedFlow, Shard};
#[cfg(any(feature = "async", feature = "hyper", feature = "async-core"))]
pub use asynchronous::{Client, Pages, Task};
#[cfg(any(feature = "async", feature = "hyper", feature = "async-core"))]
pub use download::{AsyncSink, AsyncSinkWriter};
pub use download::{
    BlockingSink, BlockingSinkWriter, DownloadEvent, DownloadOptions, LinkHost, LinkHostError,
    NameTemplate, Report, ReportedFlow, SavedFile, SinkFile, TemplateError,
};
#[cfg(feature = "encryption")]
pub use encryption::{Encryption, KeyError};
pub use error::{Error, FlowError, FlowErrorKind};
pub use handle::PdfOptions;
#[cfg(any(feature = "async", feature = "hyper", feature = "async-core"))]
pub use handle::{ContractHandle, PdfAsyncRead, PdfStream};
pub use ids::{FileId, FlowId, TemplateId};
pub use links::{FlowLinks, ResourceLink};
#[cfg(feature = "start")]
pub use start::{
    Contract, Document, Party, Reminder, SignLink, StartedContract, UploadedFile, Withdrawal,
};
pub use tc3_client::{Stop, TaskOptions, TaskOutcome};
pub use wait::{FlowWait, Signals, WaitEvent, WaitOptions, WaitOutcome};

pub use essbasic_models as models;
pub use essbasic_models::{Agent, ErrorCode, FlowStatus};
#[cfg(feature = "object-store")]
pub use object_store;
pub use tc3_client::Error as CallError;
#[cfg(feature = "catalogue")]
pub use tc3_client::catalogue;
pub use tc3_client::{
    AddressedEndpoint, AttemptEvent, BaseUrl, CallEvent, CallOptions, CallOutcome, Clock, Config,
    Encapsulation, Endpoint, ErrorKind, FailedAttempt, Interceptor, Language, Now, Observer,
    Permit, PermitRequest, RateLimit, RateLimiter, RawResponse, RetryClassifier, RetryDecision,
    RetryPolicy, ServiceDomain, SystemClock, SystemSleep, UnsignedRequest, api, credentials,
    sans_io, transport,
};
#[cfg(any(feature = "async", feature = "hyper", feature = "async-core"))]
pub use tc3_client::{AsyncRateLimiter, AsyncSleep};
#[cfg(any(feature = "blocking", feature = "ureq"))]
pub use tc3_client::{BlockingRateLimiter, BlockingSleep};
