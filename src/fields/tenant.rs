//! The keysets of a tenant, and the steps in the life of their keys.
//!
//! A process sees a change after at most `refresh_ms`. So each step of a key waits twice that time
//! after the one before, for clocks that differ: to be promoted after it was added, to be disabled
//! after another was promoted, to be destroyed after it was disabled. Then no process writes under a
//! key that another one cannot read.

use prost::Message;
use zeroize::Zeroizing;

use super::entry::{Primitive, unknown};
use super::key::{KeyType, malformed};
use super::keyset::Keyset;
use super::proto;
use crate::error::{Code, Error, Result};

/// What a keyset of a tenant is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Encryption,
    Deterministic,
    Index,
}

impl Purpose {
    pub(crate) const ALL: [Self; 3] = [Self::Encryption, Self::Deterministic, Self::Index];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Encryption => "encryption",
            Self::Deterministic => "deterministic",
            Self::Index => "index",
        }
    }

    fn primitive(self) -> Primitive {
        match self {
            Self::Encryption => Primitive::Aead,
            Self::Deterministic => Primitive::DeterministicAead,
            Self::Index => Primitive::Prf,
        }
    }
}

/// The keysets of a tenant, one for each purpose.
#[derive(Clone)]
pub(crate) struct TenantKeys {
    keysets: [Keyset; 3],
    /// When each key took its last step.
    steps: Vec<proto::KeyStep>,
    refresh_ms: u64,
}

/// A step in the life of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Promote,
    Enable,
    Disable,
    Destroy,
}

impl TenantKeys {
    /// Fresh keysets; `encryption` is the type of the keys that encrypt.
    pub(crate) fn generate(encryption: KeyType, refresh_ms: u64) -> Result<Self> {
        let types = [encryption, KeyType::Aes256Siv, KeyType::HmacSha256Prf];
        loop {
            let [a, b, c] = types.map(Keyset::generate);
            let keysets = [a?, b?, c?];
            check_primitives(&keysets)?;
            let fresh = Self { keysets, steps: Vec::new(), refresh_ms };
            if fresh.has_unique_ids() {
                return Ok(fresh);
            }
        }
    }

