//! The file that is written: without its name until it is whole.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf, is_separator};

use same_file::Handle;

use super::failure::{failed, refused, with_code};
use super::source::Source;
use super::temporary::Temporary;
use crate::error::{Code, Error, Result};
use crate::folder;

/// A temporary file in the folder of the destination; removed unless it is placed.
#[derive(Debug)]
pub struct Destination {
    path: PathBuf,
    /// The last part of the path, as text.
    name: String,
    overwrite: bool,
    temporary: Temporary,
}

impl Destination {
    /// Checks the place, and makes the temporary file with mode 0600; without a source, what is
    /// written comes from elsewhere than a file.
    ///
    /// # Errors
    /// `FileExists` if there is a file and `overwrite` is not given; `File` for a folder, a symbolic
    /// link, the source itself, or a folder that does not exist; `DiskFull`.
    pub fn create(
        path: impl AsRef<Path>,
        overwrite: bool,
        source: Option<&Source>,
    ) -> Result<Self> {
        let path = path.as_ref();
        let failure = |error: io::Error| failed(path, "cannot be made", &error);
        // The working directory may change before the commit.
        let absolute = std::path::absolute(path).map_err(failure)?;
        let (Some(folder), Some(name)) = (absolute.parent(), absolute.file_name()) else {
            return Err(is_a_folder(path));
        };
        if path
            .as_os_str()
            .as_encoded_bytes()
            .last()
            .is_some_and(|last| is_separator(*last as char))
        {
            return Err(is_a_folder(path));
        }
        check_folder(path, folder)?;
        check_place(path, overwrite, source)?;
        let path = folder.join(name);
        let name = name.to_string_lossy().into_owned();
        let temporary = Temporary::make_in(folder, &name).map_err(failure)?;
        Ok(Self { path, name, overwrite, temporary })
    }

    /// Waits until what was written is on the disk (fsync).
    ///
    /// # Errors
    /// `DiskFull`; `File`.
    pub fn sync(&self) -> Result<()> {
        self.file().sync_all().map_err(|error| unwritable(&self.path, &error))
    }

    /// Puts the file, once it is on the disk, at its place.
    ///
    /// # Errors
    /// `FileExists` if another has put a file there meanwhile; `DiskFull`; `File`.
    pub fn place(self) -> Result<()> {
        let Self { path, name, overwrite, temporary } = self;
        temporary.place(&path, &name, overwrite).map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => exists(&path),
            _ => unwritable(&path, &error),
        })?;
        path.parent().map_or(Ok(()), folder::sync).map_err(|error| {
            failed(&path, "is written, but may not outlast a loss of power", &error)
        })
    }

    /// What a failed write to this file means.
    pub fn unwritable(&self, error: &io::Error) -> Error {
        unwritable(&self.path, error)
    }

    pub(super) fn file(&self) -> &File {
        self.temporary.file()
    }
}

impl io::Write for &Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A write that failed, below or at the destination.
pub(super) fn unwritable(path: &Path, error: &io::Error) -> Error {
    failed(path, "cannot be written", error)
}

fn check_folder(path: &Path, folder: &Path) -> Result<()> {
    match std::fs::metadata(folder) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(refused(path, "cannot be made: what should be its folder is none")),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(refused(path, "cannot be made: its folder does not exist; make it first"))
        }
        Err(error) => Err(failed(path, "cannot be made", &error)),
    }
}

fn check_place(path: &Path, overwrite: bool, source: Option<&Source>) -> Result<()> {
    let failure = |error: io::Error| failed(path, "cannot be checked", &error);
    let metadata = match std::fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failure(error)),
    };
    if metadata.is_symlink() {
        return Err(refused(path, "is a symbolic link; give the path of the file itself"));
    }
    if metadata.is_dir() {
        return Err(is_a_folder(path));
    }
    if !metadata.is_file() {
        return Err(refused(path, "is not a regular file; choose another name"));
    }
    if let Some(source) = source {
        let read = source.file().try_clone().and_then(Handle::from_file).map_err(failure)?;
        if Handle::from_path(path).map_err(failure)? == read {
            return Err(refused(path, "is the source itself; choose another name"));
        }
    }
    if overwrite { Ok(()) } else { Err(exists(path)) }
}

fn exists(path: &Path) -> Error {
    with_code(
        Code::FileExists,
        path,
        "exists already; choose another name, or allow `overwrite` (--force)",
    )
}

fn is_a_folder(path: &Path) -> Error {
    refused(path, "is a folder; give the path of a file")
}
