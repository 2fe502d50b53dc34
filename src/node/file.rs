//! Files, wholly native: JavaScript only starts them, watches them, and may end them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Result};
use napi_derive::napi;
use tokio_util::sync::CancellationToken;

use super::bytes;
use super::cancellation::unless_cancelled;
use super::context::from_flat;
use super::error::to_napi;
use super::keyring::NativeKeyring;
use crate::context::EncryptionContext;
use crate::error::{self, Code, Error};
use crate::file::{Control, Destination, Lengths, Source, run};
use crate::format::{Header, HeaderLimits};
use crate::keyring::{Keyring, decryption_materials, encryption_materials};
use crate::message::{Decryptor, Encryptor, ReEncryptor, Transform, check_readable};
use crate::suite::DEFAULT_SUITE;

/// A file under way.
#[napi]
#[derive(Default)]
pub struct FileJob(Arc<Job>);

#[derive(Default)]
struct Job {
    control: Control,
    total: AtomicU64,
    token: CancellationToken,
}

#[napi]
impl FileJob {
    /// One that has not begun.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
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
        self.0.token.cancel();
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

/// A key, and what a message must carry to be read with it.
#[derive(Clone)]
struct Reading {
    keyring: Arc<dyn Keyring>,
    expected_context: EncryptionContext,
    limits: HeaderLimits,
}

/// A key, and how a message is written with it.
#[derive(Clone)]
struct Writing {
    keyring: Arc<dyn Keyring>,
    /// None: the context of the message that is read.
    context: Option<EncryptionContext>,
    frame_length: u32,
}

/// Encrypts a file.
#[napi(catch_unwind, ts_return_type = "Promise<FileLengths>")]
pub fn encrypt_file<'env>(
    env: &'env Env,
    job: &FileJob,
    paths: FilePaths,
    keyring: &NativeKeyring,
    context: Vec<String>,
    frame_length: u32,
) -> Result<PromiseRaw<'env, FileLengths>> {
    let context = Some(from_flat(context).map_err(to_napi)?);
    let writing = Writing { keyring: keyring.shared(), context, frame_length };
    start(env, job, paths, None, Some(writing))
}

/// Decrypts a file.
#[napi(catch_unwind, ts_return_type = "Promise<FileLengths>")]
pub fn decrypt_file<'env>(
    env: &'env Env,
    job: &FileJob,
    paths: FilePaths,
    keyring: &NativeKeyring,
    expected_context: Vec<String>,
    max_encrypted_data_keys: Option<u16>,
) -> Result<PromiseRaw<'env, FileLengths>> {
    let reading = reading(keyring, expected_context, max_encrypted_data_keys)?;
    start(env, job, paths, Some(reading), None)
}

/// Re-encrypts a file; without a new context the old one's is kept.
#[napi(catch_unwind, ts_return_type = "Promise<FileLengths>")]
#[allow(clippy::too_many_arguments, reason = "two keys, each with its settings")]
pub fn re_encrypt_file<'env>(
    env: &'env Env,
    job: &FileJob,
    paths: FilePaths,
    keyring: &NativeKeyring,
    expected_context: Vec<String>,
    max_encrypted_data_keys: Option<u16>,
    new_keyring: &NativeKeyring,
    new_context: Option<Vec<String>>,
    frame_length: u32,
) -> Result<PromiseRaw<'env, FileLengths>> {
    let reading = reading(keyring, expected_context, max_encrypted_data_keys)?;
    let context = new_context.map(from_flat).transpose().map_err(to_napi)?;
    let writing = Writing { keyring: new_keyring.shared(), context, frame_length };
    start(env, job, paths, Some(reading), Some(writing))
}

fn reading(
    keyring: &NativeKeyring,
    expected_context: Vec<String>,
    max_encrypted_data_keys: Option<u16>,
) -> Result<Reading> {
    Ok(Reading {
        keyring: keyring.shared(),
        expected_context: from_flat(expected_context).map_err(to_napi)?,
        limits: HeaderLimits { max_encrypted_data_keys },
    })
}

fn start<'env>(
    env: &'env Env,
    job: &FileJob,
    paths: FilePaths,
    reading: Option<Reading>,
    writing: Option<Writing>,
) -> Result<PromiseRaw<'env, FileLengths>> {
    let job = Arc::clone(&job.0);
    env.spawn_future(async move {
        let token = job.token.clone();
        let Prepared { source, destination, header } = {
            let (job, reading) = (Arc::clone(&job), reading.clone());
            blocking(move || prepare(&job, &paths, reading.as_ref())).await.map_err(to_napi)?
        };
        let keys = transform(reading, writing, header.as_ref());
        let (head, transform) = unless_cancelled(token, keys).await.map_err(to_napi)?;
        let lengths =
            blocking(move || run(source, destination, &head, transform, &job.control)).await;
        let Lengths { read, written } = lengths.map_err(to_napi)?;
        Ok(FileLengths { read: signed(read), written: signed(written) })
    })
}

struct Prepared {
    source: Source,
    destination: Destination,
    header: Option<Header>,
}

/// All that can go wrong with the paths and the header does so before a key is asked for.
fn prepare(job: &Job, paths: &FilePaths, reading: Option<&Reading>) -> error::Result<Prepared> {
    let mut source = Source::open(&paths.source)?;
    job.total.store(source.length(), Ordering::Relaxed);
    let destination = Destination::create(&paths.destination, paths.overwrite, &source)?;
    let header = reading.map(|reading| -> error::Result<Header> {
        let header = source.read_header(reading.limits)?;
        check_readable(&header)?;
        header.context.require(&reading.expected_context)?;
        Ok(header)
    });
    Ok(Prepared { header: header.transpose()?, source, destination })
}

/// What stands before the output, and what makes the rest of it.
async fn transform(
    reading: Option<Reading>,
    writing: Option<Writing>,
    header: Option<&Header>,
) -> error::Result<(Vec<u8>, Box<dyn Transform>)> {
    let decryptor = match (&reading, header) {
        (Some(reading), Some(header)) => {
            let materials = decryption_materials(reading.keyring.as_ref(), header).await?;
            Some(Decryptor::new(header, &materials)?)
        }
        _ => None,
    };
    let Some(writing) = writing else {
        let decryptor = decryptor.ok_or_else(|| Error::invalid("there is nothing to do"))?;
        return Ok((Vec::new(), Box::new(decryptor)));
    };
    let old_context = || header.map(|header| header.context.clone());
    let context = writing.context.or_else(old_context).unwrap_or_default();
    let materials = encryption_materials(writing.keyring.as_ref(), DEFAULT_SUITE, context).await?;
    let encryptor = Encryptor::new(&materials, writing.frame_length)?;
    let head = encryptor.header().to_vec();
    Ok(match decryptor {
        Some(decryptor) => (head, Box::new(ReEncryptor::new(decryptor, encryptor))),
        None => (head, Box::new(encryptor)),
    })
}

/// Work that waits for a disk, on a thread where waiting harms nobody.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> error::Result<T> + Send + 'static,
) -> error::Result<T> {
    let failed = |_| Error::new(Code::Internal, "a thread that worked on a file has failed");
    tokio::task::spawn_blocking(work).await.map_err(failed)?
}

fn signed(value: u64) -> i64 {
    bytes::length(usize::try_from(value).unwrap_or(usize::MAX))
}
