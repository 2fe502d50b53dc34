//! Work on several cores at once, for the time of one call.

use rayon::iter::{IntoParallelIterator, ParallelIterator};

/// Less work than this is done sooner than another core has begun.
const WORTH_ANOTHER: usize = 8;

/// Does the work on all items, on several cores if there are many, and waits for all; the results
/// are in the items' order.
pub(crate) fn in_parallel<T: Send, R: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> R + Sync + Send,
) -> Vec<R> {
    if items.len() < WORTH_ANOTHER {
        return items.into_iter().map(work).collect();
    }
    items.into_par_iter().map(work).collect()
}
