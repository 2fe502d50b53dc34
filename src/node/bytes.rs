//! JavaScript's memory as slices, for the time of one synchronous call.
//!
//! The only file of the binding that touches JavaScript's memory, which Node-API hands out as raw
//! pointers.

use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr;

use napi::bindgen_prelude::{FromNapiValue, TypeName, TypedArrayType, ValidateNapiValue};
use napi::{ValueType, sys};
use napi_derive::napi;

use super::error::to_napi;
use super::numbers::to_js_length;
use crate::error::{Error, Result};
use crate::parallel::try_each;

/// How many bytes one core overwrites before it looks for more.
const WIPED_AT_ONCE: usize = 1024 * 1024;

/// The bytes of a `Uint8Array` whose memory this thread alone can reach; as napi's type of this name,
/// by which the generated types know it, but never of shared memory.
///
/// Node-API reads what the engine holds: a subclass that overrides `buffer` or `length` is seen as it
/// is. An array that was detached has no bytes.
pub struct Uint8ArraySlice<'env> {
    bytes: *mut u8,
    length: usize,
    env: PhantomData<&'env ()>,
}

impl Deref for Uint8ArraySlice<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: as in `writable`; and while this borrow lives, no `as_mut` can be.
        #[allow(unsafe_code)]
        unsafe {
            std::slice::from_raw_parts(self.bytes, self.length)
        }
    }
}

impl Uint8ArraySlice<'_> {
    /// The same bytes, to be written.
    ///
    /// # Safety
    /// No other slice of these bytes may be in use.
    #[allow(unsafe_code)]
    unsafe fn as_mut(&mut self) -> &mut [u8] {
        unsafe { std::slice::from_raw_parts_mut(self.bytes, self.length) }
    }
}

impl FromNapiValue for Uint8ArraySlice<'_> {
    #[allow(unsafe_code)]
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> napi::Result<Self> {
        let (mut kind, mut length, mut offset) = (0, 0, 0);
        let (mut bytes, mut buffer) = (ptr::null_mut(), ptr::null_mut());
        let mut owned = false;
        // SAFETY: `env` and `value` are those of this call, and each pointer is to a local. A value
        // that is no typed array gets a status, and so does a null buffer.
        let statuses = unsafe {
            [
                sys::napi_get_typedarray_info(
                    env,
                    value,
                    &raw mut kind,
                    &raw mut length,
                    &raw mut bytes,
                    &raw mut buffer,
                    &raw mut offset,
                ),
                sys::napi_is_arraybuffer(env, buffer, &raw mut owned),
            ]
        };
        if statuses != [sys::Status::napi_ok; 2] || kind != TypedArrayType::Uint8 as i32 {
            return Err(to_napi(Error::invalid("the argument must be a Uint8Array")));
        }
        if !owned {
            let message = "a buffer must not be backed by a SharedArrayBuffer; copy it first";
            return Err(to_napi(Error::invalid(message)));
        }
        // Of no bytes the pointer may be anything.
        let bytes = if length == 0 { ptr::dangling_mut() } else { bytes.cast() };
        Ok(Self { bytes, length, env: PhantomData })
    }
}

impl ValidateNapiValue for Uint8ArraySlice<'_> {}

impl TypeName for Uint8ArraySlice<'_> {
    fn type_name() -> &'static str {
        "Uint8Array"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

/// A part of a JavaScript array: from an index to another.
pub(super) type Range = (i64, i64);

/// The bytes of `input` in this range.
///
/// # Errors
/// `InvalidArgument` if it is not inside the array, as when the array was detached or resized meanwhile.
pub(super) fn part<'a>(input: &'a Uint8ArraySlice<'_>, (from, to): Range) -> Result<&'a [u8]> {
    input.get(index(from)?..index(to)?).ok_or_else(gone)
}

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
    let source = part(input, (from, to))?;
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
    // and no JavaScript runs meanwhile; it is not shared, as `from_napi_value` has checked; and
    // nothing else refers to these bytes, as `pair` and `pairs` refuse what overlaps them.
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
    Ok(to_js_length(bytes.len()))
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

/// Overwrites bytes with zeros, on all cores: it takes the time that the memory does.
#[napi(catch_unwind)]
pub fn wipe(mut bytes: Uint8ArraySlice<'_>) -> napi::Result<()> {
    let whole = writable(&mut bytes, 0).map_err(to_napi)?;
    // JavaScript can read this memory afterwards, so that no compiler leaves the writes out.
    try_each(whole.chunks_mut(WIPED_AT_ONCE).collect(), |part| {
        part.fill(0);
        Ok(())
    })
    .map_err(to_napi)
}

fn index(value: i64) -> Result<usize> {
    usize::try_from(value).map_err(|_| gone())
}

fn gone() -> Error {
    Error::invalid("a buffer was detached or resized while it was being used")
}
