//! The end of the process: files that are not finished are removed.

use std::sync::Once;

use crate::file::{observe_unfinished, remove_unfinished};

static PREPARED: Once = Once::new();

/// From now on, the end of the process removes files that are not finished, unless it is killed (SIGKILL).
/// Calls after the first do nothing.
pub(super) fn prepare() {
    PREPARED.call_once(|| {
        #[cfg(unix)]
        observe_unfinished(super::signals::guard);
        #[cfg(not(unix))]
        observe_unfinished(|_| {});
        // `process.exit`, an uncaught exception and the natural end go through `exit` of C; Node.js
        // runs no cleanup hook of an addon of its main thread there.
        // SAFETY: `at_exit` is a function of C that neither unwinds nor needs anything of Node.js.
        #[allow(unsafe_code)]
        unsafe {
            libc::atexit(at_exit);
        }
    });
}

extern "C" fn at_exit() {
    remove_unfinished();
}
