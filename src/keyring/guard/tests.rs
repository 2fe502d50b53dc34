use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use tokio::time::timeout;

use super::super::stats::CircuitState;
use super::*;
use crate::error::Code;

const KEY: &str = "alias/app";

fn log_of(key_id: &str) -> CallLog {
    CallLog::new(Call {
        service: Service::Kms,
        operation: "Decrypt",
        key_id: Some(key_id.to_owned()),
        region: Some("eu-west-1".to_owned()),
    })
}

fn guard(failures: u32) -> Guard {
    let breaker = BreakerOptions { failures, ..BreakerOptions::default() };
    Guard::new(GuardOptions { breaker: Some(breaker), ..GuardOptions::default() })
}

async fn call(guard: &Guard, code: Option<Code>) -> Result<()> {
    let answer = async { code.map_or(Ok(()), |code| Err(Error::new(code, "by the test"))) };
    guard.run(&log_of(KEY), answer).await
}

fn state(guard: &Guard) -> (CircuitState, u32, Duration) {
    let stats = guard.stats();
    let [breaker] = stats.breakers.as_slice() else { panic!("one breaker") };
    (breaker.state, breaker.failures, breaker.left)
}

async fn open(guard: &Guard) {
    for _ in 0..5 {
        assert_eq!(call(guard, Some(Code::KmsTimeout)).await.unwrap_err().code(), Code::KmsTimeout);
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn five_failures_open_the_circuit_for_30_s_and_then_one_call_is_tried() {
    let guard = guard(5);
    for count in 1..=4 {
        call(&guard, Some(Code::KmsUnreachable)).await.unwrap_err();
        assert_eq!(state(&guard), (CircuitState::Closed, count, Duration::ZERO));
    }
    call(&guard, Some(Code::KmsInternal)).await.unwrap_err();
    assert_eq!(state(&guard), (CircuitState::Open, 5, seconds(30)));

    tokio::time::advance(Duration::from_millis(29_999)).await;
    let error = call(&guard, None).await.unwrap_err();
    assert_eq!(error.code(), Code::CircuitOpen);
    assert!(error.retryable());
    assert_eq!(error.circuit(), Some(("open", Duration::from_millis(1))));

    tokio::time::advance(Duration::from_millis(1)).await;
    call(&guard, None).await.unwrap();
    assert_eq!(state(&guard), (CircuitState::Closed, 0, Duration::ZERO));
    assert_eq!(guard.stats().calls, 6);
    assert_eq!(guard.stats().failures, 5);
}

#[tokio::test]
async fn a_name_that_no_key_has_takes_no_memory() {
    let guard = guard(5);
    let failed = async { Err::<(), _>(Error::new(Code::KmsTimeout, "by the test")) };
    guard.run(&log_of(&"x".repeat(60_000)), failed).await.unwrap_err();
    assert_eq!(guard.stats().breakers.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_trial_that_fails_opens_the_circuit_again_and_no_other_call_passes_meanwhile() {
    let guard = guard(5);
    open(&guard).await;
    tokio::time::advance(seconds(30)).await;
    let trial = async {
        let slow = async {
            tokio::time::sleep(seconds(2)).await;
            Err::<(), _>(Error::new(Code::KmsThrottled, "by the test"))
        };
        guard.run(&log_of(KEY), slow).await
    };
    let other = async {
        tokio::time::sleep(seconds(1)).await;
        call(&guard, None).await
    };
    let (trial, other) = tokio::join!(trial, other);
    assert_eq!(trial.unwrap_err().code(), Code::KmsThrottled);
    assert_eq!(other.unwrap_err().circuit(), Some(("half-open", Duration::ZERO)));
    assert_eq!(state(&guard), (CircuitState::Open, 5, seconds(30)));
}

#[tokio::test(start_paused = true)]
async fn a_trial_that_is_given_up_leaves_the_next_call_to_try() {
    let guard = guard(5);
    open(&guard).await;
    tokio::time::advance(seconds(30)).await;
    let log = log_of(KEY);
    let never = guard.run(&log, std::future::pending::<Result<()>>());
    assert!(timeout(seconds(1), never).await.is_err());
    call(&guard, None).await.unwrap();
    assert_eq!(state(&guard).0, CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn only_failures_of_the_service_in_a_row_count() {
    let guard = guard(2);
    for code in [Code::KmsAccessDenied, Code::KmsInvalidCiphertext, Code::KmsKeyDisabled] {
        call(&guard, Some(Code::KmsTimeout)).await.unwrap_err();
        call(&guard, Some(code)).await.unwrap_err();
        assert_eq!(state(&guard), (CircuitState::Closed, 0, Duration::ZERO), "{code:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_key_and_region_has_a_circuit_of_its_own() {
    let guard = guard(5);
    open(&guard).await;
    guard.run(&log_of("alias/other"), async { Ok(()) }).await.unwrap();
    let mut elsewhere = log_of(KEY).call().clone();
    elsewhere.region = Some("us-east-1".to_owned());
    guard.run(&CallLog::new(elsewhere), async { Ok(()) }).await.unwrap();
    assert_eq!(guard.stats().breakers.len(), 3);
    assert_eq!(call(&guard, None).await.unwrap_err().code(), Code::CircuitOpen);
}

#[tokio::test(start_paused = true)]
async fn what_began_before_the_circuit_opened_changes_nothing() {
    let guard = guard(5);
    let log = log_of(KEY);
    let slow = guard.run(&log, async {
        tokio::time::sleep(seconds(10)).await;
        Ok(())
    });
    let (slow, ()) = tokio::join!(slow, open(&guard));
    slow.unwrap();
    assert_eq!(state(&guard), (CircuitState::Open, 5, seconds(20)));
}

#[tokio::test(start_paused = true)]
async fn no_more_calls_at_once_than_allowed_and_no_more_waiting() {
    let flight = FlightOptions { max_in_flight: 3, max_queued: 4 };
    let guard = Guard::new(GuardOptions { flight, ..GuardOptions::default() });
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let one = || async {
        let call = async {
            most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            tokio::time::sleep(seconds(1)).await;
            now.fetch_sub(1, Ordering::Relaxed);
            Ok(())
        };
        guard.run(&log_of(KEY), call).await
    };
    let answers = futures_util::future::join_all((0..10).map(|_| one())).await;
    let refused: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 3);
    assert!(refused.iter().all(|error| error.code() == Code::QueueFull && error.retryable()));
    assert_eq!(most.load(Ordering::Relaxed), 3);
    assert_eq!((guard.stats().in_flight, guard.stats().queued), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_to_a_key_that_fails_is_refused_at_once_and_takes_no_place_in_the_queue() {
    let flight = FlightOptions { max_in_flight: 1, max_queued: 1 };
    let breaker = Some(BreakerOptions::default());
    let guard = Guard::new(GuardOptions { timeout: None, flight, breaker });
    open(&guard).await;
    let log = log_of("alias/other");
    let busy = guard.run(&log, async {
        tokio::time::sleep(seconds(10)).await;
        Ok(())
    });
    let refused = async {
        tokio::time::sleep(seconds(1)).await;
        let started = Instant::now();
        let error = call(&guard, None).await.unwrap_err();
        assert_eq!((error.code(), started.elapsed()), (Code::CircuitOpen, Duration::ZERO));
        assert_eq!(guard.stats().queued, 0);
    };
    let (busy, ()) = tokio::join!(busy, refused);
    busy.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_deadline_counts_the_time_in_the_queue() {
    let flight = FlightOptions { max_in_flight: 1, max_queued: 10 };
    let timeout = Some(seconds(3));
    let guard = Guard::new(GuardOptions { timeout, flight, breaker: None });
    let started = Instant::now();
    let one = || async {
        let call = async {
            tokio::time::sleep(seconds(2)).await;
            Ok(())
        };
        guard.run(&log_of(KEY), call).await.map_err(|error| error.code())
    };
    let answers = futures_util::future::join_all((0..3).map(|_| one())).await;
    assert_eq!(answers, [Ok(()), Err(Code::KmsTimeout), Err(Code::KmsTimeout)]);
    assert_eq!(started.elapsed().as_secs(), 3);
}

#[derive(Default)]
struct Recorder(Arc<Mutex<Vec<String>>>);

impl Observer for Recorder {
    fn started(&self, call: &Call) -> Box<dyn FnOnce(Outcome<'_>) + Send> {
        let events = Arc::clone(&self.0);
        events.lock().unwrap().push(format!("{call} begins"));
        Box::new(move |outcome| {
            let Outcome { duration, attempts, request_id, error, aborted } = outcome;
            let code = error.map(Error::code);
            let text =
                format!("{duration:?} {attempts} {request_id:?} {code:?} aborted: {aborted}");
            events.lock().unwrap().push(text);
        })
    }
}

#[tokio::test(start_paused = true)]
async fn an_observer_is_told_of_every_call_how_it_ended() {
    let recorder = Arc::new(Recorder::default());
    let guard = guard(5);
    let watched = observed(Some(recorder.clone()), async {
        let log = log_of(KEY);
        let call = async {
            log.add_attempt();
            log.add_attempt();
            log.set_request_id(Some("id"));
            tokio::time::sleep(seconds(1)).await;
            Ok(())
        };
        guard.run(&log, call).await.unwrap();
        call_and_fail(&guard).await;
        let log = log_of(KEY);
        let never = guard.run(&log, std::future::pending::<Result<()>>());
        timeout(seconds(1), never).await.unwrap_err();
    });
    watched.await;
    call_and_fail(&guard).await;
    let begins = "Decrypt with the KMS key \"alias/app\" begins";
    assert_eq!(
        *recorder.0.lock().unwrap(),
        [
            begins,
            "1s 2 Some(\"id\") None aborted: false",
            begins,
            "0ns 0 None Some(KmsThrottled) aborted: false",
            begins,
            "1s 0 None None aborted: true",
        ]
    );
    assert_eq!(guard.stats().retries, 1);
}

async fn call_and_fail(guard: &Guard) {
    call(guard, Some(Code::KmsThrottled)).await.unwrap_err();
}
