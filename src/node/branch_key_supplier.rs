//! The caller's function that tells the branch key of a message.

use std::sync::Arc;

use napi::bindgen_prelude::Function;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Result, Status};
use napi_derive::napi;
use tokio::sync::oneshot::{Sender, channel};

use super::caller::current_id;
use super::context::to_pairs;
use super::error::thrown_by_caller;
use crate::context::EncryptionContext;
use crate::error::{self, Code, Error};
use crate::keyring::Answer;
use crate::keyring::hierarchical::BranchKeyIdSupplier;

type Ask = ThreadsafeFunction<NativeIdRequest, (), NativeIdRequest, Status, false, true>;

/// The caller's function that tells which branch key.
pub(super) struct Supplier(Arc<Ask>);

impl Supplier {
    pub(super) fn new(ask: &Function<'_, NativeIdRequest, ()>) -> Result<Self> {
        Ok(Self(Arc::new(ask.build_threadsafe_function().weak::<true>().build()?)))
    }
}

/// What that function is asked; answered at most once.
#[napi(js_name = "BranchKeyIdRequest")]
pub struct NativeIdRequest {
    caller_id: u32,
    context: EncryptionContext,
    answer: Option<Sender<error::Result<String>>>,
}

#[napi]
impl NativeIdRequest {
    /// On whose behalf it is asked: the id of a `Caller`.
    #[napi(getter)]
    pub fn caller_id(&self) -> u32 {
        self.caller_id
    }

    /// The encryption context, as pairs.
    #[napi(getter)]
    pub fn context(&self) -> Vec<Vec<String>> {
        to_pairs(&self.context)
    }

    /// Answers with the id.
    #[napi]
    pub fn supplied(&mut self, branch_key_id: String) {
        if let Some(answer) = self.answer.take() {
            // Who asked may have gone meanwhile.
            let _ = answer.send(Ok(branch_key_id));
        }
    }

    /// Answers that it failed.
    #[napi]
    pub fn failed(&mut self, message: String, cause: Option<String>, retryable: bool) {
        let error = thrown_by_caller(Error::new(Code::KeyringFailed, message), cause, retryable);
        if let Some(answer) = self.answer.take() {
            let _ = answer.send(Err(error));
        }
    }
}

impl BranchKeyIdSupplier for Supplier {
    fn branch_key_id<'a>(&'a self, context: &'a EncryptionContext) -> Answer<'a, String> {
        let (answer, waiting) = channel();
        let request = NativeIdRequest {
            caller_id: current_id(),
            context: context.clone(),
            answer: Some(answer),
        };
        self.0.call(request, ThreadsafeFunctionCallMode::NonBlocking);
        Box::pin(async { waiting.await.unwrap_or_else(|_| Err(no_answer())) })
    }
}

/// The thread of the function has ended.
fn no_answer() -> Error {
    Error::new(Code::KeyringFailed, "branchKeyIdOf cannot be called any more")
}
