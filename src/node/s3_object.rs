//! Objects of the S3 Encryption Clients, read and written piece by piece.

use std::sync::Arc;

use napi::bindgen_prelude::{Buffer, PromiseRaw};
use napi::{Env, Result};
use napi_derive::napi;

use super::bytes::{self, Uint8ArraySlice};
use super::caller::{CallerOrId, spawn_for};
use super::client::commitment_policy;
use super::context::from_flat;
use super::error::to_napi;
use super::keyring::NativeKeyring;
use super::numbers::{to_js_length, to_js_number, to_u64};
use crate::error::{self, Error};
use crate::s3_object::{
    ContentDecryptor, ContentVerifier, Format, ObjectMetadata, ObjectReader, ObjectWriter,
    ReadPolicy, Storage,
};

/// The metadata of an object, parsed and checked; nothing of it is authenticated yet.
#[napi(js_name = "S3ObjectMetadata")]
pub struct NativeObjectMetadata(Arc<ObjectMetadata>);

/// Reads the content of one object.
#[napi(js_name = "S3ObjectReader")]
pub struct NativeObjectReader {
    reader: Arc<ObjectReader>,
    verifier: Option<ContentVerifier>,
    decryptor: Option<ContentDecryptor>,
}

/// Writes the content of one object.
#[napi(js_name = "S3ObjectWriter")]
pub struct NativeObjectWriter(ObjectWriter);

/// Which objects may be read.
#[napi(object)]
pub struct NativeReadPolicy {
    /// The commitment policy.
    pub commitment_policy: Option<String>,
    /// Whether old ways to wrap a data key are allowed.
    pub legacy_wrapping: bool,
    /// Whether AES-CBC is allowed.
    pub legacy_content: bool,
}

#[napi]
impl NativeObjectMetadata {
    /// From names and values in turn, and the text of an instruction file.
    #[napi(factory, catch_unwind)]
    pub fn parse(metadata: Vec<String>, instruction_file: Option<String>) -> Result<Self> {
        let mut flat = metadata.into_iter();
        let pairs = std::iter::from_fn(|| flat.next().zip(flat.next()));
        let parsed = ObjectMetadata::parse(pairs, instruction_file.as_deref());
        parsed.map(|metadata| Self(Arc::new(metadata))).map_err(to_napi)
    }

    /// Whether an object with metadata of these names needs its instruction file.
    #[napi]
    pub fn needs_instruction_file(names: Vec<String>) -> bool {
        ObjectMetadata::needs_instruction_file(names.iter().map(String::as_str))
    }

    /// `V1`, `V2` or `V3`.
    #[napi(getter)]
    pub fn format(&self) -> &'static str {
        self.0.format().name()
    }

    /// The algorithm of the content.
    #[napi(getter)]
    pub fn content_algorithm(&self) -> &'static str {
        self.0.content_algorithm()
    }

    /// The way in which the data key is wrapped.
    #[napi(getter)]
    pub fn wrapping_algorithm(&self) -> &'static str {
        self.0.wrapping_algorithm()
    }

    /// The description of the wrapping key, or the encryption context, as pairs.
    #[napi(getter)]
    pub fn description(&self) -> Vec<Vec<String>> {
        let pairs = self.0.description().iter();
        pairs.map(|(key, value)| vec![key.clone(), value.clone()]).collect()
    }

    /// Unwraps the data key.
    #[napi(catch_unwind, ts_return_type = "Promise<S3ObjectReader>")]
    pub fn open<'env>(
        &self,
        env: &'env Env,
        keyring: &NativeKeyring,
        policy: NativeReadPolicy,
        context: Vec<String>,
        caller: Option<CallerOrId<'_>>,
    ) -> Result<PromiseRaw<'env, NativeObjectReader>> {
        let (object, keyring) = (Arc::clone(&self.0), keyring.shared());
        let context = from_flat(context).map_err(to_napi)?;
        let policy = read_policy(&policy).map_err(to_napi)?;
        spawn_for(env, caller.as_ref(), async move {
            let reader = ObjectReader::open(&object, &policy, keyring.as_ref(), &context).await?;
            Ok(NativeObjectReader { reader: Arc::new(reader), verifier: None, decryptor: None })
        })
    }

    /// Wraps the data key again; resolves with pairs that replace those of the wrapped data key.
    #[allow(clippy::too_many_arguments)]
    #[napi(catch_unwind, ts_return_type = "Promise<Array<Array<string>>>")]
    pub fn rewrap<'env>(
        &self,
        env: &'env Env,
        keyring: &NativeKeyring,
        policy: NativeReadPolicy,
        context: Vec<String>,
        to: &NativeKeyring,
        new_context: Vec<String>,
        caller: Option<CallerOrId<'_>>,
    ) -> Result<PromiseRaw<'env, Vec<Vec<String>>>> {
        let object = Arc::clone(&self.0);
        let (keyring, to) = (keyring.shared(), to.shared());
        let context = from_flat(context).map_err(to_napi)?;
        let new_context = from_flat(new_context).map_err(to_napi)?;
        let policy = read_policy(&policy).map_err(to_napi)?;
        spawn_for(env, caller.as_ref(), async move {
            let (keyring, to) = (keyring.as_ref(), to.as_ref());
            let fields = object.rewrap(&policy, keyring, &context, to, &new_context).await?;
            Ok(fields.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect())
        })
    }
}

