//! The start of a message: now, if no service must be asked for a key, or later.

use std::sync::Arc;

use napi::bindgen_prelude::{Either, Either3, Function, FunctionCallContext, PromiseRaw};
use napi::{Env, Result};
use napi_derive::napi;

use super::bytes::{self, Uint8ArraySlice};
use super::caller::{CallerOrId, spawn_for};
use super::client::NativeClient;
use super::context::{from_flat, from_texts};
use super::error::to_napi;
use super::guard::message_finished;
use super::numbers::{to_js_length, to_u64};
use super::transform::NativeTransform;
use crate::context::EncryptionContext;
use crate::error::{self, Error};
use crate::operation::{Operation, Reader, Start, Writer};

/// What starts later: its arguments were converted and checked, and no service has been asked yet.
#[napi]
pub struct PendingStart {
    operation: Option<Operation>,
    would_block: Error,
}

/// A transform, or what gives it later.
pub(super) type NativeStart = Either<NativeTransform, PendingStart>;
/// The length of a message that was written, or plaintext that was read, as a whole; or what does it.
type WholeOrStart = Either3<i64, NativeTransform, PendingStart>;
/// A function of one short input; Rust never calls it, so its arguments are not among its types.
type Short<'env> = Function<'env, (), WholeOrStart>;

#[napi]
impl PendingStart {
    /// Starts as soon as the keyrings have answered.
    #[napi(catch_unwind, ts_return_type = "Promise<Transform>")]
    pub fn run<'env>(
        &mut self,
        env: &'env Env,
        caller: Option<CallerOrId<'_>>,
    ) -> Result<PromiseRaw<'env, NativeTransform>> {
        let operation = self.operation.take().ok_or_else(|| to_napi(message_finished()))?;
        spawn_for(env, caller.as_ref(), async move {
            operation.start().await.map(NativeTransform::from)
        })
    }

    /// Fails with the reason why a caller who cannot wait gets nothing.
    #[napi(catch_unwind)]
    pub fn refuse(&self) -> Result<()> {
        Err(to_napi(self.would_block.clone()))
    }
}

/// Starts a message; its plaintext has this length, in bytes, where it is known.
#[napi(catch_unwind, ts_return_type = "Transform | PendingStart")]
pub fn start_encryption(
    client: &NativeClient,
    context: Vec<String>,
    plaintext_length: Option<i64>,
) -> Result<NativeStart> {
    let start = || {
        let plaintext_length = plaintext_length.map(to_u64).transpose()?;
        encryption(client, context, plaintext_length)?.start_now()
    };
    start().map(native).map_err(to_napi)
}

/// Starts to read a message that lies in memory as a whole and must have the expected context.
#[napi(catch_unwind, ts_return_type = "Transform | PendingStart")]
pub fn start_decryption(
    client: &NativeClient,
    message: Uint8ArraySlice<'_>,
    expected_context: Vec<String>,
) -> Result<NativeStart> {
    let start = || {
        let reader = reader(client, &message, expected_context)?;
        Operation::decryption(reader).start_now()
    };
    start().map(native).map_err(to_napi)
}

/// Starts to read a message that lies in memory as a whole, and to write another; without a new
/// context that gets the old one's.
#[napi(catch_unwind, ts_return_type = "Transform | PendingStart")]
pub fn start_re_encryption(
    client: &NativeClient,
    message: Uint8ArraySlice<'_>,
    expected_context: Vec<String>,
    new_client: &NativeClient,
    new_context: Option<Vec<String>>,
) -> Result<NativeStart> {
    let start = || {
        let reader = reader(client, &message, expected_context)?;
        Operation::re_encryption(reader, writer(new_client, new_context)?).start_now()
    };
    start().map(native).map_err(to_napi)
}

