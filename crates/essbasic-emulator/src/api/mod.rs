//! API calls: authentication, parameter checks and actions.

pub(crate) mod actions;
pub(crate) mod auth;
mod call;
mod check;
mod context;
pub(crate) mod encryption;
mod names;
mod params;
pub(crate) mod rate_limit;
pub(crate) mod service;
mod sliding_window;
mod stub;
