//! Both clients against scripted transports and servers, mostly in virtual time.

mod app_name;
mod calls;
mod clock;
mod credentials;
mod credentials_flight;
mod delays;
mod dropped;
mod encapsulated;
mod extremes;
mod intercepted;
mod lossless;
mod model;
mod observed;
mod options;
mod outcomes;
mod pages;
mod private_bodies;
mod rate_limiter;
mod sans_io;
mod shared;
mod stale;
mod support;
mod unfinished;
mod validated;
mod wire;
mod withdrawn;
