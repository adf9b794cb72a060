//! Types of one version of one Tencent Cloud service, generated from its spec.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[rustfmt::skip]
mod generated;

// Exports each item by name, so that the compiler names the feature of a missing one.
include!("generated/exports.rs");