/// Returns a function that writes a short message with the context in `texts[..textsEnd]` to `output` and
/// returns its length, in one call and without an object, which would cost more than the rest; or, where
/// `output` has no room, returns what writes it.
///
/// A function of its own, as `short_decrypter` is: to find a client, and to note that it is in use, takes
/// Node-API as long as to seal the data.
#[napi(
    catch_unwind,
    ts_return_type = "(input: Uint8Array, output: Uint8Array, texts: Uint8Array, textsEnd: number) => number | Transform | PendingStart"
)]
pub fn short_encrypter<'env>(env: &'env Env, client: &NativeClient) -> Result<Short<'env>> {
    let client = client.shared();
    env.create_function_from_closure("encryptShort", move |call: FunctionCallContext<'_>| {
        let (input, mut output) = (call.get::<Uint8ArraySlice<'_>>(0)?, call.get(1)?);
        let encrypt = |context| {
            let writer = Writer { client: Arc::clone(&client), context: Some(context) };
            let encryption = Operation::encryption(writer, Some(input.len() as u64));
            run_if_room(encryption.start_now()?, &input, &mut output)
        };
        context_of_call(&call)?.and_then(encrypt).map_err(to_napi)
    })
}

/// Returns a function that writes the plaintext of a short message, which must have the context in
/// `texts[..textsEnd]`, to `output` and returns its length, in one call and without an object; or, where
/// `output` has no room, returns what writes it.
///
/// After an error nothing of the plaintext is left. Bytes of `output` behind the plaintext's place stay
/// as they were.
#[napi(
    catch_unwind,
    ts_return_type = "(message: Uint8Array, output: Uint8Array, texts: Uint8Array, textsEnd: number) => number | Transform | PendingStart"
)]
pub fn short_decrypter<'env>(env: &'env Env, client: &NativeClient) -> Result<Short<'env>> {
    let client = client.shared();
    env.create_function_from_closure("decryptShort", move |call: FunctionCallContext<'_>| {
        let (message, mut output) = (call.get::<Uint8ArraySlice<'_>>(0)?, call.get(1)?);
        let decrypt = |expected_context| {
            let reader = Reader::of_message(Arc::clone(&client), &message, &expected_context)?;
            run_if_room(Operation::decryption(reader).start_now()?, &message, &mut output)
        };
        context_of_call(&call)?.and_then(decrypt).map_err(to_napi)
    })
}

pub(super) fn native(start: Start) -> NativeStart {
    match start {
        Start::Now(started) => Either::A(started.into()),
        Start::Later(operation, would_block) => {
            Either::B(PendingStart { operation: Some(operation), would_block })
        }
    }
}

pub(super) fn writer(client: &NativeClient, context: Option<Vec<String>>) -> error::Result<Writer> {
    Ok(Writer { client: client.shared(), context: context.map(from_flat).transpose()? })
}

fn encryption(
    client: &NativeClient,
    context: Vec<String>,
    plaintext_length: Option<u64>,
) -> error::Result<Operation> {
    Ok(Operation::encryption(writer(client, Some(context))?, plaintext_length))
}

fn reader(
    client: &NativeClient,
    message: &[u8],
    expected_context: Vec<String>,
) -> error::Result<Reader> {
    Reader::of_message(client.shared(), message, &from_flat(expected_context)?)
}

/// Returns the context of a call, of which the third argument holds the texts, up to the fourth; most have
/// none, and need no array.
fn context_of_call(call: &FunctionCallContext<'_>) -> Result<error::Result<EncryptionContext>> {
    let texts_end = call.get(3)?;
    if texts_end == 0 {
        return Ok(Ok(EncryptionContext::default()));
    }
    let texts = call.get::<Uint8ArraySlice<'_>>(2)?;
    Ok(bytes::part(&texts, (0, texts_end)).and_then(from_texts))
}

fn run_if_room(
    start: Start,
    input: &Uint8ArraySlice<'_>,
    output: &mut Uint8ArraySlice<'_>,
) -> error::Result<WholeOrStart> {
    let started = match start {
        Start::Now(started) => started,
        later => return Ok(unless_whole(later)),
    };
    let room = started.output_length(input)?;
    if room > output.len() {
        return Ok(unless_whole(Start::Now(started)));
    }
    let whole = (0, to_js_length(input.len()));
    let (input, output) = bytes::pair(input, whole, output, 0)?;
    // A failure wipes what it is given, and must leave alone what lies behind.
    started.run_whole(input, &mut output[..room]).map(|written| Either3::A(to_js_length(written)))
}

fn unless_whole(start: Start) -> WholeOrStart {
    match native(start) {
        Either::A(transform) => Either3::B(transform),
        Either::B(pending) => Either3::C(pending),
    }
}
