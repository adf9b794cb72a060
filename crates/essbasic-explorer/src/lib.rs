//! API Explorer of Tencent e-sign (电子签) as a page on loopback.
//!
//! [`data`] has what the page shows and the command `essbasic` prints.

pub mod data;
mod http;
