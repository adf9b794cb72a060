//! Tencent e-sign (essbasic) for Rust: contract workflows, sync and async.
