//! Request bodies to fill in.
