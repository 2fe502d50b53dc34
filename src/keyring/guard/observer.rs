//! Events of calls of a key service, for whoever watches; without key material.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::call::{Call, CallLog};
use crate::error::Error;

/// Receives how a call ended.
pub type OnEnd = Box<dyn FnOnce(Outcome<'_>) + Send>;

/// Receives each call that is made by a future under [`observed`].
pub trait Observer: Send + Sync {
    /// Called when a call begins; returns what is called when it ends.
    fn started(&self, call: &Call) -> OnEnd;
}

/// How a call ended.
#[derive(Debug, Clone, Copy)]
pub struct Outcome<'a> {
    /// How long it took, with its retries.
    pub duration: Duration,
    /// How often it was tried.
    pub attempts: u32,
    /// The id by which the service knows it.
    pub request_id: Option<&'a str>,
    /// Why it failed.
    pub error: Option<&'a Error>,
    /// Whether it was dropped before it ended, as nobody waited for it any more.
    pub aborted: bool,
}

tokio::task_local! {
    static OBSERVER: Arc<dyn Observer>;
}

/// Runs a future; the observer, if there is one, receives the calls that it makes.
pub async fn observed<T>(
    observer: Option<Arc<dyn Observer>>,
    future: impl Future<Output = T>,
) -> T {
    match observer {
        Some(observer) => OBSERVER.scope(observer, future).await,
        None => future.await,
    }
}

/// A call that has begun.
pub(super) struct Event {
    started: Instant,
    tell: Option<OnEnd>,
}

pub(super) fn started(call: &Call) -> Event {
    let tell = OBSERVER.try_with(|observer| observer.started(call)).ok();
    Event { started: Instant::now(), tell }
}

impl Event {
    pub(super) fn finished(mut self, log: &CallLog, error: Option<&Error>) {
        if let Some(tell) = self.tell.take() {
            tell(Outcome {
                duration: self.started.elapsed(),
                attempts: log.attempts(),
                request_id: log.request_id().or_else(|| error.and_then(Error::request_id)),
                error,
                aborted: false,
            });
        }
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        if let Some(tell) = self.tell.take() {
            tell(Outcome {
                duration: self.started.elapsed(),
                attempts: 0,
                request_id: None,
                error: None,
                aborted: true,
            });
        }
    }
}
