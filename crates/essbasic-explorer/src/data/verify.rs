//! Comparison of an Authorization header with a request.
