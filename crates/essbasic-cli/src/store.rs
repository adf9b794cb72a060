//! `--out s3://BUCKET/PREFIX`: a bucket, configured by the environment.

use std::path::Path;

use essbasic::transport::TransportConfig;
use essbasic_s3::{BlockingHttp, Bucket, Defaults, OpenBucket, Program};

use crate::failure::Failure;
use crate::in_flight::Counted;

/// Words of this command in the errors of buckets.
const PROGRAM: Program = Program {
    setting: "--out",
    accepts_cos: false,
    proxy: "give the proxy with --proxy URL",
    authorities: "give certificate authorities with --ca-file FILE",
    region: "set AWS_REGION",
    help: "see --help",
};

/// Returns the bucket that `--out` names; `None` if it is a folder.
pub(crate) fn bucket(out: &Path) -> Result<Option<Bucket>, Failure> {
    match out.to_str() {
        Some(out) => Bucket::parse(out, &PROGRAM).map_err(Failure::new),
        None => Ok(None),
    }
}

/// Opens a bucket over the transport of the calls: with the same proxy and trust anchors. No request is sent yet.
pub(crate) fn open(bucket: &Bucket, transport: &TransportConfig) -> Result<OpenBucket, Failure> {
    let http = BlockingHttp::new(Counted::new(transport).map_err(Failure::new)?);
    bucket.open(std::env::vars_os(), &Defaults::default(), &PROGRAM, http).map_err(Failure::new)
}