    /// The keysets from the bytes that `write` gave.
    ///
    /// # Errors
    /// `MalformedKeyset`.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        let read = proto::TenantKeys::decode(bytes)
            .map_err(|_| malformed("the message does not hold the keysets of a tenant"))?;
        let keyset = |keyset: Option<proto::Keyset>| {
            keyset
                .ok_or_else(|| malformed("a keyset of the tenant is missing"))
                .and_then(Keyset::from_proto)
        };
        let keysets = [keyset(read.encryption)?, keyset(read.deterministic)?, keyset(read.index)?];
        check_primitives(&keysets)?;
        Ok(Self { keysets, steps: read.step, refresh_ms: read.refresh_ms })
    }

    /// The keysets as bytes, to be encrypted.
    pub(crate) fn write(&self) -> Result<Zeroizing<Vec<u8>>> {
        let [a, b, c] = &self.keysets;
        let mut message = proto::TenantKeys {
            encryption: Some(a.to_proto()?),
            deterministic: Some(b.to_proto()?),
            index: Some(c.to_proto()?),
            step: self.steps.clone(),
            refresh_ms: self.refresh_ms,
        };
        // With room for all, so that no part of it is left where it was written first.
        let mut bytes = Zeroizing::new(Vec::with_capacity(message.encoded_len()));
        message.encode(&mut *bytes).map_err(|_| malformed("it cannot be written"))?;
        for keyset in [&mut message.encryption, &mut message.deterministic, &mut message.index] {
            keyset.iter_mut().for_each(proto::Keyset::wipe);
        }
        Ok(bytes)
    }

    pub(crate) fn keyset(&self, purpose: Purpose) -> &Keyset {
        &self.keysets[purpose as usize]
    }

    pub(crate) fn refresh_ms(&self) -> u64 {
        self.refresh_ms
    }

    /// With one more key, which may be promoted later; and its id.
    pub(crate) fn with_key(
        &self,
        purpose: Purpose,
        key_type: KeyType,
        now_ms: u64,
    ) -> Result<(Self, u32)> {
        loop {
            let (keyset, id) = self.keyset(purpose).with_key(key_type)?;
            let changed = self.changed(purpose, keyset);
            if changed.has_unique_ids() {
                return Ok((changed.stepped(id, now_ms), id));
            }
        }
    }

    /// With a step taken by the key with this id.
    ///
    /// # Errors
    /// `KeyTooNew` before its time, unless `force`; `NoUsableKey`; and as the keyset says.
    pub(crate) fn with_step(&self, step: Step, id: u32, now_ms: u64, force: bool) -> Result<Self> {
        let purpose = self.purpose_of(id)?;
        let keyset = self.keyset(purpose);
        let changed = match step {
            Step::Promote => keyset.with_primary(id)?,
            Step::Enable => keyset.with_enabled(id, true)?,
            Step::Disable => keyset.with_enabled(id, false)?,
            Step::Destroy => keyset.without(id)?,
        };
        if step != Step::Enable && !force {
            self.check_time(id, now_ms)?;
        }
        let changed = self.changed(purpose, changed);
        Ok(match step {
            Step::Promote if keyset.primary_id() == id => self.clone(),
            // The one that was primary waits, too, before it is disabled.
            Step::Promote => changed.stepped(keyset.primary_id(), now_ms).stepped(id, now_ms),
            Step::Destroy => changed.without_step(id),
            Step::Enable | Step::Disable => changed.stepped(id, now_ms),
        })
    }

    /// How long until the key with this id may take its next step, in milliseconds.
    pub(crate) fn wait_ms(&self, id: u32, now_ms: u64) -> u64 {
        let step = self.steps.iter().find(|step| step.key_id == id);
        let due = step.map_or(0, |step| step.time_ms.saturating_add(2 * self.refresh_ms));
        due.saturating_sub(now_ms).min(2 * self.refresh_ms)
    }

    /// Continues the counts of `before`, for a process that replaces its keys by these.
    pub(crate) fn carry_counts(&mut self, before: &Self) {
        for (keyset, before) in self.keysets.iter_mut().zip(&before.keysets) {
            keyset.carry_counts(before);
        }
    }

    fn changed(&self, purpose: Purpose, keyset: Keyset) -> Self {
        let mut changed = self.clone();
        changed.keysets[purpose as usize] = keyset;
        changed
    }

    fn purpose_of(&self, id: u32) -> Result<Purpose> {
        let holds = |purpose: &Purpose| self.keyset(*purpose).info().iter().any(|key| key.id == id);
        Purpose::ALL.into_iter().find(holds).ok_or_else(|| unknown(id))
    }

    fn has_unique_ids(&self) -> bool {
        let mut ids: Vec<_> =
            self.keysets.iter().flat_map(Keyset::info).map(|key| key.id).collect();
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        ids.len() == count
    }

    fn check_time(&self, id: u32, now_ms: u64) -> Result<()> {
        match self.wait_ms(id, now_ms) {
            0 => Ok(()),
            wait => Err(Error::new(
                Code::KeyTooNew,
                format!(
                    "key {id} changed a short time ago, and not every process may know it yet; try \
                     again in {wait} ms"
                ),
            )),
        }
    }

    fn stepped(mut self, id: u32, now_ms: u64) -> Self {
        self = self.without_step(id);
        self.steps.push(proto::KeyStep { key_id: id, time_ms: now_ms });
        self
    }

    fn without_step(mut self, id: u32) -> Self {
        self.steps.retain(|step| step.key_id != id);
        self
    }
}

fn check_primitives(keysets: &[Keyset; 3]) -> Result<()> {
    let fits = Purpose::ALL.iter().zip(keysets);
    if fits.into_iter().all(|(purpose, keyset)| keyset.primitive() == purpose.primitive()) {
        return Ok(());
    }
    Err(malformed("the keysets of the tenant are for other primitives"))
}
