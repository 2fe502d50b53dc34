//! The local keyring: a raw AES keyring over a key file, for development, tests and offline use.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use zeroize::Zeroizing;

use super::raw_aes::RawAesKeyring;
use crate::error::{Code, Error, Result};
use crate::folder;
use crate::foreign_text::shown_path;
use crate::materials::DataKey;

/// The key namespace of every key file, for other Encryption SDKs.
pub const NAMESPACE: &str = "kms-envelope-local";

const FIRST_FIELD: &str = "kms-envelope-key-1";
const KEY_LENGTH: usize = 32;
const NAME_LENGTH: usize = 8;
const MAX_FILE_LENGTH: u16 = 4096;

/// Reads the keyring of a key file: its namespace is [`NAMESPACE`], its name stands in the file.
///
/// # Errors
/// `KeyFile` if the file is missing, malformed, readable by others, or another user's; the message
/// says how to mend it.
pub fn read(path: &Path) -> Result<RawAesKeyring> {
    let text = read_text(path)?;
    let (name, key) = parse(&text).ok_or_else(|| {
        key_file(
            path,
            "is not a whole key file; restore it from a backup, or make a new one with \
             LocalKeyring.generate or `kms-envelope keygen` (which cannot read what the old one \
             encrypted)",
        )
    })?;
    RawAesKeyring::new(NAMESPACE, name, &key)
}

/// Makes a new key file with mode 0600; an existing file is never touched.
///
/// # Errors
/// `KeyFile` if the file exists or cannot be written.
pub fn generate(path: &Path) -> Result<()> {
    let name = DataKey::generate(NAME_LENGTH)?;
    let key = DataKey::generate(KEY_LENGTH)?;
    let key_text = Zeroizing::new(HEXLOWER.encode(key.expose()));
    let text = Zeroizing::new(format!(
        "# A wrapping key of kms-envelope. Keep it secret, and keep it: without it, what it\n\
         # encrypted is lost.\n\
         {FIRST_FIELD} {} {}\n",
        HEXLOWER.encode(name.expose()),
        key_text.as_str(),
    ));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => key_file(
            path,
            "exists already; a key file is never overwritten, as what it encrypted would be lost",
        ),
        ErrorKind::NotFound => key_file(path, "cannot be made: its folder does not exist"),
        _ => key_file(path, "cannot be made").with_cause(error.to_string()),
    })?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        // A name is on the disk only once its folder is; what the key encrypts would be lost with it.
        .and_then(|()| std::path::absolute(path))
        .and_then(|path| path.parent().map_or(Ok(()), folder::sync));
    written.map_err(|error| {
        // Half a key is worse than none.
        let _ = std::fs::remove_file(path);
        key_file(path, "cannot be written").with_cause(error.to_string())
    })
}

fn read_text(path: &Path) -> Result<Zeroizing<String>> {
    let failed = |error: io::Error| key_file(path, "cannot be read").with_cause(error.to_string());
    let file = open_at_once(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => key_file(
            path,
            "does not exist; make it with LocalKeyring.generate or `kms-envelope keygen`",
        ),
        _ => failed(error),
    })?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() || metadata.len() > MAX_FILE_LENGTH.into() {
        return Err(key_file(path, "is not a key file; give the path of one"));
    }
    #[cfg(unix)]
    refuse_others(path, &metadata)?;
    // Windows has no such mode; the folder's access list guards the file.
    #[cfg(not(unix))]
    let _: &Metadata = &metadata;
    // Room for the whole file at once: a growing buffer would leave copies of the key behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE_LENGTH.into()));
    file.take(MAX_FILE_LENGTH.into()).read_to_end(&mut bytes).map_err(failed)?;
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(_) => Err(key_file(path, "is not a key file: it is not text in UTF-8")),
    }
}

/// Opens it without waiting, as a named pipe without a writer would have it; what was opened is then
/// looked at, not what the path names at another time.
fn open_at_once(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        libc::O_NONBLOCK | libc::O_NOCTTY,
    );
    options.open(path)
}

/// Whoever owns a file can read it, and can put another key in it.
#[cfg(unix)]
fn refuse_others(path: &Path, metadata: &Metadata) -> Result<()> {
    use std::os::unix::fs::MetadataExt;
    let shown = shown_path(path);
    let (owner, own) = (metadata.uid(), rustix::process::geteuid().as_raw());
    if owner != own && owner != 0 {
        return Err(key_file(
            path,
            &format!(
                "belongs to another user (id {owner}, not {own} or root); if you trust what is in \
                 it, run: chown {own} '{shown}'"
            ),
        ));
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(key_file(
            path,
            &format!("can be read by others (mode 0{mode:o}); run: chmod 600 '{shown}'"),
        ));
    }
    Ok(())
}

/// The name and the key of a key file: comments, then one line of three fields. Editors may add a
/// byte order mark, carriage returns, and spaces at the ends of lines.
fn parse(text: &str) -> Option<(&str, Zeroizing<Vec<u8>>)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines =
        text.lines().map(str::trim_ascii).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut fields = lines.next()?.split_ascii_whitespace();
    let (Some(FIRST_FIELD), Some(name), Some(key)) = (fields.next(), fields.next(), fields.next())
    else {
        return None;
    };
    if fields.next().is_some() || lines.next().is_some() {
        return None;
    }
    let key = Zeroizing::new(HEXLOWER_PERMISSIVE.decode(key.as_bytes()).ok()?);
    (key.len() == KEY_LENGTH).then_some((name, key))
}

fn key_file(path: &Path, problem: &str) -> Error {
    Error::new(Code::KeyFile, format!("the key file '{}' {problem}", shown_path(path)))
}
