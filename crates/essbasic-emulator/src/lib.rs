//! An in-memory Tencent e-sign service on loopback, for tests and demonstrations.
