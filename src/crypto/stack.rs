//! What others leave on the stack: keys, and round keys of ciphers, of which the first are the key.

use std::hint::black_box;

/// More than any of the calls uses, in bytes; what is not optimised uses several times as much.
const DEPTH: usize = if cfg!(debug_assertions) { 64 * 1024 } else { 16 * 1024 };

/// Does the work, then overwrites the stack that it used.
pub(super) fn leaving_no_trace<T>(work: impl FnOnce() -> T) -> T {
    let done = below(work);
    overwrite();
    done
}

/// Not inlined, so that all of it is done below the frame of the caller.
#[inline(never)]
fn below<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn overwrite() {
    black_box(&mut [0_u8; DEPTH]);
}
