//! Search in the description of the API.
