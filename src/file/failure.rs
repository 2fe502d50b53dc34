//! The errors of files: what an I/O error means, and what to do about it.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::error::{Code, Error};
use crate::foreign_text::shown_path;

/// A path that will not do; `problem` goes on after its name.
pub(super) fn refused(path: &Path, problem: &str) -> Error {
    with_code(Code::File, path, problem)
}

/// As `refused`, under a code of its own.
pub(super) fn with_code(code: Code, path: &Path, problem: &str) -> Error {
    Error::new(code, format!("'{}' {problem}", shown_path(path)))
}

/// An I/O error at a path; `problem` is such as "cannot be read".
pub(super) fn failed(path: &Path, problem: &str, error: &io::Error) -> Error {
    let (code, advice) = match error.kind() {
        ErrorKind::StorageFull => {
            (Code::DiskFull, "the disk is full; free some space or choose another folder")
        }
        ErrorKind::QuotaExceeded => {
            (Code::DiskFull, "the quota is used up; free some space or choose another folder")
        }
        ErrorKind::PermissionDenied => {
            (Code::File, "permission denied; check the permissions of the file and its folder")
        }
        ErrorKind::ReadOnlyFilesystem => {
            (Code::File, "the file system is read-only; choose another folder")
        }
        ErrorKind::FileTooLarge => {
            (Code::File, "the file system or a limit of the process allows no file so large")
        }
        ErrorKind::NotFound => (Code::File, "it is not there any more"),
        _ => (Code::File, "check the path and the disk"),
    };
    with_code(code, path, &format!("{problem}: {advice}")).with_cause(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_has_a_code_of_its_own() {
        let code =
            |kind| failed(Path::new("out"), "cannot be written", &io::Error::from(kind)).code();
        assert_eq!(code(ErrorKind::StorageFull), Code::DiskFull);
        assert_eq!(code(ErrorKind::QuotaExceeded), Code::DiskFull);
        assert_eq!(code(ErrorKind::PermissionDenied), Code::File);
        assert_eq!(code(ErrorKind::Other), Code::File);
    }

    #[test]
    fn an_error_names_the_path_and_the_cause() {
        let error = failed(Path::new("a/b"), "cannot be read", &io::Error::other("boom"));
        assert!(error.message().starts_with("'a/b' cannot be read: "), "{error}");
        assert_eq!(error.cause(), Some("boom"));
    }
}
