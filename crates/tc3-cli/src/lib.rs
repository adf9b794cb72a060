//! Files of specifications and of generated crates: the library of the command `tc3`.
//!
//! [`import()`] writes the specification of a service from the official reference, [`codegen`] writes the models crate
//! generated from it, [`diff()`] compares two specifications. The text of the files comes from `tc3-codegen`, which
//! does no IO.
//!
//! The command and the development tasks of its repository share this library. Other programs run the command: the
//! functions change with it.

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod codegen;
mod diff;
mod error;
mod files;
mod import;
mod json;
mod manifest;
mod names;
pub mod schema;
mod tccli;

pub use diff::{Comparison, diff};
pub use error::Error;
pub use files::{entries, read, read_optional, sha256, shown, write};
pub use import::{Import, Imported, Schemas, import, latest_or};
pub use manifest::Dependencies;
pub use tccli::Tccli;
