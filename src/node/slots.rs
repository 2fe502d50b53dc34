//! Objects by number. To find the one behind a number takes a tenth of the time that Node-API takes to
//! find, and to check, the one behind a handle.

use std::sync::Arc;

/// How many bits of a number tell the slot; those above tell how often the slot was used before.
const SLOT_BITS: u32 = 24;
/// How often a slot is used, so that a number fits into one of JavaScript's, of 53 bits.
const MOST_USES: i64 = 1 << (53 - SLOT_BITS);

/// Objects by number; no number is ever given to a second object.
pub(super) struct Slots<T> {
    slots: Vec<Slot<T>>,
    free: Vec<usize>,
}

struct Slot<T> {
    uses: i64,
    item: Option<Arc<T>>,
}

impl<T> Slots<T> {
    pub(super) const fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }

    /// Returns the object's number; `None` if there are too many objects.
    pub(super) fn insert(&mut self, item: Arc<T>) -> Option<i64> {
        if self.free.is_empty() {
            self.free.push(self.slots.len());
            self.slots.push(Slot { uses: 0, item: None });
        }
        let index = self.free.pop()?;
        let slot = self.slots.get_mut(index)?;
        let position = i64::try_from(index).ok().filter(|position| position >> SLOT_BITS == 0)?;
        slot.item = Some(item);
        Some(slot.uses << SLOT_BITS | position)
    }

    pub(super) fn get(&self, number: i64) -> Option<&T> {
        let slot = self.slots.get(index_of(number)?)?;
        slot.item.as_deref().filter(|_| slot.uses == number >> SLOT_BITS)
    }

    /// Forgets an object. Nothing is done if the number is not this one's, as in another thread.
    pub(super) fn remove(&mut self, number: i64, item: &Arc<T>) {
        let Some(index) = index_of(number) else { return };
        let Some(slot) = self.slots.get_mut(index) else { return };
        if slot.item.as_ref().is_none_or(|held| !Arc::ptr_eq(held, item)) {
            return;
        }
        slot.item = None;
        slot.uses += 1;
        if slot.uses < MOST_USES {
            self.free.push(index);
        }
    }
}

fn index_of(number: i64) -> Option<usize> {
    usize::try_from(number & ((1 << SLOT_BITS) - 1)).ok()
}
