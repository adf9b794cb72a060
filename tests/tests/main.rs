//! Tests of the whole workspace that do not need a process of their own.

mod callbacks;
mod conformance;
mod credential_characters;
mod debug;
mod features;
mod formats;
mod guide;
mod hints;
mod layers;
mod new_service;
mod official_samples;
mod openapi;
mod packages;
mod pdf;
mod processes;
mod programs;
mod snippets;
mod streams;
mod targets;
mod tidy;
