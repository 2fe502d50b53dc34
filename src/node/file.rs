//! Files, wholly native: JavaScript only starts them, watches them, and may end them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Result};
use napi_derive::napi;
use tokio::sync::oneshot::channel;

use super::bytes;
use super::caller::{Asking, Caller, on_behalf};
use super::client::NativeClient;
use super::context::from_flat;
use super::ending;
use super::error::to_napi;
use super::runtime::spawn;
use crate::client::{AcceptedHeader, Client};
use crate::context::EncryptionContext;
use crate::error::{self, Code, Error};
use crate::file::{Control, Destination, Lengths, Source, run};
use crate::message::{ReEncryptor, Transform, plaintext_length_at_most};
use crate::threads;

/// A file under way.
#[napi]
pub struct FileJob(Arc<Job>);

#[derive(Default)]
struct Job {
    control: Control,
    total: AtomicU64,
    caller: Asking,
}

#[napi]
impl FileJob {
    /// One that has not begun.
    #[napi(constructor)]
    pub fn new(caller: &Caller) -> Self {
        ending::prepare();
        Self(Arc::new(Job { caller: caller.asking(), ..Job::default() }))
    }

    /// How much of the source has been read, in bytes.
    #[napi(getter)]
    pub fn bytes_done(&self) -> i64 {
        signed(self.0.control.progress.load(Ordering::Relaxed))
    }

    /// The length of the source, in bytes.
    #[napi(getter)]
    pub fn bytes_total(&self) -> i64 {
        signed(self.0.total.load(Ordering::Relaxed))
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

/// What a message is read with.
#[derive(Clone)]
struct Reading {
    client: Arc<Client>,
    context: EncryptionContext,
}

/// What a message is written with.
#[derive(Clone)]
struct Writing {
    client: Arc<Client>,
    /// None: the context of the message that is read.
    context: Option<EncryptionContext>,
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
    start(env, job, paths, None, Some(writing(client, Some(context))?))
}

/// Decrypts a file.
#[napi(catch_unwind, ts_return_type = "Promise<FileLengths>")]
pub fn decrypt_file<'env>(
    env: &'env Env,
    job: &FileJob,
    paths: FilePaths,
    client: &NativeClient,
    context: Vec<String>,
) -> Result<PromiseRaw<'env, FileLengths>> {
    start(env, job, paths, Some(reading(client, context)?), None)
}

/// Re-encrypts a file; without a new context the old one's is kept.
#[napi(catch_unwind, ts_return_type = "Promise<FileLengths>")]
pub fn re_encrypt_file<'env>(
    env: &'env Env,
    job: &FileJob,
    paths: FilePaths,
    client: &NativeClient,
    context: Vec<String>,
    new_client: &NativeClient,
    new_context: Option<Vec<String>>,
) -> Result<PromiseRaw<'env, FileLengths>> {
    let (reading, writing) = (reading(client, context)?, writing(new_client, new_context)?);
    start(env, job, paths, Some(reading), Some(writing))
}

fn reading(client: &NativeClient, context: Vec<String>) -> Result<Reading> {
    Ok(Reading { client: client.shared(), context: from_flat(context).map_err(to_napi)? })
}

fn writing(client: &NativeClient, context: Option<Vec<String>>) -> Result<Writing> {
    let context = context.map(from_flat).transpose().map_err(to_napi)?;
    Ok(Writing { client: client.shared(), context })
}

fn start<'env>(
    env: &'env Env,
    job: &FileJob,
    paths: FilePaths,
    reading: Option<Reading>,
    writing: Option<Writing>,
) -> Result<PromiseRaw<'env, FileLengths>> {
    let job = Arc::clone(&job.0);
    spawn(env, async move {
        let caller = job.caller.clone();
        let Prepared { source, destination, header } = {
            let (job, reading) = (Arc::clone(&job), reading.clone());
            blocking(move || prepare(&job, &paths, reading.as_ref())).await.map_err(to_napi)?
        };
        let keys = transform(reading, writing, source.length(), header.as_ref());
        let (head, transform) = on_behalf(caller, keys).await.map_err(to_napi)?;
        let lengths =
            blocking(move || run(source, destination, &head, transform, &job.control)).await;
        let Lengths { read, written } = lengths.map_err(to_napi)?;
        Ok(FileLengths { read: signed(read), written: signed(written) })
    })
}

struct Prepared {
    source: Source,
    destination: Destination,
    header: Option<AcceptedHeader>,
}

/// All that can go wrong with the paths and the header does so before a key is asked for.
fn prepare(job: &Job, paths: &FilePaths, reading: Option<&Reading>) -> error::Result<Prepared> {
    let mut source = Source::open(&paths.source)?;
    job.total.store(source.length(), Ordering::Relaxed);
    let destination = Destination::create(&paths.destination, paths.overwrite, Some(&source))?;
    let header = reading.map(|Reading { client, context }| {
        let header = source.read_header(client.header_limits())?;
        let length = usize::try_from(source.length()).unwrap_or(usize::MAX);
        let body_length = length.saturating_sub(header.length);
        // Of a signed message it is more than there is: the decryptor counts then.
        if !header.suite.signed() {
            let plaintext_length = plaintext_length_at_most(&header, body_length);
            client.check_plaintext_length(plaintext_length as u64)?;
        }
        client.accept(header, context)
    });
    Ok(Prepared { header: header.transpose()?, source, destination })
}

/// What stands before the output, and what makes the rest of it.
async fn transform(
    reading: Option<Reading>,
    writing: Option<Writing>,
    source_length: u64,
    header: Option<&AcceptedHeader>,
) -> error::Result<(Vec<u8>, Box<dyn Transform>)> {
    let decryptor = match (&reading, header) {
        (Some(reading), Some(header)) => Some(reading.client.decryptor(header).await?),
        _ => None,
    };
    let Some(Writing { client, context }) = writing else {
        let decryptor = decryptor.ok_or_else(|| Error::invalid("there is nothing to do"))?;
        return Ok((Vec::new(), Box::new(decryptor)));
    };
    let old_context = || header.map(|header| header.context().without_reserved());
    let context = context.or_else(old_context).unwrap_or_default();
    let plaintext_length = decryptor.is_none().then_some(source_length);
    let encryptor = client.encryptor(context, plaintext_length).await?;
    let head = encryptor.header().to_vec();
    Ok(match decryptor {
        Some(decryptor) => (head, Box::new(ReEncryptor::new(decryptor, encryptor))),
        None => (head, Box::new(encryptor)),
    })
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

fn signed(value: u64) -> i64 {
    bytes::length(usize::try_from(value).unwrap_or(usize::MAX))
}
