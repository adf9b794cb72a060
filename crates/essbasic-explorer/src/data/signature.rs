//! Signatures with every intermediate value.
