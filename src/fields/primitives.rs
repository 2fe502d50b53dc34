//! What a keyset does, as Tink does it: encrypt under the primary, decrypt under the key that the
//! ciphertext names.

use super::entry::{Key, Prefix, Primitive, unknown};
use super::key::{KeyMaterial, Kind};
use super::keyset::Keyset;
use crate::approved::check_approved;
use crate::crypto::{self, AeadKind, SIV_LENGTH, SealingKey};
use crate::error::{Code, Error, Result};

/// The length of a prefix: a version and the key id.
pub(super) const PREFIX_LENGTH: usize = 5;
/// The first byte of a prefix of the type TINK.
const TINK_START: u8 = 1;
/// The first byte of a prefix of the types LEGACY and CRUNCHY.
const LEGACY_START: u8 = 0;

impl Keyset {
    /// How much longer than its plaintext a ciphertext under the primary is, in bytes.
    ///
    /// # Errors
    /// `InvalidArgument` if the keyset does not encrypt.
    pub(crate) fn overhead(&self) -> Result<usize> {
        self.primary()?.overhead()
    }

    /// Encrypts into `output`, which is longer than `plaintext` by the overhead.
    ///
    /// # Errors
    /// `InvalidArgument` if the keyset is for another primitive.
    pub(crate) fn encrypt(&self, plaintext: &[u8], aad: &[u8], output: &mut [u8]) -> Result<()> {
        self.expect(Primitive::Aead)?;
        self.primary()?.encrypt(plaintext, aad, output)
    }

    /// Decrypts into the start of `output`, which has room for as many bytes as the ciphertext has;
    /// returns the plaintext's length.
    ///
    /// # Errors
    /// `InvalidArgument` if the keyset is for another primitive; `MalformedMessage` for too few bytes;
    /// `NoUsableKey` if no key has the ciphertext's prefix; `AuthenticationFailed`.
    pub(crate) fn decrypt(&self, sealed: &[u8], aad: &[u8], output: &mut [u8]) -> Result<usize> {
        self.expect(Primitive::Aead)?;
        self.decrypt_with(sealed, output, |key, body, output| key.open(body, aad, output))
    }

    /// As `encrypt`, but the same for the same plaintext and associated data.
    ///
    /// # Errors
    /// As `encrypt`.
    pub(crate) fn encrypt_deterministically(
        &self,
        plaintext: &[u8],
        aad: &[u8],
        output: &mut [u8],
    ) -> Result<()> {
        self.expect(Primitive::DeterministicAead)?;
        self.primary()?.encrypt(plaintext, aad, output)
    }

    /// Decrypts what `encrypt_deterministically` encrypted, as `decrypt` does.
    ///
    /// # Errors
    /// As `decrypt`.
    pub(crate) fn decrypt_deterministically(
        &self,
        sealed: &[u8],
        aad: &[u8],
        output: &mut [u8],
    ) -> Result<usize> {
        self.expect(Primitive::DeterministicAead)?;
        self.decrypt_with(sealed, output, |key, body, output| key.open(body, aad, output))
    }

    /// Fills `output` with the PRF of the input, under the key with this id or the primary.
    ///
    /// # Errors
    /// `InvalidArgument` if the keyset is for another primitive, or `output` is longer than what the
    /// key gives; `NoUsableKey` if there is no such key.
    pub(crate) fn prf(&self, id: Option<u32>, input: &[u8], output: &mut [u8]) -> Result<()> {
        self.expect(Primitive::Prf)?;
        let key = match id {
            None => self.primary()?,
            Some(id) => self.enabled().find(|key| key.id == id).ok_or_else(|| unknown(id))?,
        };
        key.material()?.prf(input, output)
    }

