//! The file that is read.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::failure::{failed, refused, with_code};
use crate::error::{Code, Error, Result};
use crate::format::{Header, HeaderLimits, HeaderParser};

const HEADER_STEP: usize = 64 * 1024;
const UNREADABLE: &str = "cannot be read";

/// A regular file, open for reading.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    file: File,
    length: u64,
    /// How much of the file the header, and what was read after it, takes.
    position: u64,
    /// What was read together with the header, but stands after it.
    leftover: Vec<u8>,
}

impl Source {
    /// Opens the file; a symbolic link is followed.
    ///
    /// # Errors
    /// `FileNotFound` if it does not exist; `File` if it is not a regular file or cannot be read.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self> {
        let path = path.into();
        let failure = |error: io::Error| match error.kind() {
            ErrorKind::NotFound => {
                with_code(Code::FileNotFound, &path, "does not exist; check the path")
            }
            _ => failed(&path, UNREADABLE, &error),
        };
        // Before it is opened: opening a device may do something.
        check_regular(&path, &std::fs::metadata(&path).map_err(failure)?)?;
        let mut options = OpenOptions::new();
        options.read(true);
        // What stands there by now may be a named pipe, which would be waited for.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
        let file = options.open(&path).map_err(failure)?;
        let metadata = file.metadata().map_err(failure)?;
        check_regular(&path, &metadata)?;
        Ok(Self { path, file, length: metadata.len(), position: 0, leftover: Vec::new() })
    }

    /// The length of the file when it was opened, in bytes.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Reads the header of a message and no more: what is read next is its body.
    ///
    /// # Errors
    /// As [`Header::parse`]; `File` if the file cannot be read.
    pub fn read_header(&mut self, limits: HeaderLimits) -> Result<Header> {
        let mut parser = HeaderParser::new(limits);
        let mut bytes = std::mem::take(&mut self.leftover);
        loop {
            if let Some(header) = parser.advance(&bytes)? {
                self.leftover = bytes.split_off(header.length);
                self.position += header.length as u64;
                return Ok(header);
            }
            let known = bytes.len();
            bytes.resize(known + HEADER_STEP, 0);
            let read = self.fill(&mut bytes[known..])?;
            if read == 0 {
                return Err(Error::truncated());
            }
            bytes.truncate(known + read);
        }
    }

    /// Fills `output` unless the file ends before, and returns how much was read.
    pub(super) fn read(&mut self, output: &mut [u8]) -> Result<usize> {
        let from_leftover = self.leftover.len().min(output.len());
        output[..from_leftover].copy_from_slice(&self.leftover[..from_leftover]);
        self.leftover.drain(..from_leftover);
        let read = from_leftover + self.fill(&mut output[from_leftover..])?;
        self.position += read as u64;
        Ok(read)
    }

    /// How many bytes of the file were given out, the header among them.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    fn fill(&mut self, output: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while filled < output.len() {
            match self.file.read(&mut output[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(&self.path, UNREADABLE, &error)),
            }
        }
        Ok(filled)
    }
}

fn check_regular(path: &Path, metadata: &Metadata) -> Result<()> {
    if metadata.is_dir() {
        return Err(refused(path, "is a folder; give the path of a file"));
    }
    if !metadata.is_file() {
        return Err(refused(
            path,
            "is not a regular file; read a pipe or a device as a stream, or as standard input",
        ));
    }
    Ok(())
}
