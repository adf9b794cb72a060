//! The limit of file descriptors, which bounds the connections to the emulator.

/// Raises the limit of this process to the maximum that the system allows. The usual limit is 1,024 or 256.
#[cfg(unix)]
pub(super) fn raise_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    if let Ok((current, max)) = getrlimit(Resource::RLIMIT_NOFILE)
        && current < max
    {
        // With the lower limit, idle connections are closed earlier.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, max, max);
    }
}

#[cfg(not(unix))]
pub(super) fn raise_limit() {}
