//! Makes the names in a folder outlast a loss of power.

use std::io;
use std::path::Path;

/// Waits until the names in the folder are on the disk (fsync), where the file system supports that.
#[cfg(unix)]
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    use std::io::ErrorKind;
    let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
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
pub(crate) fn sync(_folder: &Path) -> io::Result<()> {
    Ok(())
}
