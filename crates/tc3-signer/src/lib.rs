//! Tencent Cloud API 3.0 request signatures (TC3-HMAC-SHA256): sign and verify, pure.
