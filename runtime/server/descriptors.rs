//! How many files the process may have open: every client is one.
//!
//! `node` raises the limit at start as far as the system lets it, and the edge refuses clients with a 503
//! before it is reached: a host without a free one could neither accept a client nor read its own files.
//! Never fails: where there is no limit to be read there is none.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the soft limit to the hard one; gives what holds afterwards.
pub fn raise_limit() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let wanted = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
        // What the system refuses stays as it was.
        if setrlimit(Resource::Nofile, wanted).is_ok() {
            limit = wanted;
        }
    }
    limit.current.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_raised_once_and_stays() {
        let first = raise_limit();
        assert!(first >= 256, "{first}");
        assert_eq!(raise_limit(), first);
    }
}
