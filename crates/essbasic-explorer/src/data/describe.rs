//! Descriptions of actions, objects, value sets and error codes.
