//! What a keyring tells of its calls of a key service.

use std::time::Duration;

/// What was called since the keyring was made, and what is being called.
#[derive(Debug, Clone, Default)]
pub struct ServiceStats {
    /// Calls that were made, each counted once.
    pub calls: u64,
    /// Those of them that failed, for whatever reason.
    pub failures: u64,
    /// How often calls were tried again.
    pub retries: u64,
    /// Calls being made now.
    pub in_flight: usize,
    /// Calls that wait for their turn now.
    pub queued: usize,
    /// The circuit of each key.
    pub breakers: Vec<BreakerStats>,
}

/// The circuit breaker of a key.
#[derive(Debug, Clone)]
pub struct BreakerStats {
    /// The name of the key; `None` where the service finds it.
    pub key_id: Option<String>,
    /// The AWS Region.
    pub region: Option<String>,
    /// Whether calls are made.
    pub state: CircuitState,
    /// How many failures of the service there were in a row.
    pub failures: u32,
    /// How long until a call is tried.
    pub left: Duration,
}

/// Whether calls are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CircuitState {
    /// They are.
    Closed,
    /// They are not.
    Open,
    /// One is, to see whether the service is back.
    HalfOpen,
}

impl CircuitState {
    /// As JavaScript sees it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

impl ServiceStats {
    /// Adds what another keyring has done.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.calls += other.calls;
        self.failures += other.failures;
        self.retries += other.retries;
        self.in_flight += other.in_flight;
        self.queued += other.queued;
        self.breakers.extend(other.breakers);
        self
    }
}
