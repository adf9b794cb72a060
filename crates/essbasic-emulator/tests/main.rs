//! The emulator over HTTP.

mod admin;
mod all_actions;
mod calls;
mod errors;
mod faults;
mod files;
mod for_tests;
mod guard;
mod inspection;
mod life_cycle;
mod ranges;
mod rejections;
mod support;
#[cfg(feature = "tls")]
mod tls;
