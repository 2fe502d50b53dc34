//! Files, wholly native: JavaScript only starts them, watches them, and may end them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Result};
use napi_derive::napi;
use tokio::sync::oneshot::channel;

use super::caller::{CallContext, CallerOrId, context_of, on_behalf};
use super::client::NativeClient;
use super::context::from_flat;
use super::ending;
use super::error::to_napi;
use super::numbers::to_js_number;
use super::runtime::spawn;
use super::start::writer;
use crate::error::{self, Code, Error};
use crate::file::{Control, Destination, Lengths, Source};
use crate::operation::{FileOperation, FileStart, PreparedFile};
use crate::threads;

/// A file under way.
#[napi]
pub struct FileJob(Arc<Job>);

#[derive(Default)]
struct Job {
    control: Control,
    total: AtomicU64,
    caller: CallContext,
}

#[napi]
impl FileJob {
    /// One that has not begun.
    #[napi(constructor)]
    pub fn new(caller: CallerOrId<'_>) -> Self {
        ending::prepare();
        Self(Arc::new(Job { caller: context_of(Some(&caller)), ..Job::default() }))
    }

    /// How much of the source has been read, in bytes.
    #[napi(getter)]
    pub fn bytes_done(&self) -> i64 {
        to_js_number(self.0.control.progress.load(Ordering::Relaxed))
    }

    /// The length of the source, in bytes.
    #[napi(getter)]
    pub fn bytes_total(&self) -> i64 {
        to_js_number(self.0.total.load(Ordering::Relaxed))
    }

    /// Ends it, and leaves nothing behind.
    #[napi]
    pub fn cancel(&self) {
        self.0.control.cancelled.store(true, Ordering::Relaxed);
        self.0.caller.cancel();
    }
}

/// JavaScript keeps the job until it has ended, or until its thread ends, as by `worker.terminate()`.
impl Drop for FileJob {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// From where to where.
#[napi(object)]
pub struct FilePaths {
    /// The file that is read.
    pub source: String,
    /// The file that is written.
    pub destination: String,
    /// Whether an existing one is replaced.
    pub overwrite: bool,
}

/// How much was read and written.
#[napi(object)]
pub struct FileLengths {
    /// The length of the source, in bytes.
    pub read: i64,
    /// The length of the destination, in bytes.
    pub written: i64,
}

/// Encrypts a file.
#[napi(catch_unwind, ts_return_type = "Promise<FileLengths>")]
pub fn encrypt_file<'env>(
    env: &'env Env,
    job: &FileJob,
    paths: FilePaths,
    client: &NativeClient,
    context: Vec<String>,
) -> Result<PromiseRaw<'env, FileLengths>> {
    let operation = writer(client, Some(context)).map(FileOperation::Encrypt);
    start(env, job, paths, operation.map_err(to_napi)?)
}

/// Decrypts a file.
#[napi(catch_unwind, ts_return_type = "Promise<FileLengths>")]
pub fn decrypt_file<'env>(
    env: &'env Env,
    job: &FileJob,
    paths: FilePaths,
    client: &NativeClient,
    expected_context: Vec<String>,
) -> Result<PromiseRaw<'env, FileLengths>> {
    let context = from_flat(expected_context).map_err(to_napi)?;
    start(env, job, paths, FileOperation::Decrypt(client.shared(), context))
}

/// Re-encrypts a file; without a new context the old one's is kept.
#[napi(catch_unwind, ts_return_type = "Promise<FileLengths>")]
pub fn re_encrypt_file<'env>(
    env: &'env Env,
    job: &FileJob,
    paths: FilePaths,
    client: &NativeClient,
    expected_context: Vec<String>,
    new_client: &NativeClient,
    new_context: Option<Vec<String>>,
) -> Result<PromiseRaw<'env, FileLengths>> {
    let context = from_flat(expected_context).map_err(to_napi)?;
    let writer = writer(new_client, new_context).map_err(to_napi)?;
    start(env, job, paths, FileOperation::ReEncrypt(client.shared(), context, writer))
}

fn start<'env>(
    env: &'env Env,
    job: &FileJob,
    paths: FilePaths,
    operation: FileOperation,
) -> Result<PromiseRaw<'env, FileLengths>> {
    let job = Arc::clone(&job.0);
    spawn(env, async move {
        let begun = Arc::clone(&job);
        let lengths = match blocking(move || begin(&begun, &paths, operation)).await {
            Ok(Begun::Ended(lengths)) => Ok(lengths),
            Ok(Begun::Waiting(file)) => finish(job, *file).await,
            Err(error) => Err(error),
        };
        let Lengths { read, written } = lengths.map_err(to_napi)?;
        Ok(FileLengths { read: to_js_number(read), written: to_js_number(written) })
    })
}

/// How far a file comes without a service.
enum Begun {
    /// Its keys were at hand, and it is written.
    Ended(Lengths),
    /// Its keys must be waited for.
    Waiting(Box<PreparedFile>),
}

/// Opens the files; and goes on to the end, if that takes no call of a service: on one thread.
fn begin(job: &Job, paths: &FilePaths, operation: FileOperation) -> error::Result<Begun> {
    let source = Source::open(&paths.source)?;
    job.total.store(source.length(), Ordering::Relaxed);
    let destination = Destination::create(&paths.destination, paths.overwrite, Some(&source))?;
    Ok(match operation.prepare(source, destination)?.start_now()? {
        FileStart::Now(file) => Begun::Ended(file.run(&job.control)?),
        FileStart::Later(file) => Begun::Waiting(Box::new(file)),
    })
}

/// Waits for the keys, and writes the destination.
async fn finish(job: Arc<Job>, file: PreparedFile) -> error::Result<Lengths> {
    let file = on_behalf(job.caller.clone(), Box::pin(file.start())).await?;
    blocking(move || file.run(&job.control)).await
}

/// Work that waits for a disk, on a thread where waiting harms nobody.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> error::Result<T> + Send + 'static,
) -> error::Result<T> {
    let (answer, waiting) = channel();
    let job = move || {
        // Nobody waits for it after the end of its environment.
        let _ = answer.send(work());
    };
    threads::builder("kms-envelope-file").spawn(job).map_err(|e| threads::unavailable(&e))?;
    let failed = |_| Error::new(Code::Internal, "a thread that worked on a file has failed");
    waiting.await.map_err(failed)?
}
