//! Wipes the stack after calls of cipher crates, which leave keys and round keys there. The first round
//! keys of AES are the key itself.

use std::hint::black_box;

/// How much of the stack is overwritten, in bytes: more than any of the calls uses. Code that is not
/// optimised uses several times as much.
const DEPTH: usize = if cfg!(debug_assertions) { 64 * 1024 } else { 16 * 1024 };

/// Does the work, then overwrites the stack that it used.
pub(super) fn leaving_no_trace<T>(work: impl FnOnce() -> T) -> T {
    let result = call_in_own_frame(work);
    overwrite();
    result
}

/// Calls `work` in a stack frame of its own, below the caller's, where `overwrite` reaches it.
#[inline(never)]
fn call_in_own_frame<T>(work: impl FnOnce() -> T) -> T {
    work()
}

#[inline(never)]
fn overwrite() {
    black_box(&mut [0_u8; DEPTH]);
}
