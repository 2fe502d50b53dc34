//! How many calls are made at once, and how many may wait for their turn.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::call::Call;
use crate::error::{Code, Error, Result};

/// How many calls there may be.
#[derive(Debug, Clone, Copy)]
pub struct FlightOptions {
    /// At once; at most `Semaphore::MAX_PERMITS`.
    pub max_in_flight: usize,
    /// Waiting for their turn.
    pub max_queued: usize,
}

impl Default for FlightOptions {
    fn default() -> Self {
        Self { max_in_flight: 50, max_queued: 10_000 }
    }
}

pub(super) struct Flight {
    options: FlightOptions,
    turns: Semaphore,
    queued: AtomicUsize,
}

impl Flight {
    pub(super) fn new(options: FlightOptions) -> Self {
        let turns = Semaphore::new(options.max_in_flight.min(Semaphore::MAX_PERMITS));
        Self { options, turns, queued: AtomicUsize::default() }
    }

    /// Waits for a turn, in the order of coming, if there is room to wait.
    pub(super) async fn enter(&self, call: &Call) -> Result<SemaphorePermit<'_>> {
        if let Ok(turn) = self.turns.try_acquire() {
            return Ok(turn);
        }
        let _place = self.queue(call)?;
        let closed = |_| Error::new(Code::Internal, "the queue of calls was closed");
        self.turns.acquire().await.map_err(closed)
    }

    /// Returns how many calls are in flight, and how many wait.
    pub(super) fn now(&self) -> (usize, usize) {
        let free = self.turns.available_permits();
        (self.options.max_in_flight.saturating_sub(free), self.queued.load(Ordering::Relaxed))
    }

    fn queue(&self, call: &Call) -> Result<Place<'_>> {
        let place = Place(&self.queued);
        if self.queued.fetch_add(1, Ordering::Relaxed) < self.options.max_queued {
            return Ok(place);
        }
        Err(Error::new(
            Code::QueueFull,
            format!(
                "{call} was not tried: {} calls are in flight and {} wait already; try again \
                 later, or raise `maxInFlight` or `maxQueued`",
                self.options.max_in_flight, self.options.max_queued
            ),
        ))
    }
}

/// A place in the queue. `queued` counts those that exist: dropping one counts it down.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
