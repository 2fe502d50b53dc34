//! The caller's storage of branch keys: functions in JavaScript.

use std::sync::Arc;

use napi::bindgen_prelude::Function;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Result, Status};
use napi_derive::napi;
use tokio::sync::oneshot::{Sender, channel};

use super::branch_key_items::{NativePut, to_item, to_put};
use super::bytes::Uint8ArraySlice;
use super::caller::current_id;
use super::error::thrown_by_caller;
use crate::branch_keys::{Answer, Item, Put, Storage};
use crate::error::{self, Code, Error};

type Ask = ThreadsafeFunction<NativeStorageRequest, (), NativeStorageRequest, Status, false, true>;

/// The caller's functions, as a storage.
pub(super) struct Functions(Arc<Ask>);

/// What one of the functions is asked; answered at most once.
#[napi(js_name = "StorageRequest")]
pub struct NativeStorageRequest {
    caller_id: u32,
    operation: &'static str,
    branch_key_id: String,
    types: Vec<String>,
    consistently: bool,
    puts: Vec<Put>,
    reply: Reply,
    answer: Option<Sender<error::Result<Reply>>>,
}

/// What a function answers, as far as its operation has it.
#[derive(Default)]
struct Reply {
    items: Vec<Item>,
    written: bool,
    ids: Vec<String>,
}

impl Functions {
    pub(super) fn new(ask: &Function<'_, NativeStorageRequest, ()>) -> Result<Self> {
        Ok(Self(Arc::new(ask.build_threadsafe_function().weak::<true>().build()?)))
    }

    async fn ask(&self, mut request: NativeStorageRequest) -> error::Result<Reply> {
        let (answer, waiting) = channel();
        request.answer = Some(answer);
        self.0.call(request, ThreadsafeFunctionCallMode::NonBlocking);
        waiting.await.unwrap_or_else(|_| Err(no_answer()))
    }
}

#[napi]
impl NativeStorageRequest {
    /// On whose behalf it is asked: the id of a `Caller`.
    #[napi(getter)]
    pub fn caller_id(&self) -> u32 {
        self.caller_id
    }

    /// Which function.
    #[napi(getter)]
    pub fn operation(&self) -> String {
        self.operation.to_owned()
    }

    /// The id of the branch key, if it is about one.
    #[napi(getter)]
    pub fn branch_key_id(&self) -> String {
        self.branch_key_id.clone()
    }

    /// The types of the items to get or delete.
    #[napi(getter)]
    pub fn types(&self) -> Vec<String> {
        self.types.clone()
    }

    /// Whether an item that was written just now must be seen.
    #[napi(getter)]
    pub fn consistently(&self) -> bool {
        self.consistently
    }

    /// What to write.
    #[napi]
    pub fn take_puts(&mut self) -> Vec<NativePut> {
        std::mem::take(&mut self.puts).into_iter().map(to_put).collect()
    }

    /// Adds an item to the answer.
    #[napi(catch_unwind)]
    pub fn add_item(
        &mut self,
        branch_key_id: String,
        item_type: String,
        enc: Uint8ArraySlice<'_>,
        attributes: Vec<String>,
    ) {
        self.reply.items.push(to_item(branch_key_id, item_type, enc.to_vec(), attributes));
    }

    /// Answers with the items that were added.
    #[napi]
    pub fn done(&mut self) {
        let reply = std::mem::take(&mut self.reply);
        self.answer_with(reply);
    }

    /// Answers whether all was written.
    #[napi]
    pub fn written(&mut self, written: bool) {
        self.answer_with(Reply { written, ..Reply::default() });
    }

    /// Answers with the ids of branch keys.
    #[napi]
    pub fn listed(&mut self, ids: Vec<String>) {
        self.answer_with(Reply { ids, ..Reply::default() });
    }

    /// Answers that it failed.
    #[napi]
    pub fn failed(&mut self, message: String, cause: Option<String>, retryable: bool) {
        let error = thrown_by_caller(Error::new(Code::KeyStoreFailed, message), cause, retryable);
        if let Some(answer) = self.answer.take() {
            let _ = answer.send(Err(error));
        }
    }

    fn answer_with(&mut self, reply: Reply) {
        if let Some(answer) = self.answer.take() {
            // Who asked may have gone meanwhile.
            let _ = answer.send(Ok(reply));
        }
    }
}

impl Storage for Functions {
    fn get<'a>(
        &'a self,
        branch_key_id: &'a str,
        kind: &'a str,
        consistently: bool,
    ) -> Answer<'a, Option<Item>> {
        Box::pin(async move {
            let types = vec![kind.to_owned()];
            let request = NativeStorageRequest { types, consistently, ..of("get", branch_key_id) };
            Ok(self.ask(request).await?.items.pop())
        })
    }

    fn write<'a>(&'a self, puts: &'a [Put]) -> Answer<'a, bool> {
        Box::pin(async move {
            let request = NativeStorageRequest { puts: puts.to_vec(), ..of("write", "") };
            Ok(self.ask(request).await?.written)
        })
    }

    fn items<'a>(&'a self, branch_key_id: &'a str) -> Answer<'a, Vec<Item>> {
        Box::pin(async move { Ok(self.ask(of("items", branch_key_id)).await?.items) })
    }

    fn delete<'a>(&'a self, branch_key_id: &'a str, kinds: &'a [String]) -> Answer<'a, ()> {
        Box::pin(async move {
            if kinds.is_empty() {
                return Ok(());
            }
            let types = kinds.to_vec();
            self.ask(NativeStorageRequest { types, ..of("delete", branch_key_id) }).await.map(drop)
        })
    }

    fn list(&self) -> Answer<'_, Vec<String>> {
        Box::pin(async { Ok(self.ask(of("list", "")).await?.ids) })
    }

    fn create_table(&self) -> Answer<'_, ()> {
        Box::pin(async { self.ask(of("createTable", "")).await.map(drop) })
    }
}

/// A request of one function about one branch key.
fn of(operation: &'static str, branch_key_id: &str) -> NativeStorageRequest {
    NativeStorageRequest {
        caller_id: current_id(),
        operation,
        branch_key_id: branch_key_id.to_owned(),
        types: Vec::new(),
        consistently: false,
        puts: Vec::new(),
        reply: Reply::default(),
        answer: None,
    }
}

/// The thread of the functions has ended.
fn no_answer() -> Error {
    Error::new(Code::KeyStoreFailed, "the functions of the storage cannot be called any more")
}
