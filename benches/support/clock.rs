//! Time without what other programs had of it: on a busy machine a wall clock measures them.

use std::time::{Duration, Instant};

use criterion::measurement::{Measurement, ValueFormatter, WallTime};

/// The time that passes, less that for which this thread is ready to run, but does not.
pub struct OwnTime;

impl Measurement for OwnTime {
    type Intermediate = (Instant, Duration);
    type Value = Duration;

    fn start(&self) -> Self::Intermediate {
        now()
    }

    fn end(&self, (started, waited_before): Self::Intermediate) -> Duration {
        let (ended, waited) = now();
        (ended - started).saturating_sub(waited - waited_before)
    }

    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        *a + *b
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        WallTime.to_f64(value)
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}

/// If the thread had to wait in between, the two would not belong together.
fn now() -> (Instant, Duration) {
    loop {
        let waited = waited();
        let time = Instant::now();
        if self::waited() == waited {
            return (time, waited);
        }
    }
}

/// How long this thread has waited for a processor; Linux tells.
fn waited() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told.split(' ').nth(1).and_then(|field| field.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}
