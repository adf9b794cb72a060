//! Types of one version of one Tencent Cloud service, generated from its spec.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[rustfmt::skip]
mod generated;

pub use generated::*;
