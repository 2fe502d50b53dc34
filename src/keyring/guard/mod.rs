//! What stands between a keyring and its key service: a limit on calls in flight, a deadline, a
//! circuit breaker for each key, counters, and events for whoever watches.

mod breaker;
mod call;
mod flight;
mod observer;
mod panics;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

pub use breaker::BreakerOptions;
pub use call::{Call, CallLog, Service};
pub use flight::FlightOptions;
pub use observer::{Observer, OnEnd, Outcome, observed};
pub use panics::{silence_panics, unless_it_panics};

use super::stats::ServiceStats;
use crate::error::{Error, Result};
use breaker::Breakers;
use flight::Flight;

/// What a guard allows.
#[derive(Debug, Clone, Copy, Default)]
pub struct GuardOptions {
    /// How long one call may take, with its retries, and with the time it waits for its turn; by
    /// default 15 s.
    pub timeout: Option<Duration>,
    /// How many calls there may be at once.
    pub flight: FlightOptions,
    /// After how many failures a key is not called for a while; `None` for never.
    pub breaker: Option<BreakerOptions>,
}

/// A guard's deadline, if the options name none.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(15);

/// Guards the calls of one keyring.
pub struct Guard {
    timeout: Duration,
    flight: Flight,
    breakers: Option<Breakers>,
    calls: AtomicU64,
    failures: AtomicU64,
    retries: AtomicU64,
}

impl Guard {
    /// A guard whose circuits are all closed.
    pub fn new(options: GuardOptions) -> Self {
        Self {
            timeout: options.timeout.unwrap_or(DEFAULT_TIMEOUT),
            flight: Flight::new(options.flight),
            breakers: options.breaker.map(Breakers::new),
            calls: AtomicU64::default(),
            failures: AtomicU64::default(),
            retries: AtomicU64::default(),
        }
    }

    /// Makes one call, when its turn comes and its key's circuit is closed.
    ///
    /// # Errors
    /// `CircuitOpen`, `QueueFull`; the service's timeout; and what the call itself says.
    pub async fn run<T>(&self, log: &CallLog, call: impl Future<Output = Result<T>>) -> Result<T> {
        let deadline = Instant::now() + self.timeout;
        // An open circuit refuses a call before it waits in the queue.
        self.check_circuit(log.call())?;
        let turn = timeout_at(deadline, self.flight.enter(log.call())).await;
        let _turn = turn.map_err(|_| log.call().timed_out())??;
        let mut circuit = self.breakers.as_ref().map(|all| all.enter(log.call())).transpose()?;

        let event = observer::started(log.call());
        let operation = log.call().operation;
        let answer = timeout_at(deadline, unless_it_panics(operation, call))
            .await
            .unwrap_or_else(|_| Err(log.call().timed_out()));

        let error = answer.as_ref().err();
        if let Some(circuit) = &mut circuit {
            circuit.settle(error);
        }
        event.finished(log, error);
        self.count(log, error);
        answer
    }

    /// What was done since the guard was made, and how its circuits are now.
    pub fn stats(&self) -> ServiceStats {
        let (in_flight, queued) = self.flight.now();
        ServiceStats {
            calls: self.calls.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            in_flight,
            queued,
            breakers: self.breakers.as_ref().map(Breakers::stats).unwrap_or_default(),
        }
    }

    fn check_circuit(&self, call: &Call) -> Result<()> {
        self.breakers.as_ref().map_or(Ok(()), |all| all.check(call))
    }

    fn count(&self, log: &CallLog, error: Option<&Error>) {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.failures.fetch_add(u64::from(error.is_some()), Ordering::Relaxed);
        let retries = log.attempts().saturating_sub(1);
        self.retries.fetch_add(retries.into(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
