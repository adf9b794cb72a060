//! Data of the page and of the command: pure functions without IO.

mod bodies;
pub mod callback;
pub mod check;
pub mod describe;
pub mod hints;
mod language;
pub mod openapi;
pub mod overview;
pub mod placeholder;
pub mod search;
pub mod signature;
pub mod skeleton;
pub mod snippet;
mod title;
mod unknown;
pub mod verify;

pub use language::language;
pub use title::title;
pub use unknown::{Unknown, action};
