//! Work on several cores at once, for the time of one call.
//!
//! Only one thread shares its work: the one that called `share_cores` first. It takes back the parts that
//! no other core has begun, so that it never waits for a busy machine. Every other thread works alone.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;

use rayon::iter::{IndexedParallelIterator, IntoParallelIterator, ParallelIterator};

use crate::threads;

/// With fewer items than this, the thread is done before another core has begun.
const WORTH_ANOTHER: usize = 8;

/// Whether the threads that were to help could not all be started; then none does.
static NO_HELP: AtomicBool = AtomicBool::new(false);

/// Makes the calling thread the one whose work the other cores share, unless another thread is already.
///
/// Starts one thread for each other core that this process may use, whatever `RAYON_NUM_THREADS` says.
#[cfg_attr(any(test, not(feature = "node")), allow(dead_code, reason = "only a program knows"))]
pub(crate) fn share_cores() {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(available_parallelism().map_or(1, usize::from))
        .stack_size(threads::STACK_SIZE)
        .use_current_thread()
        .build_global();
    // Another error says that there is a pool already: this thread's, or another's.
    if pool.is_err_and(|error| error.source().is_some()) {
        NO_HELP.store(true, Ordering::Relaxed);
    }
}

/// Does the work on all items; the results are in the items' order.
pub(crate) fn in_parallel<T: Send, R: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> R + Sync + Send,
) -> Vec<R> {
    if items.len() < WORTH_ANOTHER || !shares_cores() {
        return items.into_iter().map(work).collect();
    }
    items.into_par_iter().map(work).collect()
}

/// Does the work on each of some large parts; the error of the first that failed, in their order.
pub(crate) fn try_each<T: Send, E: Send>(
    parts: Vec<T>,
    work: impl Fn(T) -> Result<(), E> + Sync + Send,
) -> Result<(), E> {
    if parts.len() < 2 || !shares_cores() {
        return parts.into_iter().try_for_each(work);
    }
    let done: Vec<_> = parts.into_par_iter().with_max_len(1).map(work).collect();
    done.into_iter().collect()
}

/// Whether this thread shares its work. Rayon counts it as a member of the pool even if the pool could
/// not be started, so that `NO_HELP` must be looked at, too.
fn shares_cores() -> bool {
    rayon::current_thread_index().is_some() && !NO_HELP.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As in the thread that shares its work, and in any other.
    fn both_ways(test: impl Fn() + Send + Sync) {
        test();
        rayon::ThreadPoolBuilder::new().num_threads(4).build().unwrap().install(test);
    }

    #[test]
    fn every_part_is_worked_on_once() {
        both_ways(|| {
            let mut parts = vec![0; 1000];
            try_each(parts.iter_mut().collect(), |part| {
                *part += 1;
                Ok::<_, ()>(())
            })
            .unwrap();
            assert_eq!(parts, vec![1; 1000]);
        });
    }

    #[test]
    fn the_first_error_is_told() {
        both_ways(|| {
            for _ in 0..100 {
                let failed = try_each((0..100).collect(), |i| if i < 10 { Ok(()) } else { Err(i) });
                assert_eq!(failed, Err(10));
            }
        });
    }

    #[test]
    fn results_are_in_order() {
        both_ways(|| {
            let doubled: Vec<_> = (0..1000).map(|i| 2 * i).collect();
            assert_eq!(in_parallel((0..1000).collect(), |i| 2 * i), doubled);
        });
    }
}
