//! HTTP server of the local pages of the essbasic crates.
//!
//! A page is a [`Router`](axum::Router) of [`Assets`] and of routes below a prefix such as `/api`. [`Guard::wrap`] refuses
//! requests of other origins, hosts and users before they are routed, and [`serve_router`] serves connections up to a maximum.
//! [`mount`] serves one page below a path of another.
//!
//! [`serve`] is the accept loop. It does not depend on the guard, so that public listeners use it too.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod assets;
mod connections;
mod error;
mod guard;
mod hosts;
mod mount;
mod name;
mod query;
mod reply;
mod server;
mod strip;
mod token;
mod wrap;

pub use assets::{Asset, Assets, SHARED};
pub use connections::{InFlight, Requests};
pub use error::ApiError;
pub use guard::{Guard, Hints};
pub use hosts::InvalidHost;
pub use mount::mount;
pub use name::Name;
pub use query::parameter;
pub use reply::{Reply, computed, json, parse, with_type};
pub use server::{Event, Limits, serve, serve_router};
pub use token::{InvalidToken, Token};
