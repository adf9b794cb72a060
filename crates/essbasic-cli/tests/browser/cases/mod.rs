//! The cases, in the order of their execution.

mod start;

use crate::run::Case;

macro_rules! cases {
    ($($module:ident: $($name:ident),+;)+) => {
        pub(crate) const CASES: &[Case] = &[$($(
            (concat!(stringify!($module), "::", stringify!($name)), |context| tokio::task::spawn_local($module::$name(context)))
        ),+),+];
    };
}

cases! {
    start: the_token_leaves_the_address;
}
