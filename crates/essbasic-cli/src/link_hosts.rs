//! Hosts that download links may point to.

use essbasic::LinkHost;

/// Hosts in addition to those of the service.
#[derive(clap::Args)]
pub(crate) struct LinkHosts {
    /// Follow download links to this host too: HOST, *.DOMAIN, or http://HOST:PORT for plain http.
    #[arg(long = "link-host", value_name = "HOST")]
    hosts: Vec<LinkHost>,
}

impl LinkHosts {
    /// Adds the hosts to the allowlist.
    pub(crate) fn add_to(&self, allowed: &mut Vec<LinkHost>) {
        allowed.extend(self.hosts.iter().cloned());
    }
}
