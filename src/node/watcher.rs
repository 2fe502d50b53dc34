//! Calls of key services as events for JavaScript: never with key material.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use napi::bindgen_prelude::Function;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Result, Status};
use napi_derive::napi;

use super::error::to_json;
use super::numbers::to_js_milliseconds;
use crate::keyring::guard::{Call, Observer, OnEnd};

/// A call of a key service that begins, or ends.
#[napi(object, object_from_js = false)]
pub struct NativeCallEvent {
    /// Which of the watched calls.
    pub id: u32,
    /// The name of the operation; only when it begins.
    pub operation: Option<String>,
    /// The name of the key, if it has one.
    pub key_id: Option<String>,
    /// The AWS Region, if there is one.
    pub region: Option<String>,
    /// How it ended.
    pub outcome: Option<NativeOutcome>,
}

/// How a call of a key service ended.
#[napi(object, object_from_js = false)]
pub struct NativeOutcome {
    /// How long it took, in milliseconds.
    pub duration_ms: f64,
    /// How often it was tried.
    pub attempts: u32,
    /// The id by which the service knows it.
    pub request_id: Option<String>,
    /// Why it failed: as JSON, like every error.
    pub error: Option<String>,
    /// Whether nobody waited for it any more.
    pub aborted: bool,
}

/// Weak: events alone keep no process alive.
type Tell = ThreadsafeFunction<NativeCallEvent, (), NativeCallEvent, Status, false, true>;

/// Sends the calls of key services to a function of JavaScript.
pub(super) struct Watcher {
    tell: Arc<Tell>,
    next_id: AtomicU32,
}

impl Watcher {
    pub(super) fn new(tell: &Function<'_, NativeCallEvent, ()>) -> Result<Self> {
        let tell = Arc::new(tell.build_threadsafe_function().weak::<true>().build()?);
        Ok(Self { tell, next_id: AtomicU32::default() })
    }
}

impl Observer for Watcher {
    fn started(&self, call: &Call) -> OnEnd {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let mode = ThreadsafeFunctionCallMode::NonBlocking;
        let begins = NativeCallEvent {
            id,
            operation: Some(call.operation.to_owned()),
            key_id: call.key_id.clone(),
            region: call.region.clone(),
            outcome: None,
        };
        self.tell.call(begins, mode);
        let tell = Arc::clone(&self.tell);
        Box::new(move |outcome| {
            let outcome = NativeOutcome {
                duration_ms: to_js_milliseconds(outcome.duration),
                attempts: outcome.attempts,
                request_id: outcome.request_id.map(str::to_owned),
                error: outcome.error.map(|error| to_json(error).to_string()),
                aborted: outcome.aborted,
            };
            let outcome = Some(outcome);
            tell.call(
                NativeCallEvent { id, operation: None, key_id: None, region: None, outcome },
                mode,
            );
        })
    }
}