    /// Tries the keys whose prefix the ciphertext has, then all that have none.
    pub(super) fn decrypt_with(
        &self,
        sealed: &[u8],
        output: &mut [u8],
        open: impl Fn(&Key, &[u8], &mut [u8]) -> Result<usize>,
    ) -> Result<usize> {
        let key_id = key_id_of(sealed);
        let prefixed = self.enabled().filter_map(|key| {
            let start = key.prefix_bytes()?;
            sealed.strip_prefix(&start[..]).map(|body| (key, body))
        });
        let raw = self.enabled().filter(|key| key.prefix == Prefix::Raw);
        let mut tried = false;
        let mut failure = None;
        for (key, body) in prefixed.chain(raw.map(|key| (key, sealed))) {
            tried = true;
            match open(key, body, output) {
                Ok(length) => return Ok(length),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        match (tried, key_id, failure) {
            (true, _, Some(error)) => Err(error),
            (_, Some(id), _) => Err(unknown(id)),
            _ => Err(too_short_or_foreign()),
        }
    }

    fn expect(&self, primitive: Primitive) -> Result<()> {
        if self.primitive() == primitive {
            return Ok(());
        }
        let purpose = match self.primitive() {
            Primitive::Aead => "encrypts and decrypts",
            Primitive::DeterministicAead => "encrypts and decrypts deterministically",
            Primitive::Prf => "computes a PRF",
        };
        Err(Error::invalid(format!("this keyset {purpose}, and does nothing else")))
    }
}

impl Key {
    pub(super) fn overhead(&self) -> Result<usize> {
        let prefix = if self.prefix == Prefix::Raw { 0 } else { PREFIX_LENGTH };
        Ok(prefix + self.material()?.overhead()?)
    }

    pub(super) fn encrypt(&self, plaintext: &[u8], aad: &[u8], output: &mut [u8]) -> Result<()> {
        let body = match self.prefix_bytes() {
            None => output,
            Some(start) => {
                let (head, body) =
                    output.split_at_mut_checked(PREFIX_LENGTH).ok_or_else(no_room)?;
                head.copy_from_slice(&start);
                body
            }
        };
        self.material()?.seal(plaintext, aad, body)
    }

    /// Decrypts what follows the prefix, into the start of `output`.
    pub(super) fn open(&self, body: &[u8], aad: &[u8], output: &mut [u8]) -> Result<usize> {
        let material = self.material()?;
        let length =
            body.len().checked_sub(material.overhead()?).ok_or_else(too_short_or_foreign)?;
        let plaintext = output.get_mut(..length).ok_or_else(no_room)?;
        material.open(body, aad, plaintext)?;
        Ok(length)
    }

    pub(super) fn prefix_bytes(&self) -> Option<[u8; PREFIX_LENGTH]> {
        let start = match self.prefix {
            Prefix::Raw => return None,
            Prefix::Tink => TINK_START,
            Prefix::Legacy | Prefix::Crunchy => LEGACY_START,
        };
        let [a, b, c, d] = self.id.to_be_bytes();
        Some([start, a, b, c, d])
    }
}

impl KeyMaterial {
    fn overhead(&self) -> Result<usize> {
        match &self.kind {
            Kind::Aead(kind) => Ok(kind.overhead()),
            Kind::AesSiv => Ok(SIV_LENGTH),
            _ => Err(no_cipher()),
        }
    }

    /// Returns the key expanded for several values; an error for a key that is not an AEAD's.
    pub(super) fn expand(&self) -> Result<SealingKey> {
        self.check_approved()?;
        match &self.kind {
            Kind::Aead(kind) => SealingKey::new(*kind, self.key.expose()),
            _ => Err(no_cipher()),
        }
    }

    /// The other ciphers, and CMAC, are not AWS-LC's here; an HKDF of Tink's has no salt.
    fn check_approved(&self) -> Result<()> {
        let approved = matches!(self.kind, Kind::Aead(AeadKind::AesGcm) | Kind::HmacPrf(_));
        let subject = match &self.kind {
            Kind::AesSiv => "AES-SIV, which encrypts deterministically,",
            Kind::HkdfPrf { .. } | Kind::CmacPrf => "the PRF of this keyset's key",
            _ => "the cipher of this keyset's key",
        };
        let todo = "use AES128_GCM or AES256_GCM to encrypt, and HMAC_SHA256_PRF or HMAC_SHA512_PRF, or \
                    an index of a column, to find";
        check_approved(approved, subject, todo)
    }

    fn seal(&self, plaintext: &[u8], aad: &[u8], body: &mut [u8]) -> Result<()> {
        self.check_approved()?;
        match &self.kind {
            Kind::AesSiv => crypto::siv_seal(self.key.expose(), aad, plaintext, body),
            _ => self.expand()?.seal(aad, plaintext, body),
        }
    }

    fn open(&self, body: &[u8], aad: &[u8], plaintext: &mut [u8]) -> Result<()> {
        self.check_approved()?;
        let opened = match &self.kind {
            Kind::AesSiv => crypto::siv_open(self.key.expose(), aad, body, plaintext),
            _ => self.expand()?.open(aad, body, plaintext),
        };
        opened.map_err(|error| match error.code() {
            Code::AuthenticationFailed => not_authentic(),
            _ => error,
        })
    }

    pub(super) fn prf(&self, input: &[u8], output: &mut [u8]) -> Result<()> {
        self.check_approved()?;
        let key = self.key.expose();
        match &self.kind {
            Kind::HmacPrf(hash) => {
                check_length(output, hash.length())?;
                crypto::hmac(*hash, key, input, output)
            }
            Kind::HkdfPrf { hash, salt } => {
                let block = if *hash == crate::suite::Hash::Sha512 { 64 } else { 32 };
                check_length(output, 255 * block)?;
                crypto::hkdf(*hash, key, salt, input, output)
            }
            Kind::CmacPrf => {
                check_length(output, 16)?;
                let whole = crypto::cmac(key, input)?;
                output.copy_from_slice(&whole[..output.len()]);
                Ok(())
            }
            _ => Err(Error::invalid("this key computes no PRF")),
        }
    }
}

/// Returns the key id that a ciphertext begins with, if it has a prefix of some kind.
pub(super) fn key_id_of(sealed: &[u8]) -> Option<u32> {
    match sealed {
        [TINK_START | LEGACY_START, a, b, c, d, ..] => Some(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => None,
    }
}

fn check_length(output: &[u8], most: usize) -> Result<()> {
    if output.len() <= most {
        return Ok(());
    }
    Err(Error::invalid(format!("the key of this PRF gives at most {most} bytes")))
}

fn no_cipher() -> Error {
    Error::invalid("this key encrypts nothing")
}

fn no_room() -> Error {
    Error::new(Code::Internal, "the output has no room for the value")
}

fn not_authentic() -> Error {
    Error::new(
        Code::AuthenticationFailed,
        "the ciphertext was changed, or the associated data is not what it was encrypted with",
    )
}

fn too_short_or_foreign() -> Error {
    Error::malformed("the bytes are no ciphertext of this keyset: too few, or of something else")
}
