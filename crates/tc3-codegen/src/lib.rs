//! From a Tencent Cloud API 3.0 spec and overlay to the source of a models crate. Pure.
