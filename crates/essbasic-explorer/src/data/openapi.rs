//! OpenAPI document of the calls.
