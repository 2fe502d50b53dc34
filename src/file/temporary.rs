//! A file that is not finished: without a name where the system has such files.
//!
//! Linux: `O_TMPFILE`, linked to its place at the end. No process that ends, however it ends, leaves
//! anything. Elsewhere, and on file systems that do not have it: a name that [`Unfinished`] keeps.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

use super::unfinished::Unfinished;

/// The most characters of the final name that a temporary name repeats: with up to 4 bytes each, the
/// whole stays within the 255 bytes that most file systems allow.
const MAX_NAME_CHARS: usize = 40;

/// A file that is removed when it is dropped, unless it was put in place.
#[derive(Debug)]
pub(super) enum Temporary {
    #[cfg(target_os = "linux")]
    Unnamed(File),
    Named(NamedTempFile<(Unfinished, File)>),
}

impl Temporary {
    /// Makes one in the folder, with mode 0600; `name` is what it is to be called.
    pub(super) fn make_in(folder: &Path, name: &str) -> io::Result<Self> {
        #[cfg(target_os = "linux")]
        if let Some(file) = unnamed::make_in(folder)? {
            return Ok(Self::Unnamed(file));
        }
        Ok(Self::Named(named_in(folder, name)?))
    }

    pub(super) fn file(&self) -> &File {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => file,
            Self::Named(named) => &named.as_file().1,
        }
    }

    /// Gives the file, which is finished and on the disk, its name; an existing one is replaced in
    /// one step, or with `overwrite` off is an error.
    pub(super) fn place(self, path: &Path, name: &str, overwrite: bool) -> io::Result<()> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Unnamed(file) => unnamed::place(&file, path, name, overwrite),
            Self::Named(named) => place(named, path, overwrite),
        }
    }
}

fn named_in(folder: &Path, name: &str) -> io::Result<NamedTempFile<(Unfinished, File)>> {
    with_temporary_name(folder, name, |path| {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path)
    })
}

/// Chooses names that do not exist until `make` succeeds with one; returns the name and what was made.
fn with_temporary_name<T>(
    folder: &Path,
    name: &str,
    mut make: impl FnMut(&Path) -> io::Result<T>,
) -> io::Result<NamedTempFile<(Unfinished, T)>> {
    let short_name: String = name.chars().take(MAX_NAME_CHARS).collect();
    tempfile::Builder::new()
        .prefix(&format!(".{short_name}."))
        .suffix(".tmp")
        .make_in(folder, |path| Unfinished::make(path, || make(path)))
}

fn place<T>(named: NamedTempFile<T>, path: &Path, overwrite: bool) -> io::Result<()> {
    let placed = if overwrite { named.persist(path) } else { named.persist_noclobber(path) };
    placed.map(drop).map_err(io::Error::from)
}

#[cfg(target_os = "linux")]
mod unnamed {
    use std::fs::{File, OpenOptions};
    use std::io::{self, ErrorKind, Seek};
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::OpenOptionsExt;
    use std::path::Path;

    use rustix::fs::{AtFlags, CWD, linkat};
    use rustix::io::Errno;

    use super::{named_in, place as rename, with_temporary_name};

    /// A file without a name; none where the kernel or the file system has no such files.
    pub(super) fn make_in(folder: &Path) -> io::Result<Option<File>> {
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .mode(0o600)
            .custom_flags(libc::O_TMPFILE)
            .open(folder);
        match opened.as_ref().map_err(Errno::from_io_error) {
            // An old kernel takes it for a folder that is to be opened; others do not know the flag.
            Err(Some(
                Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL | Errno::NOENT | Errno::NOSYS,
            )) => Ok(None),
            _ => opened.map(Some),
        }
    }

    pub(super) fn place(file: &File, path: &Path, name: &str, overwrite: bool) -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("/"));
        let linked = if overwrite {
            // A link replaces nothing, and a rename needs a name.
            with_temporary_name(folder, name, |temporary| link(file, temporary))
                .and_then(|named| rename(named, path, true))
        } else {
            link(file, path)
        };
        match linked {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                copy(file, path, name, overwrite)
            }
            linked => linked,
        }
    }

    /// As open(2) says under `O_TMPFILE`; it needs `/proc`.
    fn link(file: &File, path: &Path) -> io::Result<()> {
        let descriptor = format!("/proc/self/fd/{}", file.as_raw_fd());
        Ok(linkat(CWD, descriptor, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
    }

    /// Copies the file to its place where linking fails, as without `/proc`. It is finished by now, so that
    /// the copy may have a name.
    pub(super) fn copy(
        mut file: &File,
        path: &Path,
        name: &str,
        overwrite: bool,
    ) -> io::Result<()> {
        let folder = path.parent().unwrap_or(Path::new("/"));
        let named = named_in(folder, name)?;
        file.rewind()?;
        io::copy(&mut file, &mut &named.as_file().1)?;
        named.as_file().1.sync_all()?;
        rename(named, path, overwrite)
    }
}

#[cfg(test)]
mod tests;
