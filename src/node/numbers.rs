//! Numbers between Rust and JavaScript, whose numbers hold every length that there is.

use std::time::Duration;

use crate::error::{Error, Result};

/// Returns a length or a position from JavaScript.
///
/// # Errors
/// `InvalidArgument` if it is negative.
pub(super) fn to_u64(value: i64) -> Result<u64> {
    u64::try_from(value).map_err(|_| Error::invalid("a length or a position is negative"))
}

/// Returns a length from JavaScript, or the longest there is.
pub(super) fn to_usize(value: i64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// Returns a number for JavaScript.
pub(super) fn to_js_number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Returns a length for JavaScript.
pub(super) fn to_js_length(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// Returns a time for JavaScript, in milliseconds.
pub(super) fn to_js_milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Returns a time from JavaScript, if there is one.
pub(super) fn milliseconds(value: Option<u32>) -> Option<Duration> {
    value.map(|ms| Duration::from_millis(ms.into()))
}
