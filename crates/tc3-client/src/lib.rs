//! The Tencent Cloud API 3.0 call engine: signing, retries, limits, credentials, errors; async and blocking.
