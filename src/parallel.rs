//! Work on several cores at once, for the time of one call.

use std::sync::{Mutex, PoisonError};

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

/// Does the work on each of `count` large parts, here and on the cores that are free, and waits for
/// all; the error of the first part that failed, in the parts' order.
pub(crate) fn try_each_part<T, E: Send>(
    count: usize,
    parts: impl Iterator<Item = T> + Send,
    work: impl Fn(T) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let queue = Mutex::new((parts.enumerate(), None::<(usize, E)>));
    // Parts are taken in order, so that all before one that failed have been taken, too.
    let take = || {
        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.1.is_some() { None } else { queue.0.next() }
    };
    let work_on = || {
        while let Some((i, part)) = take() {
            let Err(error) = work(part) else { continue };
            let failed = &mut queue.lock().unwrap_or_else(PoisonError::into_inner).1;
            if failed.as_ref().is_none_or(|&(first, _)| i < first) {
                *failed = Some((i, error));
            }
        }
    };
    let helpers = rayon::current_num_threads().min(count).saturating_sub(1);
    if helpers == 0 {
        work_on();
    } else {
        rayon::in_place_scope(|scope| {
            (0..helpers).for_each(|_| scope.spawn(|_| work_on()));
            work_on();
        });
    }
    let (_, failed) = queue.into_inner().unwrap_or_else(PoisonError::into_inner);
    failed.map_or(Ok(()), |(_, error)| Err(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_worked_on_once() {
        let mut parts = vec![0; 1000];
        try_each_part(1000, parts.iter_mut(), |part| {
            *part += 1;
            Ok::<_, ()>(())
        })
        .unwrap();
        assert_eq!(parts, vec![1; 1000]);
    }

    #[test]
    fn the_first_error_is_told() {
        for _ in 0..100 {
            let failed = try_each_part(100, 0..100, |i| if i >= 10 { Err(i) } else { Ok(()) });
            assert_eq!(failed, Err(10));
        }
    }
}