#[napi]
impl NativeObjectReader {
    /// Decrypts a whole body into an output of its length; returns the length of the plaintext.
    #[napi(catch_unwind)]
    pub fn decrypt_whole(
        &self,
        body: Uint8ArraySlice<'_>,
        mut output: Uint8ArraySlice<'_>,
    ) -> Result<i64> {
        let range = (0, to_js_length(body.len()));
        let decrypted = bytes::pair(&body, range, &mut output, 0)
            .and_then(|(body, output)| self.reader.decrypt_whole(body, output));
        decrypted.map(to_js_length).map_err(to_napi)
    }

    /// Lets `decrypt_ahead` take a body of this length.
    #[napi(catch_unwind)]
    pub fn begin_ahead(&mut self, body_length: i64) -> Result<()> {
        let decryptor = to_u64(body_length).and_then(|length| self.reader.decryptor_ahead(length));
        self.decryptor = Some(decryptor.map_err(to_napi)?);
        Ok(())
    }

    /// Takes the next bytes of the body, to verify them, and decrypts them; the output must be kept
    /// back, and wiped if not all verifies. Returns how many bytes it wrote.
    #[napi(catch_unwind)]
    pub fn decrypt_ahead(
        &mut self,
        body: Uint8ArraySlice<'_>,
        mut output: Uint8ArraySlice<'_>,
    ) -> Result<i64> {
        self.verifier().and_then(|verifier| verifier.update(&body)).map_err(to_napi)?;
        let range = (0, to_js_length(body.len()));
        let decrypted = bytes::pair(&body, range, &mut output, 0)
            .and_then(|(body, output)| self.decryptor()?.update(body, output));
        decrypted.map(to_js_length).map_err(to_napi)
    }

    /// Takes the next bytes of the body, to verify them.
    #[napi(catch_unwind)]
    pub fn verify(&mut self, body: Uint8ArraySlice<'_>) -> Result<()> {
        let verified = self.verifier().and_then(|verifier| verifier.update(&body));
        verified.map_err(to_napi)
    }

    /// The length of the plaintext, once all of the body has verified.
    #[napi(catch_unwind)]
    pub fn verified(&mut self) -> Result<i64> {
        self.finish_verifying().map_err(to_napi)
    }

    /// Decrypts the next bytes of a body that has verified in place; returns how many of them are
    /// plaintext then.
    #[napi(catch_unwind)]
    pub fn decrypt(&mut self, mut bytes: Uint8ArraySlice<'_>) -> Result<i64> {
        let decrypted = bytes::writable(&mut bytes, 0)
            .and_then(|bytes| self.decryptor()?.update_in_place(bytes));
        decrypted.map(to_js_length).map_err(to_napi)
    }

