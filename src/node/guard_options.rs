//! What guards the calls of a key service, of AWS KMS as of the caller's own.

use napi_derive::napi;

use super::numbers::milliseconds;
use crate::keyring::guard::{BreakerOptions, FlightOptions, GuardOptions};

/// What guards the calls of a key service.
#[napi(object)]
pub struct NativeGuardOptions {
    /// How long one call may take, in milliseconds.
    pub timeout_ms: Option<u32>,
    /// How many calls there may be at once.
    pub max_in_flight: Option<u32>,
    /// How many calls may wait for their turn.
    pub max_queued: Option<u32>,
    /// After how many failures in a row a key is left alone; 0 for never.
    pub breaker_failures: Option<u32>,
    /// For how long, in milliseconds.
    pub breaker_open_ms: Option<u32>,
}

impl From<NativeGuardOptions> for GuardOptions {
    fn from(options: NativeGuardOptions) -> Self {
        let (flight, breaker) = (FlightOptions::default(), BreakerOptions::default());
        let count = |option: Option<u32>, default| option.map_or(default, |count| count as usize);
        let breaker = BreakerOptions {
            failures: options.breaker_failures.unwrap_or(breaker.failures),
            open_for: milliseconds(options.breaker_open_ms).unwrap_or(breaker.open_for),
        };
        Self {
            timeout: milliseconds(options.timeout_ms),
            flight: FlightOptions {
                max_in_flight: count(options.max_in_flight, flight.max_in_flight),
                max_queued: count(options.max_queued, flight.max_queued),
            },
            breaker: (breaker.failures > 0).then_some(breaker),
        }
    }
}
