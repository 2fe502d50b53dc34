//! Circuit breakers: after several failures in a row, a key is not called for a while.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lru::LruCache;
use tokio::time::Instant;

use super::super::stats::{BreakerStats, CircuitState};
use super::call::Call;
use crate::error::{Code, Error, Result};

/// More than anybody uses. Names beyond can only come from messages, which must not fill memory.
const MAX_KEPT: NonZeroUsize = NonZeroUsize::new(1000).unwrap();

/// Does not count as a failure: credentials come from elsewhere than the key's service.
const NO_CREDENTIALS: Code = Code::KmsNoCredentials;

/// When a circuit opens, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct BreakerOptions {
    /// After how many failures of the service in a row.
    pub failures: u32,
    /// How long; then one call is tried.
    pub open_for: Duration,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self { failures: 5, open_for: Duration::from_secs(30) }
    }
}

/// The circuits of all keys, each under the names of its key and Region.
pub(super) struct Breakers {
    options: BreakerOptions,
    known: Mutex<LruCache<Name, Arc<Breaker>>>,
}

/// The longest name of a KMS key (API reference, "KeyId"), with its Region. Longer names can only come from
/// messages: they get a circuit for one call, which is not kept.
const MAX_NAME_LENGTH: usize = 2048;

type Name = (Option<String>, Option<String>);

/// The circuit of one key.
///
/// `Closed` counts the failures in a row, always fewer than `options.failures`; the one that reaches it
/// opens the circuit. `Open` lets no call through before `until`; the first one after that is the trial.
/// During `Trial` no other call is let through: a success closes the circuit, a failure opens it again, and
/// a trial that is dropped leaves it open with its time over.
struct Breaker {
    options: BreakerOptions,
    state: Mutex<State>,
}

#[derive(Clone, Copy)]
enum State {
    Closed {
        failures: u32,
    },
    Open {
        until: Instant,
    },
    /// One call is under way, to see whether the service is back.
    Trial,
}

/// The right to make one call; its outcome is told by `settle`.
pub(super) struct Passage {
    breaker: Arc<Breaker>,
    trial: bool,
    settled: bool,
}

impl Breakers {
    pub(super) fn new(options: BreakerOptions) -> Self {
        Self { options, known: Mutex::new(LruCache::new(MAX_KEPT)) }
    }

    /// Fails if `enter` would.
    pub(super) fn check(&self, call: &Call) -> Result<()> {
        let refusal = self.breaker_of(call).refusal();
        refusal.map_or(Ok(()), |(state, left)| Err(circuit_open(call, state, left)))
    }

    /// Returns the right to make this call, unless the circuit of its key is open.
    pub(super) fn enter(&self, call: &Call) -> Result<Passage> {
        let breaker = self.breaker_of(call);
        let trial = breaker.enter().map_err(|(state, left)| circuit_open(call, state, left))?;
        Ok(Passage { breaker, trial, settled: false })
    }

    pub(super) fn stats(&self) -> Vec<BreakerStats> {
        let known = lock(&self.known);
        known
            .iter()
            .map(|((key_id, region), breaker)| breaker.stats(key_id.clone(), region.clone()))
            .collect()
    }

    fn breaker_of(&self, call: &Call) -> Arc<Breaker> {
        let name = (call.key_id.clone(), call.region.clone());
        let state = Mutex::new(State::Closed { failures: 0 });
        let new = || Arc::new(Breaker { options: self.options, state });
        let length = |part: &Option<String>| part.as_ref().map_or(0, String::len);
        if length(&name.0) + length(&name.1) > MAX_NAME_LENGTH {
            return new();
        }
        Arc::clone(lock(&self.known).get_or_insert(name, new))
    }
}

impl Breaker {
    /// Returns the state, and the time until a call is tried, if no call may be made now.
    fn refusal(&self) -> Option<(CircuitState, Duration)> {
        match *lock(&self.state) {
            State::Closed { .. } => None,
            State::Open { until } => {
                let left = until.saturating_duration_since(Instant::now());
                (!left.is_zero()).then_some((CircuitState::Open, left))
            }
            State::Trial => Some((CircuitState::HalfOpen, Duration::ZERO)),
        }
    }

    /// Lets a call through; returns whether it is the trial.
    fn enter(&self) -> Result<bool, (CircuitState, Duration)> {
        let mut state = lock(&self.state);
        match *state {
            State::Closed { .. } => Ok(false),
            State::Trial => Err((CircuitState::HalfOpen, Duration::ZERO)),
            State::Open { until } => {
                let left = until.saturating_duration_since(Instant::now());
                if !left.is_zero() {
                    return Err((CircuitState::Open, left));
                }
                *state = State::Trial;
                Ok(true)
            }
        }
    }

    fn settle(&self, trial: bool, failed: bool) {
        let mut state = lock(&self.state);
        let open = State::Open { until: Instant::now() + self.options.open_for };
        *state = match *state {
            State::Closed { failures } if failed && failures + 1 >= self.options.failures => open,
            State::Closed { failures } if failed => State::Closed { failures: failures + 1 },
            State::Trial if trial && failed => open,
            State::Closed { .. } => State::Closed { failures: 0 },
            State::Trial if trial => State::Closed { failures: 0 },
            // The call began before the circuit opened: its outcome tells nothing of the time since.
            unchanged => unchanged,
        };
    }

    /// Ends a trial without an outcome: the next call is the trial.
    fn give_up(&self) {
        *lock(&self.state) = State::Open { until: Instant::now() };
    }

    fn stats(&self, key_id: Option<String>, region: Option<String>) -> BreakerStats {
        let (state, failures, left) = match *lock(&self.state) {
            State::Closed { failures } => (CircuitState::Closed, failures, Duration::ZERO),
            State::Trial => (CircuitState::HalfOpen, self.options.failures, Duration::ZERO),
            State::Open { until } => {
                let left = until.saturating_duration_since(Instant::now());
                (CircuitState::Open, self.options.failures, left)
            }
        };
        BreakerStats { key_id, region, state, failures, left }
    }
}

impl Passage {
    /// Tells the circuit how the call ended. Only failures of the service count: a refusal is an answer.
    pub(super) fn settle(&mut self, error: Option<&Error>) {
        self.settled = true;
        let failed = error.is_some_and(|error| error.retryable() && error.code() != NO_CREDENTIALS);
        self.breaker.settle(self.trial, failed);
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        if self.trial && !self.settled {
            self.breaker.give_up();
        }
    }
}

fn circuit_open(call: &Call, state: CircuitState, left: Duration) -> Error {
    let when = match state {
        CircuitState::HalfOpen => "one call is tried just now; try again shortly".to_owned(),
        _ => format!("try again in {:.1} s", left.as_secs_f64()),
    };
    let message = format!("{call} was not tried, as the service failed again and again; {when}");
    Error::new(Code::CircuitOpen, message).with_circuit(state.as_str(), left)
}

/// Locks a mutex. A poisoned one is used all the same: no panic leaves what it guards half-changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
