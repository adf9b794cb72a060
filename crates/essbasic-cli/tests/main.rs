//! The command as a child process: one program, because each further one would be linked with the whole SDK.

mod advice;
mod archive;
mod bad_input;
mod blocked;
mod bucket;
mod bucket_server;
mod bucket_uploads;
mod chain;
mod commands;
mod download;
mod emulator;
mod emulator_start;
#[cfg(unix)]
mod escapes;
mod explore;
mod explore_page;
mod listen;
mod listen_command;
mod listen_delivery;
mod listen_files;
mod lossless;
mod options;
mod pasted_keys;
mod reports;
mod shared;
mod sign;
mod start;
mod start_signals;
mod stdout;
mod support;
mod wrong_agent;
