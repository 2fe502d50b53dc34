//! The threads that asynchronous calls run on: started when the first call needs them.
//!
//! Each has a scheduler and the network events of its own, so that it can be started, or fail to be,
//! alone; a task stays on the thread that it was given to.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, available_parallelism};
use std::time::Duration;

use futures_util::FutureExt;
use napi::bindgen_prelude::{JsValue, PromiseRaw, ToNapiValue};
use napi::{Env, Result};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::error::to_napi;
use crate::error::{Code, Error};
use crate::threads;

/// They mostly wait for the network, and make some thousand calls of KMS a second each.
const MOST_THREADS: usize = 4;
/// More than the descriptors that one scheduler opens, and all share.
#[cfg(unix)]
const DESCRIPTOR_PAIRS: usize = 6;
/// How long the end of the last environment waits for the threads.
const JOIN_TIMEOUT: Duration = Duration::from_millis(100);

static POOL: Mutex<Pool> = Mutex::new(Pool { threads: None, environments: 0 });

thread_local! {
    /// Whether the environment of this thread counts as one that uses the pool.
    static COUNTED: Cell<bool> = const { Cell::new(false) };
}

/// What all environments of the process share.
struct Pool {
    threads: Option<Threads>,
    /// How many environments have used it and have not ended.
    environments: usize,
}

struct Threads {
    running: Vec<Running>,
    /// Closed when all threads have ended.
    ended: Receiver<()>,
}

struct Running {
    handle: Handle,
    /// How many futures run on it.
    in_flight: Arc<AtomicUsize>,
    /// Its drop ends the thread.
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

/// Counts one future of a thread, until it is dropped.
struct InFlight(Arc<AtomicUsize>);

/// Runs a future on one of the threads; a promise for what it gives.
///
/// # Errors
/// `System` where no thread can be started.
pub(super) fn spawn<'env, T, F>(env: &'env Env, future: F) -> Result<PromiseRaw<'env, T>>
where
    T: ToNapiValue + Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let (handle, in_flight) = next_thread(env)?;
    let (deferred, promise) = env.create_deferred()?;
    handle.spawn(async move {
        let outcome = AssertUnwindSafe(future).catch_unwind().await;
        // Before the answer, with which JavaScript may begin the next call at once.
        drop(in_flight);
        match outcome {
            Ok(Ok(value)) => deferred.resolve(move |_| Ok(value)),
            Ok(Err(error)) => deferred.reject(error),
            Err(_) => deferred.reject(to_napi(panicked())),
        }
    });
    Ok(PromiseRaw::new(env.raw(), promise.raw()))
}

/// Returns the thread that has the fewest futures, the first of them, and counts another one there. Calls that
/// follow each other so stay on the thread that owns their connection.
fn next_thread(env: &Env) -> Result<(Handle, InFlight)> {
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    if !COUNTED.get() {
        env.add_env_cleanup_hook((), |()| leave())?;
        COUNTED.set(true);
        pool.environments += 1;
    }
    let threads = match &mut pool.threads {
        Some(threads) => threads,
        none => {
            let started = start().map_err(|error| to_napi(threads::unavailable(&error)))?;
            none.insert(started)
        }
    };
    let Running { handle, in_flight, .. } = threads.least_busy();
    Ok((handle.clone(), InFlight::new(in_flight)))
}

impl Threads {
    fn least_busy(&self) -> &Running {
        let less = |least: usize, next: usize| {
            if self.running[next].load() < self.running[least].load() { next } else { least }
        };
        &self.running[(1..self.running.len()).fold(0, less)]
    }
}

impl Running {
    fn load(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }
}

impl InFlight {
    fn new(counter: &Arc<AtomicUsize>) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(counter))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// As many threads as this process may use cores, or as can be had.
fn start() -> io::Result<Threads> {
    check_descriptors()?;
    let wanted = available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let (alive, ended) = channel();
    let mut running = vec![start_one(alive.clone())?];
    while running.len() < wanted {
        let Ok(another) = start_one(alive.clone()) else { break };
        running.push(another);
    }
    Ok(Threads { running, ended })
}

fn start_one(alive: Sender<()>) -> io::Result<Running> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .thread_name("kms-envelope-blocking")
        .thread_stack_size(threads::STACK_SIZE)
        .build()?;
    let handle = runtime.handle().clone();
    let (stop, stopped) = oneshot::channel::<()>();
    let thread = threads::builder("kms-envelope-async").spawn(move || {
        let _ = runtime.block_on(stopped);
        drop(runtime);
        drop(alive);
    })?;
    Ok(Running { handle, in_flight: Arc::default(), stop, thread })
}

/// Fails where a scheduler would: some of what it opens, it opens without regard to errors.
fn check_descriptors() -> io::Result<()> {
    #[cfg(unix)]
    (0..DESCRIPTOR_PAIRS)
        .map(|_| std::os::unix::net::UnixStream::pair())
        .collect::<io::Result<Vec<_>>>()?;
    Ok(())
}

/// An environment ends; with the last one, so do the threads.
fn leave() {
    COUNTED.set(false);
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    pool.environments -= 1;
    let threads = if pool.environments == 0 { pool.threads.take() } else { None };
    drop(pool);
    if let Some(Threads { running, ended, .. }) = threads {
        stop(running, &ended);
    }
}

fn stop(running: Vec<Running>, ended: &Receiver<()>) {
    let threads: Vec<_> = running
        .into_iter()
        .map(|Running { stop, thread, .. }| {
            drop(stop);
            thread
        })
        .collect();
    // Nobody sends: it waits until all have ended, or no longer.
    let all_ended = ended.recv_timeout(JOIN_TIMEOUT) == Err(RecvTimeoutError::Disconnected);
    for thread in threads {
        if all_ended {
            let _ = thread.join();
        } else {
            // To detach a thread just as it ends crashes with some versions of glibc.
            std::mem::forget(thread);
        }
    }
}

/// A fault of ours: what waits for services and their threads has errors of its own when it panics.
fn panicked() -> Error {
    Error::new(Code::Internal, "the addon failed unexpectedly; please report this")
}
