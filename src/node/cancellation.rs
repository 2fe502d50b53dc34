//! The native half of an `AbortSignal`.

use std::future::Future;

use napi::bindgen_prelude::ClassInstance;
use napi_derive::napi;
use tokio_util::sync::CancellationToken;

use crate::error::{Code, Error, Result};

/// Ends the calls that it was given to.
#[napi]
#[derive(Default)]
pub struct Cancellation(CancellationToken);

#[napi]
impl Cancellation {
    /// One that has not fired.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends them.
    #[napi]
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

/// The token of a cancellation, or one that never fires.
pub(super) fn token(cancellation: Option<&ClassInstance<Cancellation>>) -> CancellationToken {
    cancellation.map(|cancellation| cancellation.0.clone()).unwrap_or_default()
}

/// The answer, unless the token fires first; the call in flight is dropped then.
pub(super) async fn unless_cancelled<T>(
    token: CancellationToken,
    answer: impl Future<Output = Result<T>>,
) -> Result<T> {
    token
        .run_until_cancelled(answer)
        .await
        .unwrap_or_else(|| Err(Error::new(Code::Aborted, "the operation was aborted")))
}
