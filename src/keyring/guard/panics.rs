//! A dependency that panics fails the one call, and prints nothing.

use std::any::Any;
use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, PanicHookInfo};

use futures_util::FutureExt;

use crate::error::{Code, Error, Result};
use crate::threads;

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
/// `Internal` if the future panics, or `System` if that was for want of a thread; what the future itself
/// says.
pub fn unless_it_panics<T>(
    operation: &str,
    answer: impl Future<Output = Result<T>>,
) -> impl Future<Output = Result<T>> {
    // Nothing that the future has half-changed is used after it.
    AssertUnwindSafe(answer)
        .catch_unwind()
        .map(move |answer| answer.unwrap_or_else(|panic| Err(panicked(operation, panic.as_ref()))))
}

/// A fault of ours or of a dependency; or a thread that a dependency could not start, as to look up the
/// name of a host.
fn panicked(operation: &str, panic: &(dyn Any + Send)) -> Error {
    let place = PLACE.with_borrow_mut(Option::take);
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
    if text.starts_with("OS can't spawn worker thread") {
        return threads::unavailable(&io::Error::from(io::ErrorKind::WouldBlock));
    }
    let place = place.map(|place| format!(" at {place}")).unwrap_or_default();
    let message =
        format!("{operation} failed unexpectedly: code panicked{place}; please report this");
    Error::new(Code::Internal, message)
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

#[cfg(test)]
mod tests {
    use super::*;

    async fn outcome(panic: impl FnOnce()) -> Code {
        let work = async {
            panic();
            Ok(())
        };
        unless_it_panics("a test", work).await.unwrap_err().code()
    }

    #[test]
    fn the_future_has_room_for_the_answer_once() {
        let answer = async {
            let large = [0_u8; 4096];
            std::future::ready(()).await;
            Ok(large.len())
        };
        let size = size_of_val(&answer);
        assert!(size_of_val(&unless_it_panics("a test", answer)) < size + 256);
    }

    #[tokio::test]
    async fn a_panic_is_a_fault_but_for_want_of_a_thread() {
        let spawning = "OS can't spawn worker thread: Resource temporarily unavailable";
        assert_eq!(outcome(|| panic!("boom")).await, Code::Internal);
        assert_eq!(outcome(move || panic!("{spawning}")).await, Code::System);
    }
}
