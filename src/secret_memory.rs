//! Memory for data keys: locked, so that it is never swapped to disk; left out of core dumps; between
//! guard pages; wiped when it is given back.
//!
//! The one file outside of `node` with `unsafe`. Keys share pages, as a process may lock few of them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use region::{Allocation, LockGuard, Protection};
use zeroize::{Zeroize, Zeroizing};

/// The longest secret that is kept here, in bytes: all data keys of messages.
const SLOT: usize = 64;
/// How many pages of slots are locked at once.
const PAGES: usize = 4;

static POOL: Mutex<Vec<usize>> = Mutex::new(Vec::new());
static UNLOCKED: AtomicBool = AtomicBool::new(false);

/// Bytes that nobody else should see; long ones are only wiped.
pub(crate) enum SecretBytes {
    /// In locked memory.
    Locked(Slot),
    /// On the heap.
    Heap(Zeroizing<Vec<u8>>),
}

/// A slot of locked memory, by its address: its owner's alone until it is dropped.
pub(crate) struct Slot {
    address: usize,
    length: usize,
}

impl SecretBytes {
    /// Takes over `bytes`, and wipes where they were.
    pub(crate) fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        if bytes.len() > SLOT {
            return Self::Heap(bytes);
        }
        let Some(address) = take_slot() else { return Self::Heap(bytes) };
        let mut slot = Slot { address, length: bytes.len() };
        slot.bytes_mut().copy_from_slice(&bytes);
        Self::Locked(slot)
    }

    /// Returns so many bytes that `fill` writes where they stay.
    ///
    /// # Errors
    /// As `fill`; then they are wiped.
    pub(crate) fn filled<E>(
        length: usize,
        fill: impl FnOnce(&mut [u8]) -> Result<(), E>,
    ) -> Result<Self, E> {
        let slot = if length <= SLOT { take_slot() } else { None };
        if let Some(address) = slot {
            let mut slot = Slot { address, length };
            fill(slot.bytes_mut())?;
            return Ok(Self::Locked(slot));
        }
        let mut bytes = Zeroizing::new(vec![0; length]);
        fill(&mut bytes)?;
        Ok(Self::Heap(bytes))
    }

    pub(crate) fn expose(&self) -> &[u8] {
        match self {
            Self::Locked(slot) => slot.bytes(),
            Self::Heap(bytes) => bytes,
        }
    }
}

impl Slot {
    fn bytes(&self) -> &[u8] {
        // SAFETY: the slot is `SLOT` bytes of a mapping that is never unmapped, readable and
        // writable; it is in the pool, or has this one owner; `length` is at most `SLOT`.
        #[allow(unsafe_code)]
        unsafe {
            std::slice::from_raw_parts(self.address as *const u8, self.length)
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and `self` is borrowed alone.
        #[allow(unsafe_code)]
        unsafe {
            std::slice::from_raw_parts_mut(self.address as *mut u8, self.length)
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.bytes_mut().zeroize();
        POOL.lock().unwrap_or_else(PoisonError::into_inner).push(self.address);
    }
}

/// Whether data keys are, or will be, kept in memory that could not be locked, as the process may
/// lock no more (`RLIMIT_MEMLOCK`). They are wiped and left out of core dumps all the same.
#[cfg_attr(any(test, not(feature = "node")), allow(dead_code))]
pub(crate) fn has_unlocked() -> bool {
    drop(SecretBytes::new(Zeroizing::new(vec![0])));
    UNLOCKED.load(Ordering::Relaxed)
}

fn take_slot() -> Option<usize> {
    let mut free = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    if free.is_empty() {
        *free = new_slots()?;
    }
    free.pop()
}

/// More slots, or nothing if there is no memory.
fn new_slots() -> Option<Vec<usize>> {
    let page = region::page::size();
    let mut pages = region::alloc((PAGES + 2) * page, Protection::NONE).ok()?;
    let start = pages.as_mut_ptr::<u8>() as usize + page;
    let length = PAGES * page;
    protect(start, length).ok()?;
    match region::lock(start as *const u8, length) {
        Ok(guard) => keep_locked(guard),
        Err(_) => UNLOCKED.store(true, Ordering::Relaxed),
    }
    leave_out_of_dumps(start, length);
    keep(pages);
    Some((start..start + length).step_by(SLOT).collect())
}

fn protect(start: usize, length: usize) -> region::Result<()> {
    // SAFETY: the pages were mapped just now, and nothing refers to them yet.
    #[allow(unsafe_code)]
    unsafe {
        region::protect(start as *const u8, length, Protection::READ_WRITE)
    }
}

fn leave_out_of_dumps(start: usize, length: usize) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        // SAFETY: the advice changes neither the mapping nor its content.
        #[allow(unsafe_code)]
        unsafe {
            libc::madvise(start as *mut libc::c_void, length, libc::MADV_DONTDUMP);
        }
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = (start, length);
}

/// Slots may be in use until the process ends.
fn keep(pages: Allocation) {
    std::mem::forget(pages);
}

fn keep_locked(guard: LockGuard) {
    std::mem::forget(guard);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn locked(byte: u8, length: usize) -> SecretBytes {
        SecretBytes::new(Zeroizing::new(vec![byte; length]))
    }

    #[test]
    fn each_secret_has_a_slot_of_its_own() {
        let secrets: Vec<_> = (0..=255).cycle().take(1000).map(|byte| locked(byte, 32)).collect();
        for (secret, byte) in secrets.iter().zip((0..=255).cycle()) {
            assert_eq!(secret.expose(), [byte; 32]);
        }
    }

    #[test]
    fn a_slot_is_wiped_when_it_is_given_back() {
        let SecretBytes::Locked(slot) = locked(7, SLOT) else { panic!("it has no slot") };
        let again = Slot { address: slot.address, length: SLOT };
        drop(slot);
        assert_ne!(again.bytes(), [7; SLOT]);
        // It is in the pool already.
        std::mem::forget(again);
    }

    #[test]
    fn a_secret_that_could_not_be_written_is_wiped() {
        let mut address = 0;
        let filled = SecretBytes::filled(SLOT, |bytes| {
            address = bytes.as_ptr() as usize;
            bytes.fill(7);
            Err(())
        });
        assert!(filled.is_err());
        let again = Slot { address, length: SLOT };
        assert_ne!(again.bytes(), [7; SLOT]);
        // It is in the pool already.
        std::mem::forget(again);
    }

    #[test]
    fn a_secret_that_is_written_in_place_is_kept_at_any_length() {
        for length in [0, 1, SLOT, SLOT + 1, 5000] {
            let filled = SecretBytes::filled(length, |bytes| {
                assert_eq!(bytes, vec![0; length]);
                bytes.fill(9);
                Ok::<(), ()>(())
            });
            assert_eq!(filled.unwrap().expose(), vec![9; length]);
        }
    }

    #[test]
    fn a_secret_too_long_for_a_slot_is_kept_too() {
        for length in [0, 1, SLOT, SLOT + 1, 5000] {
            assert_eq!(locked(9, length).expose(), vec![9; length]);
        }
    }

    #[test]
    fn many_threads_can_use_the_pool_at_once() {
        std::thread::scope(|scope| {
            for byte in 0..8 {
                scope.spawn(move || {
                    for _ in 0..1000 {
                        assert_eq!(locked(byte, 32).expose(), [byte; 32]);
                    }
                });
            }
        });
    }
}
