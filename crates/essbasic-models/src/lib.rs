//! Types of the Tencent e-sign API (essbasic 2021-05-26), generated from its spec.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[rustfmt::skip]
mod generated;

pub use generated::*;
