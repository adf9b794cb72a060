//! HTTP server of the page.
