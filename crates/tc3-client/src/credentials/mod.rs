//! Where SecretId, SecretKey and token come from.