    /// Lets `decrypt` take bytes of the body from this offset on, although nothing verifies them.
    #[napi(catch_unwind)]
    pub fn decrypt_unauthenticated(&mut self, offset: i64, length: i64) -> Result<()> {
        let number =
            |value| u64::try_from(value).map_err(|_| Error::invalid("a range is negative"));
        let decryptor = number(offset)
            .and_then(|offset| self.reader.unauthenticated_decryptor(offset, number(length)?));
        self.decryptor = Some(decryptor.map_err(to_napi)?);
        Ok(())
    }

    fn verifier(&mut self) -> error::Result<&mut ContentVerifier> {
        match &mut self.verifier {
            Some(verifier) => Ok(verifier),
            none => Ok(none.insert(self.reader.verifier()?)),
        }
    }

    fn decryptor(&mut self) -> error::Result<&mut ContentDecryptor> {
        self.decryptor.as_mut().ok_or_else(|| {
            Error::invalid("nothing is decrypted before all of the object has verified")
        })
    }

    fn finish_verifying(&mut self) -> error::Result<i64> {
        self.verifier()?;
        let Some(verifier) = self.verifier.take() else { return Ok(0) };
        let length = verifier.finish()?;
        self.decryptor = Some(self.reader.decryptor(length)?);
        Ok(to_js_number(length))
    }
}

/// Makes a data key for a new object.
#[napi(catch_unwind, ts_return_type = "Promise<S3ObjectWriter>")]
pub fn create_s3_object_writer<'env>(
    env: &'env Env,
    keyring: &NativeKeyring,
    format: String,
    in_instruction_file: bool,
    policy: Option<String>,
    context: Vec<String>,
    caller: Option<CallerOrId<'_>>,
) -> Result<PromiseRaw<'env, NativeObjectWriter>> {
    let keyring = keyring.shared();
    let context = from_flat(context).map_err(to_napi)?;
    let policy = commitment_policy(policy.as_deref()).map_err(to_napi)?;
    let format = if format == "V2" { Format::V2 } else { Format::V3 };
    let storage = if in_instruction_file { Storage::InstructionFile } else { Storage::Metadata };
    spawn_for(env, caller.as_ref(), async move {
        let writer = ObjectWriter::create(format, storage, policy, keyring.as_ref(), &context);
        writer.await.map(NativeObjectWriter)
    })
}

#[napi]
impl NativeObjectWriter {
    /// The metadata of the object, as pairs.
    #[napi(getter)]
    pub fn metadata(&self) -> Vec<Vec<String>> {
        let pairs = self.0.metadata().iter();
        pairs.map(|(name, value)| vec![(*name).to_owned(), value.clone()]).collect()
    }

    /// The text of its instruction file, if it gets one.
    #[napi(getter)]
    pub fn instruction_file(&self) -> Option<String> {
        self.0.instruction_file().map(str::to_owned)
    }

    /// Encrypts the next bytes into an output of the same length.
    #[napi(catch_unwind)]
    pub fn update(
        &mut self,
        plaintext: Uint8ArraySlice<'_>,
        mut output: Uint8ArraySlice<'_>,
    ) -> Result<()> {
        let range = (0, to_js_length(plaintext.len()));
        let written = bytes::pair(&plaintext, range, &mut output, 0)
            .and_then(|(plaintext, output)| self.0.update(plaintext, output));
        written.map_err(to_napi)
    }

    /// The last bytes of the body.
    #[napi(catch_unwind)]
    pub fn finish(&mut self) -> Result<Buffer> {
        self.0.finish().map(|tag| tag.to_vec().into()).map_err(to_napi)
    }
}

fn read_policy(policy: &NativeReadPolicy) -> error::Result<ReadPolicy> {
    Ok(ReadPolicy {
        commitment: commitment_policy(policy.commitment_policy.as_deref())?,
        legacy_wrapping: policy.legacy_wrapping,
        legacy_content: policy.legacy_content,
    })
}
