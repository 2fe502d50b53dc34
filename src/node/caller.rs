//! Who asks: the native half of an `AbortSignal`, and who watches the calls of key services.

use std::future::Future;
use std::sync::Arc;

use napi::bindgen_prelude::{ClassInstance, Either, Function, PromiseRaw, ToNapiValue};
use napi::{Env, Result as NapiResult};
use napi_derive::napi;
use tokio_util::sync::CancellationToken;

use super::error::to_napi;
use super::runtime::spawn;
use super::watcher::{NativeCallEvent, Watcher};
use crate::error::{Code, Error, Result};
use crate::keyring::Answer;
use crate::keyring::guard::{Observer, observed, unless_it_panics};

/// Who asks for some operations: can end them, and watch them.
#[napi]
pub struct Caller(CallContext);

/// Who asks: for operations that nobody ends or watches, the id is enough, and costs less than an object.
#[napi]
pub type CallerOrId<'a> = Either<u32, ClassInstance<'a, Caller>>;

tokio::task_local! {
    static ID: u32;
}

/// On whose behalf an operation on another thread works, how that one ends it, and who watches it.
#[derive(Clone, Default)]
pub(super) struct CallContext {
    id: u32,
    ended: CancellationToken,
    watcher: Option<Arc<dyn Observer>>,
}

#[napi]
impl Caller {
    /// One that has not ended anything, and watches nothing; `id` is JavaScript's name for it.
    #[napi(constructor)]
    pub fn new(id: u32) -> Self {
        Self(CallContext { id, ..CallContext::default() })
    }

    /// JavaScript's name for it.
    #[napi(getter)]
    pub fn id(&self) -> u32 {
        self.0.id
    }

    /// Ends the operations.
    #[napi]
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Tells a function of each call of a key service, when it begins and when it ends.
    #[napi(catch_unwind)]
    pub fn watch(&mut self, tell: Function<'_, NativeCallEvent, ()>) -> NapiResult<()> {
        self.0.watcher = Some(Arc::new(Watcher::new(&tell)?));
        Ok(())
    }
}

impl CallContext {
    pub(super) fn cancel(&self) {
        self.ended.cancel();
    }
}

/// On whose behalf the running task works; 0 where nobody said so.
pub(super) fn current_id() -> u32 {
    ID.try_with(|id| *id).unwrap_or_default()
}

/// Returns the context of the caller; without a caller, one that never cancels.
pub(super) fn context_of(caller: Option<&CallerOrId<'_>>) -> CallContext {
    match caller {
        Some(Either::A(id)) => CallContext { id: *id, ..CallContext::default() },
        Some(Either::B(caller)) => caller.0.clone(),
        None => CallContext::default(),
    }
}

/// Runs the work of a call on one of the threads, on behalf of its caller; a promise for what it gives.
///
/// # Errors
/// `System` where no thread can be started.
pub(super) fn spawn_for<'env, T: ToNapiValue + Send + 'static>(
    env: &'env Env,
    caller: Option<&CallerOrId<'_>>,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> NapiResult<PromiseRaw<'env, T>> {
    let (caller, work) = (context_of(caller), Box::pin(work));
    spawn(env, async move { on_behalf(caller, work).await.map_err(to_napi) })
}

/// Returns the answer, unless the caller cancels first: then the call in flight is dropped.
///
/// The answer is boxed, as each layer around a future has room for it twice.
pub(super) async fn on_behalf<T>(caller: CallContext, answer: Answer<'_, T>) -> Result<T> {
    let CallContext { id, ended, watcher } = caller;
    let answer = unless_it_panics("the operation", answer);
    let answer = ID.scope(id, observed(watcher, ended.run_until_cancelled(answer))).await;
    match answer {
        // Functions of the caller's that are given up may fail for want of an answer.
        None | Some(Err(_)) if ended.is_cancelled() => {
            Err(Error::new(Code::Aborted, "the operation was aborted"))
        }
        Some(answer) => answer,
        None => Err(Error::new(Code::Internal, "the operation ended without an answer")),
    }
}
