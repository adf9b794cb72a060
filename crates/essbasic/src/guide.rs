//! The guide: short pages by task, with complete code.
//!
//! The pages are also in `docs/guide` of the repository; [`zh_cn`] has some of them in Chinese.

#![cfg(any(
    doc,
    all(
        doctest,
        feature = "hyper",
        feature = "reqwest",
        feature = "ureq",
        feature = "callback",
        feature = "catalogue",
        feature = "object-store",
        feature = "start"
    )
))]
#![cfg_attr(docsrs, doc(auto_cfg = false))]

// A page links to other pages as files. The first definition of a link counts: here it is the module of the page.

/// [archiving]: crate::guide::archiving
/// [callbacks]: crate::guide::callbacks
/// [credentials]: crate::guide::credentials
/// [errors]: crate::guide::errors
/// [observability]: crate::guide::observability
/// [tenants]: crate::guide::tenants
/// [testing]: crate::guide::testing
/// [transports]: crate::guide::transports
#[doc = include_str!("../guide/getting-started.md")]
pub mod getting_started {}

#[doc = include_str!("../guide/credentials.md")]
pub mod credentials {}

#[doc = include_str!("../guide/callbacks.md")]
pub mod callbacks {}

#[doc = include_str!("../guide/archiving.md")]
pub mod archiving {}

#[doc = include_str!("../guide/errors.md")]
pub mod errors {}

/// [transports]: crate::guide::transports
#[doc = include_str!("../guide/testing.md")]
pub mod testing {}

#[doc = include_str!("../guide/transports.md")]
pub mod transports {}

#[doc = include_str!("../guide/observability.md")]
pub mod observability {}

/// [credentials]: crate::guide::credentials
#[doc = include_str!("../guide/tenants.md")]
pub mod tenants {}

/// [credentials]: crate::guide::credentials
/// [errors]: crate::guide::errors
/// [transports]: crate::guide::transports
#[doc = include_str!("../guide/services.md")]
pub mod services {}

/// [getting-started]: crate::guide::getting_started
/// [testing]: crate::guide::testing
#[doc = include_str!("../guide/explorer.md")]
pub mod explorer {}

/// [example]: https://docs.rs/crate/essbasic-server/latest/source/essbasic.example.toml
#[doc = include_str!("../guide/server.md")]
pub mod server {}

/// Pages in Chinese (简体中文).
pub mod zh_cn {
    /// [archiving]: crate::guide::zh_cn::archiving
    /// [callbacks]: crate::guide::zh_cn::callbacks
    /// [credentials]: crate::guide::credentials
    /// [errors]: crate::guide::zh_cn::errors
    /// [observability]: crate::guide::zh_cn::observability
    /// [tenants]: crate::guide::zh_cn::tenants
    /// [testing]: crate::guide::testing
    /// [transports]: crate::guide::zh_cn::transports
    #[doc = include_str!("../guide/zh-CN/getting-started.md")]
    pub mod getting_started {}

    #[doc = include_str!("../guide/zh-CN/callbacks.md")]
    pub mod callbacks {}

    #[doc = include_str!("../guide/zh-CN/archiving.md")]
    pub mod archiving {}

    #[doc = include_str!("../guide/zh-CN/errors.md")]
    pub mod errors {}

    #[doc = include_str!("../guide/zh-CN/transports.md")]
    pub mod transports {}

    #[doc = include_str!("../guide/zh-CN/observability.md")]
    pub mod observability {}

    /// [credentials]: crate::guide::credentials
    #[doc = include_str!("../guide/zh-CN/tenants.md")]
    pub mod tenants {}

    /// [getting-started]: crate::guide::zh_cn::getting_started
    /// [testing]: crate::guide::testing
    #[doc = include_str!("../guide/zh-CN/explorer.md")]
    pub mod explorer {}

    /// [example]: https://docs.rs/crate/essbasic-server/latest/source/essbasic.example.toml
    #[doc = include_str!("../guide/zh-CN/server.md")]
    pub mod server {}
}
