//! What keyrings answer: KMS later, a local key at once.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use crate::error::{Code, Error, Result};

/// What the methods of a keyring return: KMS answers later, a local key at once.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// The answer of a keyring that calls no service, without a runtime.
///
/// # Errors
/// What the answer says; `WouldBlock` if it is not there yet.
pub fn answer_now<T>(answer: impl Future<Output = Result<T>>) -> Result<T> {
    match pin!(answer).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(would_block()),
    }
}

/// The error of a synchronous call that needs a service.
pub fn would_block() -> Error {
    Error::new(
        Code::WouldBlock,
        "this keyring asks a key service, which a synchronous call cannot wait for; \
         use the asynchronous call",
    )
}
