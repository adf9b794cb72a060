//! Cancellation of a job by its caller.

pub use tc3_client::Stop;
