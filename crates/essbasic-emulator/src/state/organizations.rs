//! Applications and their sub-organizations.

use std::collections::BTreeMap;

use super::template::Template;

/// Application of a platform.
#[derive(Default)]
pub(crate) struct Application {
    /// Download permission of all sub-organizations that have not set their own.
    pub(crate) downloads: bool,
    pub(crate) organizations: BTreeMap<String, Organization>,
}

/// Sub-organization of an application.
#[derive(Default)]
pub(crate) struct Organization {
    /// Name of the company, as in contracts.
    pub(crate) name: Option<String>,
    /// Download permission; overrides that of the application. `None` if it was never set.
    pub(crate) downloads: Option<bool>,
    pub(crate) operators: Vec<String>,
    pub(crate) templates: Vec<Template>,
}

impl Application {
    /// Returns `true` if the platform may download the contracts of this sub-organization.
    pub(crate) fn may_download(&self, organization: &Organization) -> bool {
        organization.downloads.unwrap_or(self.downloads)
    }
}
