//! A file that the command line writes piece by piece: whole at its place, or not at all.

use std::io::Write;

use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Result};
use napi_derive::napi;

use super::bytes::Uint8ArraySlice;
use super::ending;
use super::error::to_napi;
use super::file::blocking;
use super::runtime::spawn;
use crate::error::{Code, Error};
use crate::file::Destination;

/// A file that is being written.
#[napi]
pub struct NewFile(Option<Destination>);

#[napi]
impl NewFile {
    /// Checks the place, and begins a file for it, with mode 0600.
    #[napi(factory, catch_unwind)]
    pub fn create(path: String, overwrite: bool) -> Result<Self> {
        ending::prepare();
        Destination::create(path, overwrite, None).map(|file| Self(Some(file))).map_err(to_napi)
    }

    /// Writes the next bytes.
    #[napi(catch_unwind)]
    pub fn write(&mut self, bytes: Uint8ArraySlice<'_>) -> Result<()> {
        let mut file = self.0.as_ref().ok_or_else(ended)?;
        file.write_all(&bytes).map_err(|error| to_napi(file.unwritable(&error)))
    }

    /// Puts the file, once it is on the disk, at its place.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn place<'env>(&mut self, env: &'env Env) -> Result<PromiseRaw<'env, ()>> {
        let file = self.0.take().ok_or_else(ended)?;
        spawn(env, async move {
            blocking(move || file.sync().and_then(|()| file.place())).await.map_err(to_napi)
        })
    }

    /// Gives it up, and leaves nothing behind.
    #[napi(catch_unwind)]
    pub fn discard(&mut self) {
        self.0 = None;
    }
}

fn ended() -> napi::Error {
    to_napi(Error::new(Code::Internal, "the file has been placed or given up"))
}
