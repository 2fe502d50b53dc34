//! The names of files that are not finished: none of them is to outlast the process.
//!
//! Only where the system has no files without a name, and for the moment in which a finished file
//! replaces another one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::Duration;

/// How often, 1 ms apart, the end of the process asks for the lock before it gives up.
const ATTEMPTS: u32 = 1000;

static NAMES: Mutex<Names> =
    Mutex::new(Names { paths: Vec::new(), closed: false, observer: |_| {} });

struct Names {
    paths: Vec<PathBuf>,
    /// The process ends: no name is given any more.
    closed: bool,
    observer: fn(bool),
}

/// A name of a file that is not finished; forgotten when it is dropped, after the file was removed.
#[derive(Debug)]
pub(super) struct Unfinished(PathBuf);

impl Unfinished {
    /// Makes the file with `make`, and remembers its name.
    ///
    /// # Errors
    /// What `make` says; `Interrupted` once the process ends.
    pub(super) fn make<T>(
        path: &Path,
        make: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<(Self, T)> {
        // Held while the file is made: the end of the process comes before, or finds the name.
        let mut names = lock();
        if names.closed {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "the process is ending"));
        }
        let created = make()?;
        names.paths.push(path.to_owned());
        if names.paths.len() == 1 {
            (names.observer)(true);
        }
        Ok((Self(path.to_owned()), created))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let mut names = lock();
        if let Some(at) = names.paths.iter().position(|path| *path == self.0) {
            names.paths.swap_remove(at);
            if names.paths.is_empty() {
                (names.observer)(false);
            }
        }
    }
}

/// Removes all files that are not finished, for good: to be called where the process ends.
pub fn remove_unfinished() {
    for _ in 0..ATTEMPTS {
        let mut names = match NAMES.try_lock() {
            Ok(names) => names,
            Err(TryLockError::Poisoned(error)) => error.into_inner(),
            Err(TryLockError::WouldBlock) => {
                thread::sleep(Duration::from_millis(1));
                continue;
            }
        };
        names.closed = true;
        for path in names.paths.drain(..) {
            let _ = fs::remove_file(path);
        }
        return;
    }
}

/// Tells `observer` when there begins to be a name of an unfinished file (true), and when there is
/// none any more (false). It must not touch files.
pub fn observe_unfinished(observer: fn(bool)) {
    lock().observer = observer;
}

fn lock() -> MutexGuard<'static, Names> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else the end of the process would remove a later file of that name.
    #[test]
    fn a_name_is_remembered_only_while_its_file_is_unfinished() {
        let path = Path::new("/kms-envelope-tests/unfinished");
        let is_known = || lock().paths.iter().any(|known| known == path);
        let (unfinished, ()) = Unfinished::make(path, || Ok(())).unwrap();
        assert!(is_known());
        drop(unfinished);
        assert!(!is_known());
        let refused = Unfinished::make(path, || Err::<(), _>(io::Error::other("no room")));
        assert!(refused.is_err() && !is_known());
    }
}
