//! What a client has done, as numbers for JavaScript.

use napi_derive::napi;

use super::numbers::{to_js_milliseconds, to_js_number};
use crate::client::{CacheStats, Client, Tally};
use crate::keyring::ServiceStats;

/// What a client has done since it was made.
#[napi(object, object_from_js = false)]
pub struct NativeStats {
    /// Whole messages written, and the length of their plaintext in bytes.
    pub encrypted: NativeTally,
    /// Whole messages read, and the length of their plaintext in bytes.
    pub decrypted: NativeTally,
    /// The cache, if there is one.
    pub cache: Option<NativeCacheStats>,
    /// The calls of key services.
    pub key_service: NativeServiceStats,
}

/// Messages and bytes.
#[napi(object, object_from_js = false)]
pub struct NativeTally {
    /// Messages.
    pub messages: i64,
    /// Bytes of plaintext.
    pub bytes: i64,
}

/// What a cache has done.
#[napi(object, object_from_js = false)]
pub struct NativeCacheStats {
    /// Messages whose data key was there.
    pub hits: i64,
    /// Messages whose data key was not.
    pub misses: i64,
    /// How many data keys are there now.
    pub entries: i64,
}

/// What a keyring has asked.
#[napi(object, object_from_js = false)]
pub struct NativeServiceStats {
    /// Calls that have ended.
    pub calls: i64,
    /// Those that failed.
    pub failures: i64,
    /// How often calls were tried again.
    pub retries: i64,
    /// Calls being made now.
    pub in_flight: i64,
    /// Calls that wait for their turn now.
    pub queued: i64,
    /// The circuits.
    pub breakers: Vec<NativeBreakerStats>,
}

/// How the circuit of a key is.
#[napi(object, object_from_js = false)]
pub struct NativeBreakerStats {
    /// The name of the key, if it has one.
    pub key_id: Option<String>,
    /// The AWS Region, if there is one.
    pub region: Option<String>,
    /// Whether calls are made.
    #[napi(ts_type = "'closed' | 'open' | 'half-open'")]
    pub state: String,
    /// Failures in a row.
    pub failures: u32,
    /// How long until a call is tried, in milliseconds.
    pub retry_after_ms: f64,
}

pub(super) fn stats_of(client: &Client) -> NativeStats {
    NativeStats {
        encrypted: tally(client.encrypted()),
        decrypted: tally(client.decrypted()),
        cache: client.cache_stats().map(|CacheStats { hits, misses, entries }| NativeCacheStats {
            hits: to_js_number(hits),
            misses: to_js_number(misses),
            entries: to_js_number(entries as u64),
        }),
        key_service: service(client.keyring().service_stats()),
    }
}

fn tally(tally: &Tally) -> NativeTally {
    NativeTally { messages: to_js_number(tally.messages()), bytes: to_js_number(tally.bytes()) }
}

fn service(stats: ServiceStats) -> NativeServiceStats {
    let breakers = stats.breakers.into_iter().map(|breaker| NativeBreakerStats {
        key_id: breaker.key_id,
        region: breaker.region,
        state: breaker.state.as_str().to_owned(),
        failures: breaker.failures,
        retry_after_ms: to_js_milliseconds(breaker.left),
    });
    NativeServiceStats {
        calls: to_js_number(stats.calls),
        failures: to_js_number(stats.failures),
        retries: to_js_number(stats.retries),
        in_flight: to_js_number(stats.in_flight as u64),
        queued: to_js_number(stats.queued as u64),
        breakers: breakers.collect(),
    }
}
