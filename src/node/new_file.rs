//! A file that is written piece by piece: whole at its place, or not at all.

use std::io::Write;
use std::sync::Arc;

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
pub struct NewFile(Option<Arc<Destination>>);

#[napi]
impl NewFile {
    /// Checks the place, and begins a file for it, with mode 0600.
    #[napi(factory, catch_unwind)]
    pub fn create(path: String, overwrite: bool) -> Result<Self> {
        ending::prepare();
        Destination::create(path, overwrite, None)
            .map(|file| Self(Some(Arc::new(file))))
            .map_err(to_napi)
    }

    /// Copies the next bytes at once, and writes them on another thread; to be called again when that has
    /// ended.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn append<'env>(
        &self,
        env: &'env Env,
        bytes: Uint8ArraySlice<'_>,
    ) -> Result<PromiseRaw<'env, ()>> {
        let file = Arc::clone(self.0.as_ref().ok_or_else(ended)?);
        let bytes = bytes.to_vec();
        spawn(env, async move {
            let write = move || (&*file).write_all(&bytes).map_err(|error| file.unwritable(&error));
            blocking(write).await.map_err(to_napi)
        })
    }

    /// Puts the file, once it is on the disk, at its place.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn place<'env>(&mut self, env: &'env Env) -> Result<PromiseRaw<'env, ()>> {
        let file = self.0.take().and_then(Arc::into_inner).ok_or_else(ended)?;
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
    to_napi(Error::new(Code::Internal, "the file has been placed or given up, or is being written"))
}
