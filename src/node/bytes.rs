//! JavaScript's memory as slices, for the time of one synchronous call.
//!
//! The one file of the binding with `unsafe`: Node-API hands out raw pointers.

use napi::bindgen_prelude::Uint8ArraySlice;
use napi_derive::napi;

use super::error::to_napi;
use crate::error::{Error, Result};

/// A part of a JavaScript array: from an index to another.
pub(super) type Range = (i64, i64);

/// The bytes of `input` in this range, and those of `output` from `at` on.
///
/// # Errors
/// `InvalidArgument` if a range is not inside its array, as when the array was detached or resized
/// meanwhile, or if the two overlap.
pub(super) fn pair<'a>(
    input: &'a Uint8ArraySlice<'_>,
    (from, to): Range,
    output: &'a mut Uint8ArraySlice<'_>,
    at: i64,
) -> Result<(&'a [u8], &'a mut [u8])> {
    let source = input.get(index(from)?..index(to)?).ok_or_else(gone)?;
    let source_range = source.as_ptr_range();
    let target_range = output.as_ptr_range();
    if source_range.start < target_range.end && target_range.start < source_range.end {
        return Err(Error::invalid("`into` overlaps the input; give another buffer"));
    }
    Ok((source, writable(output, at)?))
}

/// Each input with the output beside it.
///
/// # Errors
/// `InvalidArgument` if an output overlaps an input or another output, or has no partner.
pub(super) fn pairs<'a>(
    inputs: &'a [Uint8ArraySlice<'_>],
    outputs: &'a mut [Uint8ArraySlice<'_>],
) -> Result<Vec<(&'a [u8], &'a mut [u8])>> {
    let mut written: Vec<_> = outputs.iter().map(|output| output.as_ptr_range()).collect();
    written.retain(|range| !range.is_empty());
    written.sort_by_key(|range| range.start);
    let overlaps = |input: &Uint8ArraySlice<'_>| {
        let read = input.as_ptr_range();
        let after = written.partition_point(|range| range.end <= read.start);
        !read.is_empty() && written.get(after).is_some_and(|range| range.start < read.end)
    };
    if written.is_sorted_by(|a, b| a.end <= b.start)
        && inputs.len() == outputs.len()
        && !inputs.iter().any(overlaps)
    {
        let outputs = outputs.iter_mut().map(|output| writable(output, 0));
        return inputs.iter().zip(outputs).map(|(input, output)| Ok((&**input, output?))).collect();
    }
    Err(Error::invalid("the buffers of a batch overlap"))
}

/// The bytes of `output` from `at` on.
///
/// # Errors
/// `InvalidArgument` if `at` is not inside the array.
pub(super) fn writable<'a>(output: &'a mut Uint8ArraySlice<'_>, at: i64) -> Result<&'a mut [u8]> {
    // SAFETY: the memory lives as long as this call, on the thread that owns the JavaScript heap,
    // and no JavaScript runs meanwhile; `lib/arguments.js` has refused shared memory; and nothing
    // else refers to these bytes, as `pair` and `pairs` refuse what overlaps them.
    #[allow(unsafe_code)]
    let bytes = unsafe { output.as_mut() };
    bytes.get_mut(index(at)?..).ok_or_else(gone)
}

/// Copies `bytes` to the start of `output`; returns their length.
pub(super) fn copy(bytes: &[u8], output: &mut Uint8ArraySlice<'_>) -> Result<i64> {
    let target = writable(output, 0)?.get_mut(..bytes.len());
    target
        .ok_or_else(|| Error::invalid(format!("the output has no room for {} bytes", bytes.len())))?
        .copy_from_slice(bytes);
    Ok(length(bytes.len()))
}

/// Asks for huge pages where a large output will lie: to touch fresh memory page by page, of 4 KiB
/// each, takes several times as long as to encrypt into it.
#[napi]
pub fn prefer_huge_pages(mut output: Uint8ArraySlice<'_>) -> napi::Result<()> {
    let whole = writable(&mut output, 0).map_err(to_napi)?;
    #[cfg(target_os = "linux")]
    {
        let page = region::page::size();
        let lead = whole.as_ptr().align_offset(page).min(whole.len());
        let inside = &mut whole[lead..];
        let length = inside.len() / page * page;
        // SAFETY: whole pages of one buffer; the advice changes neither the mapping nor its content.
        #[allow(unsafe_code)]
        unsafe {
            libc::madvise(inside.as_mut_ptr().cast(), length, libc::MADV_HUGEPAGE);
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = whole;
    Ok(())
}

fn index(value: i64) -> Result<usize> {
    usize::try_from(value).map_err(|_| gone())
}

fn gone() -> Error {
    Error::invalid("a buffer was detached or resized while it was being used")
}

/// A length for JavaScript, whose numbers hold every length that fits a memory.
pub(super) fn length(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}
