//! Validation of request bodies.
