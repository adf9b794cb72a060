//! Where download links may lead.

use essbasic::LinkHost;

/// Hosts besides the service's own.
#[derive(clap::Args)]
pub(crate) struct LinkHosts {
    /// Follow download links to this host too: HOST, *.DOMAIN, or http://HOST:PORT for plain http.
    #[arg(long = "link-host", value_name = "HOST")]
    hosts: Vec<LinkHost>,
}

impl LinkHosts {
    /// Adds them to those that are agreed to.
    pub(crate) fn add_to(&self, agreed: &mut Vec<LinkHost>) {
        agreed.extend(self.hosts.iter().cloned());
    }
}
