//! The program that uses a bucket, in the words of its errors.

/// Words of a program in errors, and the URLs that it accepts.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// Setting with the URL, such as `--out`.
    pub setting: &'static str,
    /// Whether `cos://BUCKET-APPID/PREFIX` is accepted, in addition to `s3://BUCKET/PREFIX`.
    pub accepts_cos: bool,
    /// Fix if a variable configures a proxy, such as `give the proxy with --proxy URL`.
    pub proxy: &'static str,
    /// Fix if a variable configures certificate authorities.
    pub authorities: &'static str,
    /// Fix if a bucket of COS has no region, such as `set AWS_REGION`.
    pub region: &'static str,
    /// Fix if a setting of the store is invalid, such as `see --help`.
    pub help: &'static str,
}

impl Program {
    /// Returns the forms of URLs that are accepted.
    pub(crate) fn forms(&self) -> &'static str {
        match self.accepts_cos {
            true => "s3://BUCKET/PREFIX or cos://BUCKET-APPID/PREFIX",
            false => "s3://BUCKET/PREFIX",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::Program;

    pub(crate) const CLI: Program = Program {
        setting: "--out",
        accepts_cos: false,
        proxy: "give the proxy with --proxy URL",
        authorities: "give certificate authorities with --ca-file FILE",
        region: "set AWS_REGION",
        help: "see --help",
    };

    pub(crate) const SERVER: Program =
        Program { setting: "archive.to", accepts_cos: true, help: "see the guide", ..CLI };
}
