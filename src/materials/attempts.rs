//! How often, or how long, the encrypted data keys of one message are tried: a message can have
//! 65,535 of them, and each costs an operation of a key, or a call of a service.

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use crate::error::{Code, Error, Result};

/// How many data keys are tried on the caller's thread. Of an honest message the first one that names
/// the keyring's key unwraps.
const AT_ONCE: u32 = 8;

/// What is left of the attempts at one message.
#[derive(Debug)]
pub struct Attempts {
    bound: Bound,
    stopped: bool,
}

#[derive(Debug)]
enum Bound {
    Count { left: u32 },
    Time { within: Duration, end: Option<Instant>, tried: u32 },
}

impl Attempts {
    /// A few, on the thread of a caller who cannot wait.
    pub fn at_once() -> Self {
        Self { bound: Bound::Count { left: AT_ONCE }, stopped: false }
    }

    /// As many as fit into this time. After the first few, the task yields before each attempt, so that it
    /// can be cancelled and other tasks get their turn.
    pub fn within(within: Duration) -> Self {
        let end = Instant::now().checked_add(within);
        Self { bound: Bound::Time { within, end, tried: 0 }, stopped: false }
    }

    /// Waits for the right to try one more data key.
    ///
    /// # Errors
    /// `WouldBlock` if a caller who cannot wait has tried enough, `UnwrapTimeout` at the deadline;
    /// then no other keyring is to try, either.
    pub async fn next(&mut self) -> Result<()> {
        let refused = match &mut self.bound {
            Bound::Count { left: 0 } => Some(too_many()),
            Bound::Count { left } => {
                *left -= 1;
                None
            }
            Bound::Time { within, end, tried } => {
                *tried += 1;
                if *tried > AT_ONCE {
                    yield_now().await;
                }
                end.is_some_and(|end| Instant::now() >= end).then(|| timed_out(*within))
            }
        };
        self.stopped = refused.is_some();
        refused.map_or(Ok(()), Err)
    }

    /// Ends the attempts: a caller who can wait is to begin anew.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// Whether the attempts have ended, with the error that `next` gave.
    pub fn stopped(&self) -> bool {
        self.stopped
    }
}

/// The error of a message whose data keys were tried for so long in vain.
pub fn timed_out(within: Duration) -> Error {
    let message = format!(
        "none of the message's data keys was unwrapped within {} ms; raise `unwrapTimeoutMs`, or \
         refuse messages with so many data keys by `maxEncryptedDataKeys`",
        within.as_millis()
    );
    Error::new(Code::UnwrapTimeout, message)
}

fn too_many() -> Error {
    Error::new(
        Code::WouldBlock,
        format!(
            "{AT_ONCE} data keys of the message did not unwrap, and to try the others takes long; \
             use the asynchronous call"
        ),
    )
}

/// Pending once: the runtime polls whatever else is ready first.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    /// Asks once; `None` if the answer has to be waited for.
    fn ask(attempts: &mut Attempts) -> Option<std::result::Result<(), Code>> {
        attempts.next().now_or_never().map(|answer| answer.map_err(|error| error.code()))
    }

    #[test]
    fn a_caller_who_cannot_wait_tries_eight_data_keys_and_then_no_other_keyring() {
        let mut attempts = Attempts::at_once();
        for _ in 0..8 {
            assert_eq!(ask(&mut attempts), Some(Ok(())));
            assert!(!attempts.stopped());
        }
        assert_eq!(ask(&mut attempts), Some(Err(Code::WouldBlock)));
        assert!(attempts.stopped());
    }

    #[test]
    fn a_message_with_many_data_keys_lets_other_tasks_run_after_the_first_eight() {
        let mut attempts = Attempts::within(LONG);
        for _ in 0..8 {
            assert_eq!(ask(&mut attempts), Some(Ok(())));
        }
        for _ in 0..3 {
            assert_eq!(ask(&mut attempts), None, "it yields");
            let mut next = Box::pin(attempts.next());
            assert!((&mut next).now_or_never().is_none());
            assert!((&mut next).now_or_never().is_some(), "it yields once");
        }
    }

    #[test]
    fn a_message_whose_time_is_up_is_given_up_and_no_other_keyring_tries() {
        let mut attempts = Attempts::within(Duration::ZERO);
        assert_eq!(ask(&mut attempts), Some(Err(Code::UnwrapTimeout)));
        assert!(attempts.stopped());
    }

    #[test]
    fn a_time_beyond_all_clocks_is_no_limit() {
        assert_eq!(ask(&mut Attempts::within(Duration::MAX)), Some(Ok(())));
    }
}
