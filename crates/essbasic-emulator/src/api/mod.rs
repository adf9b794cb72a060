//! The API: authentication, parameter checks and actions.

pub(crate) mod actions;
pub(crate) mod auth;
pub(crate) mod check;
pub(crate) mod encryption;
pub(crate) mod service;
pub(crate) mod stub;
