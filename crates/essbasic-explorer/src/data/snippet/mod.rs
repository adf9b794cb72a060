//! Programs that make one call.
