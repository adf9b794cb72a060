//! Routes besides the API: links, and the administration below `/_emulator/`.

mod admin;
mod link;
