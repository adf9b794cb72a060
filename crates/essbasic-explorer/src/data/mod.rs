//! Data of the page and of the command: pure functions without IO.

pub mod callback;
pub mod check;
pub mod describe;
pub mod hints;
pub mod openapi;
pub mod search;
pub mod signature;
pub mod skeleton;
pub mod snippet;
pub mod verify;
