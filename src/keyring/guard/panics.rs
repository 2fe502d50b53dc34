//! A dependency that panics fails the one call, and prints nothing.

use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, PanicHookInfo};

use futures_util::FutureExt;

use crate::error::{Code, Error, Result};

thread_local! {
    /// Where this thread panicked last.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on no panic of this crate or its dependencies prints. What it would print may hold
/// secrets; its place in the source is kept for the error.
pub fn silence_panics() {
    std::panic::set_hook(Box::new(remember));
}

/// The answer, or an error that names what was being done, and where the panic was.
///
/// # Errors
/// `Internal` if the future panics; what the future itself says.
pub async fn unless_it_panics<T>(
    operation: &str,
    answer: impl Future<Output = Result<T>>,
) -> Result<T> {
    // Nothing that the future has half-changed is used after it.
    let Ok(answer) = AssertUnwindSafe(answer).catch_unwind().await else {
        let place = PLACE.with_borrow_mut(Option::take);
        let place = place.map(|place| format!(" at {place}")).unwrap_or_default();
        let message =
            format!("{operation} failed unexpectedly: code panicked{place}; please report this");
        return Err(Error::new(Code::Internal, message));
    };
    answer
}

fn remember(info: &PanicHookInfo<'_>) {
    let place = info.location().map(|location| {
        // The folders before the name of the package are those of the machine that built it.
        let file = location.file().replace('\\', "/");
        let parts: Vec<_> = file.rsplit('/').take(4).collect();
        let short: Vec<_> = parts.into_iter().rev().collect();
        format!("{}:{}", short.join("/"), location.line())
    });
    PLACE.set(place);
}
