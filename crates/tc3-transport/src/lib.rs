//! HTTP transports for Tencent Cloud API 3.0 clients: reqwest (async) or ureq (blocking) behind one trait each.
