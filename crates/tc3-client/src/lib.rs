//! The call engine of Tencent Cloud API 3.0.

pub mod credentials;
mod time;

#[cfg(feature = "blocking")]
pub use time::BlockingSleep;
#[cfg(feature = "async")]
pub use time::AsyncSleep;
pub use time::{Clock, Now, SystemClock, SystemSleep};
