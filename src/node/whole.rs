//! Short messages as a whole, in one call and without an object: that would cost more than the rest.

use napi::Result;
use napi::bindgen_prelude::{Either3, Null};
use napi_derive::napi;

use super::bytes::{self, Uint8ArraySlice};
use super::client::NativeClient;
use super::context::from_flat;
use super::encryptor::NativeEncryptor;
use super::error::to_napi;
use super::header::read_header;
use crate::error;

/// Writes a message to `output` and returns its length; or, where `output` has no room, returns what
/// writes it; or null, if a service must be asked first.
#[napi(catch_unwind)]
pub fn seal_now(
    client: &NativeClient,
    context: Vec<String>,
    input: Uint8ArraySlice<'_>,
    mut output: Uint8ArraySlice<'_>,
) -> Result<Either3<i64, NativeEncryptor, Null>> {
    let seal = || -> error::Result<Either3<i64, NativeEncryptor, Null>> {
        let length = input.len();
        let encryptor = client.get().encryptor_now(from_flat(context)?, Some(length as u64))?;
        let Some(encryptor) = encryptor else { return Ok(Either3::C(Null)) };
        if encryptor.message_length(length)? > output.len() {
            return Ok(Either3::B(NativeEncryptor::of(encryptor)));
        }
        let whole = (0, bytes::length(length));
        let (input, output) = bytes::pair(&input, whole, &mut output, 0)?;
        encryptor.seal(input, output).map(|written| Either3::A(bytes::length(written)))
    };
    seal().map_err(to_napi)
}

/// Writes the plaintext of a message to `output`, which has room for as many bytes as the message
/// has, and returns its length; nothing if a service must be asked first.
///
/// After an error nothing of the plaintext is left.
#[napi(catch_unwind)]
pub fn open_now(
    client: &NativeClient,
    message: Uint8ArraySlice<'_>,
    given_context: Vec<String>,
    mut output: Uint8ArraySlice<'_>,
) -> Result<Option<i64>> {
    let client = client.get();
    let open = || -> error::Result<Option<i64>> {
        let accepted = read_header(client, &message, given_context)?;
        let Some(decryptor) = client.decryptor_now(&accepted)? else { return Ok(None) };
        let body = (bytes::length(accepted.header().length), bytes::length(message.len()));
        let (body, output) = bytes::pair(&message, body, &mut output, 0)?;
        decryptor.open(body, output).map(|written| Some(bytes::length(written)))
    };
    open().map_err(to_napi)
}
