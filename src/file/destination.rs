//! The file that is written: beside its place until it is whole.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf, is_separator};

use same_file::Handle;
use tempfile::NamedTempFile;

use super::failure::{failed, refused, with_code};
use super::source::Source;
use crate::error::{Code, Error, Result};

/// So that the temporary name stays within the 255 bytes of most file systems, at 4 bytes each.
const MAX_NAME_CHARS: usize = 40;

/// A temporary file in the folder of the destination; removed unless it is committed.
#[derive(Debug)]
pub struct Destination {
    path: PathBuf,
    folder: PathBuf,
    overwrite: bool,
    temporary: NamedTempFile,
}

impl Destination {
    /// Checks the place, and makes the temporary file with mode 0600.
    ///
    /// # Errors
    /// `FileExists` if there is a file and `overwrite` is not given; `File` for a folder, a symbolic
    /// link, the source itself, or a folder that does not exist; `DiskFull`.
    pub fn create(path: impl AsRef<Path>, overwrite: bool, source: &Source) -> Result<Self> {
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
        let short_name: String = name.to_string_lossy().chars().take(MAX_NAME_CHARS).collect();
        let temporary = tempfile::Builder::new()
            .prefix(&format!(".{short_name}."))
            .suffix(".tmp")
            .tempfile_in(folder)
            .map_err(failure)?;
        Ok(Self { path: folder.join(name), folder: folder.to_owned(), overwrite, temporary })
    }

    /// Puts the file, once it is on the disk, at its place.
    ///
    /// # Errors
    /// `FileExists` if another has put a file there meanwhile; `DiskFull`; `File`.
    pub fn commit(self) -> Result<()> {
        let Self { path, folder, overwrite, temporary } = self;
        temporary.as_file().sync_all().map_err(|error| unwritable(&path, &error))?;
        let placed =
            if overwrite { temporary.persist(&path) } else { temporary.persist_noclobber(&path) };
        placed.map_err(|failure| match failure.error.kind() {
            ErrorKind::AlreadyExists => exists(&path),
            _ => unwritable(&path, &failure.error),
        })?;
        sync_folder(&folder).map_err(|error| {
            failed(&path, "is written, but may not outlast a loss of power", &error)
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn file(&self) -> &File {
        self.temporary.as_file()
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

fn check_place(path: &Path, overwrite: bool, source: &Source) -> Result<()> {
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
    let read = source.file().try_clone().and_then(Handle::from_file).map_err(failure)?;
    if Handle::from_path(path).map_err(failure)? == read {
        return Err(refused(path, "is the source itself; choose another name"));
    }
    if overwrite { Ok(()) } else { Err(exists(path)) }
}

fn exists(path: &Path) -> Error {
    with_code(Code::FileExists, path, "exists already; choose another name, or allow `overwrite`")
}

fn is_a_folder(path: &Path) -> Error {
    refused(path, "is a folder; give the path of a file")
}

/// A new name is on the disk only once its folder is.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    match synced.as_ref().map_err(io::Error::kind) {
        // Some file systems cannot, and some folders may be written but not read.
        Err(ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::PermissionDenied) => {
            Ok(())
        }
        _ => synced,
    }
}

/// Windows opens no folder as a file; its journal keeps the names.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
