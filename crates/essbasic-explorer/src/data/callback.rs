//! Verification of pasted callbacks.
