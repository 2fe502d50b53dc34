//! What becomes of a file when the process ends while it is written; in a process of its own, in which no
//! file gets a name after that.
#![cfg(unix)]
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;

use kms_envelope::Code;
use kms_envelope::file::{Destination, remove_unfinished};

#[test]
fn an_unfinished_file_gets_no_name_once_the_process_ends_and_the_old_one_stays() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("out");
    fs::write(&place, "old").unwrap();
    let destination = Destination::create(&place, true, None).unwrap();
    (&destination).write_all(b"new").unwrap();
    remove_unfinished();
    assert_eq!(destination.place().unwrap_err().code(), Code::File);
    assert_eq!(fs::read_to_string(&place).unwrap(), "old");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
