//! Tests of the explorer over HTTP.
