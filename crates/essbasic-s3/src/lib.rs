//! Buckets of S3 and Tencent COS that receive the archives of e-sign contracts.
//!
//! [`Bucket`] is a URL such as `s3://BUCKET/PREFIX`. [`Bucket::open`] applies the settings of the environment, the `AWS_*`
//! variables and profiles, and returns the store. Its requests are sent over a transport of the SDK, so that proxy, trust
//! anchors and timeouts are those of the calls: [`Http`], implemented by `BlockingHttp` and `AsyncHttp`.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod bucket;
mod error;
mod http;
mod open;
mod program;
mod settings;
#[cfg(feature = "test-util")]
pub mod test_util;

pub use self::bucket::Bucket;
pub use self::error::Error;
#[cfg(feature = "async")]
pub use self::http::AsyncHttp;
#[cfg(feature = "blocking")]
pub use self::http::BlockingHttp;
pub use self::http::Http;
pub use self::open::{Defaults, OpenBucket};
pub use self::program::Program;
