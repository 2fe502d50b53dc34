//! Signals that end the process: files that are not finished are removed before.
//!
//! While such a file has a name, and only then, each signal for which nobody has a handler gets one
//! of ours. It wakes a thread that removes the files, gives the signal back what was there before,
//! and sends it again: the process ends by that signal, as it would have without us. Handlers of
//! others, such as those of `process.on`, are neither replaced nor kept from replacing ours.

use std::io::{PipeReader, PipeWriter, Read, Write, pipe};
use std::mem::zeroed;
use std::ptr::{null, null_mut};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

use libc::{c_int, sigaction, sighandler_t};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::file::remove_unfinished;

/// Those that end a process by default and can be waited for; not what a fault of its own raises.
const SIGNALS: [c_int; 8] = [
    libc::SIGHUP,
    libc::SIGINT,
    libc::SIGQUIT,
    libc::SIGTERM,
    libc::SIGALRM,
    libc::SIGUSR2,
    libc::SIGXCPU,
    libc::SIGXFSZ,
];
/// Says to the thread that files have names now.
const WAKE: u8 = 0;
/// How often is looked whether a handler of others has gone.
const INTERVAL: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

static GUARDED: Mutex<Guarded> = Mutex::new(Guarded { active: false, before: [None; 8] });
static TO_THREAD: OnceLock<Option<PipeWriter>> = OnceLock::new();

struct Guarded {
    active: bool,
    /// What each signal did before, where the handler is ours now.
    before: [Option<sigaction>; SIGNALS.len()],
}

/// Begins, or ends, to guard files against signals.
pub(super) fn guard(active: bool) {
    let Some(to_thread) = TO_THREAD.get_or_init(start_thread) else { return };
    let mut guarded = lock();
    guarded.active = active;
    if active {
        guarded.take_signals();
        let _ = (&*to_thread).write(&[WAKE]);
    } else {
        guarded.give_back();
    }
}

impl Guarded {
    fn take_signals(&mut self) {
        for (signal, before) in SIGNALS.into_iter().zip(&mut self.before) {
            let Some(current) = action_of(signal) else { continue };
            if !is_ours(&current) && ends_the_process(&current) && set_action(signal, &ours()) {
                *before = Some(current);
            }
        }
    }

    fn give_back(&mut self) {
        for (signal, before) in SIGNALS.into_iter().zip(&mut self.before) {
            let Some(before) = before.take() else { continue };
            if action_of(signal).is_some_and(|current| is_ours(&current)) {
                set_action(signal, &before);
            }
        }
    }
}

/// Whether this action ends the process: the default action, or a handler that is called only once, such
/// as Node.js's own at SIGINT and SIGTERM, which resets the terminal. What `process.on` installs stays.
fn ends_the_process(action: &sigaction) -> bool {
    let once = action.sa_flags & libc::SA_RESETHAND != 0;
    let restarts = action.sa_flags & libc::SA_RESTART != 0;
    action.sa_sigaction == libc::SIG_DFL
        || action.sa_sigaction != libc::SIG_IGN && once && !restarts
}

fn start_thread() -> Option<PipeWriter> {
    let (reader, writer) = pipe().ok()?;
    let name = "kms-envelope-signals".into();
    thread::Builder::new().name(name).spawn(move || serve(reader)).ok()?;
    Some(writer)
}

fn serve(mut signals: PipeReader) {
    loop {
        let timeout = lock().active.then_some(INTERVAL);
        let mut ready = [PollFd::new(&signals, PollFlags::IN)];
        if poll(&mut ready, timeout.as_ref()) == Ok(0) {
            let mut guarded = lock();
            if guarded.active {
                guarded.take_signals();
            }
            continue;
        }
        let mut signal = [WAKE];
        match signals.read(&mut signal) {
            Ok(1) if signal[0] != WAKE => end_by(signal[0].into()),
            Ok(1) | Err(_) => {}
            Ok(_) => return,
        }
    }
}

fn end_by(signal: c_int) {
    remove_unfinished();
    let mut guarded = lock();
    guarded.active = false;
    guarded.give_back();
    // SAFETY: sends a signal to this process, and touches no memory.
    #[allow(unsafe_code)]
    unsafe {
        libc::kill(libc::getpid(), signal);
    }
}

/// Called by the system amid anything: it may only write to the pipe.
extern "C" fn on_signal(signal: c_int) {
    if let (Some(Some(to_thread)), Ok(signal)) = (TO_THREAD.get(), u8::try_from(signal)) {
        let _ = (&*to_thread).write(&[signal]);
    }
}

fn ours() -> sigaction {
    // SAFETY: all zeros is a `sigaction`: an empty mask, and no flags.
    #[allow(unsafe_code)]
    let mut action: sigaction = unsafe { zeroed() };
    action.sa_sigaction = handler();
    action.sa_flags = libc::SA_RESTART;
    action
}

fn handler() -> sighandler_t {
    on_signal as extern "C" fn(c_int) as sighandler_t
}

fn is_ours(action: &sigaction) -> bool {
    action.sa_sigaction == handler()
}

fn action_of(signal: c_int) -> Option<sigaction> {
    // SAFETY: all zeros is a `sigaction`, which the system fills; nothing is installed.
    #[allow(unsafe_code)]
    unsafe {
        let mut action = zeroed();
        (sigaction(signal, null(), &mut action) == 0).then_some(action)
    }
}

fn set_action(signal: c_int, action: &sigaction) -> bool {
    // SAFETY: `action` is one that the system gave, or ours, whose handler does nothing that a
    // handler may not do: it writes to a pipe that is never closed.
    #[allow(unsafe_code)]
    unsafe {
        sigaction(signal, action, null_mut()) == 0
    }
}

fn lock() -> std::sync::MutexGuard<'static, Guarded> {
    GUARDED.lock().unwrap_or_else(PoisonError::into_inner)
}
