//! Files through encryptor and decryptor: whole at their place, or nothing at all.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod place;
mod support;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use kms_envelope::error::{Code, Result};
use kms_envelope::file::{Control, Destination, Lengths, Source, run};
use kms_envelope::format::HeaderLimits;
use kms_envelope::message::{DEFAULT_FRAME_LENGTH, Transform};
use place::{Place, encryptor};

const MIB: usize = 1 << 20;

#[test]
fn a_plaintext_of_any_length_comes_back() {
    let place = Place::new();
    for length in [0, 1, 65_535, 65_536, 65_537, MIB - 1, MIB, MIB + 1, 5 * MIB] {
        for frame_length in [DEFAULT_FRAME_LENGTH, 5_000_011] {
            let plaintext = bytes(length);
            place.write("plain", &plaintext);
            let control = Control::default();
            let sealed = place.encrypt("plain", "sealed", true, frame_length, &control).unwrap();
            assert_eq!(sealed.read, length as u64);
            assert_eq!(sealed.read, control.progress.load(Ordering::Relaxed));
            assert_eq!(sealed.written, place.read("sealed").len() as u64);

            let opened = place.decrypt("sealed", "opened", true).unwrap();
            assert_eq!(opened, Lengths { read: sealed.written, written: sealed.read });
            assert!(place.read("opened") == plaintext, "{length} bytes");
        }
    }
    assert_eq!(place.names(), ["opened", "plain", "sealed"]);
}

#[test]
fn a_message_in_a_file_is_read_in_memory() {
    let place = Place::new();
    let plaintext = bytes(3 * MIB + 5);
    place.write("plain", &plaintext);
    place.encrypt("plain", "sealed", false, DEFAULT_FRAME_LENGTH, &Control::default()).unwrap();
    let sealed = place.read("sealed");
    assert!(decrypt(&sealed).unwrap() == plaintext);
}

#[test]
fn a_header_longer_than_a_step_is_read() {
    let place = Place::new();
    let value = "v".repeat(65_500);
    let context = support::context(&[("key", &value)]);
    let mut message = support::encrypt(&support::client(10), context, &[b"some plaintext"]);
    place.write("sealed", &message);
    let header = place.source("sealed").read_header(HeaderLimits::default()).unwrap();
    assert!(header.length > 65_536);
    place.decrypt("sealed", "opened", false).unwrap();
    assert_eq!(place.read("opened"), b"some plaintext");

    message.truncate(40_000);
    place.write("sealed", &message);
    let error = place.source("sealed").read_header(HeaderLimits::default()).unwrap_err();
    assert_eq!(error.code(), Code::TruncatedMessage);
}

#[test]
fn a_source_must_be_a_regular_file() {
    let place = Place::new();
    fs::create_dir(place.path("folder")).unwrap();
    let code = |name: &str| Source::open(place.path(name)).unwrap_err().code();
    assert_eq!(code("missing"), Code::FileNotFound);
    assert_eq!(code("missing/deeper"), Code::FileNotFound);
    assert_eq!(code("folder"), Code::File);
    place.write("plain", b"1234");
    assert_eq!(Source::open(place.path("plain")).unwrap().length(), 4);
}

#[test]
fn a_destination_is_refused_before_any_work() {
    let place = Place::new();
    place.write("plain", b"source");
    place.write("other", b"other");
    fs::create_dir(place.path("folder")).unwrap();
    let before = place.names();
    for (name, overwrite, code) in [
        ("other", false, Code::FileExists),
        ("plain", false, Code::File),
        ("plain", true, Code::File),
        ("folder/../plain", true, Code::File),
        ("folder", true, Code::File),
        ("folder/", true, Code::File),
        ("new/", true, Code::File),
        ("folder/..", true, Code::File),
        ("missing/new", true, Code::File),
        ("other/new", true, Code::File),
    ] {
        let error = place.destination(name, overwrite).unwrap_err();
        assert_eq!(error.code(), code, "{name}: {error}");
        assert!(error.message().contains(name), "{error}");
    }
    assert_eq!(place.names(), before);
    assert_eq!(place.read("plain"), b"source");
    assert_eq!(place.read("other"), b"other");
}

#[cfg(unix)]
#[test]
fn links_do_not_hide_the_source() {
    use std::os::unix::fs::symlink;
    let place = Place::new();
    place.write("plain", b"source");
    fs::hard_link(place.path("plain"), place.path("hard")).unwrap();
    symlink(place.path("plain"), place.path("soft")).unwrap();
    symlink(place.path("nowhere"), place.path("dangling")).unwrap();
    symlink(place.path(""), place.path("folder")).unwrap();
    for name in ["hard", "soft", "dangling", "folder/plain", "folder"] {
        let error = place.destination(name, true).unwrap_err();
        assert_eq!(error.code(), Code::File, "{name}: {error}");
    }
    assert_eq!(Source::open(place.path("soft")).unwrap().length(), 6);
    let through_link = Source::open(place.path("soft")).unwrap();
    let error = Destination::create(place.path("plain"), true, Some(&through_link)).unwrap_err();
    assert!(error.message().contains("source itself"), "{error}");
    // A folder may be reached through a link.
    place.encrypt("plain", "folder/sealed", false, 1000, &Control::default()).unwrap();
    assert!(place.path("sealed").is_file());
}

#[cfg(unix)]
#[test]
fn a_socket_or_a_device_is_neither_read_nor_replaced() {
    use std::os::unix::net::UnixListener;
    let place = Place::new();
    place.write("plain", b"source");
    let _listener = UnixListener::bind(place.path("socket")).unwrap();
    assert_eq!(Source::open(place.path("socket")).unwrap_err().code(), Code::File);
    assert_eq!(Source::open("/dev/null").unwrap_err().code(), Code::File);
    assert_eq!(place.destination("socket", true).unwrap_err().code(), Code::File);
}

#[test]
fn an_existing_file_is_replaced_only_where_allowed() {
    let place = Place::new();
    place.write("plain", b"source");
    place.write("sealed", b"precious");
    let error = place.encrypt("plain", "sealed", false, 1000, &Control::default()).unwrap_err();
    assert_eq!(error.code(), Code::FileExists);
    assert_eq!(place.read("sealed"), b"precious");
    place.encrypt("plain", "sealed", true, 1000, &Control::default()).unwrap();
    place.decrypt("sealed", "opened", false).unwrap();
    assert_eq!(place.read("opened"), b"source");
}

#[test]
fn a_file_that_appears_meanwhile_is_not_replaced() {
    let place = Place::new();
    place.write("plain", b"source");
    let source = place.source("plain");
    let destination = Destination::create(place.path("out"), false, Some(&source)).unwrap();
    place.write("out", b"precious");
    let error = run(source, destination, encryptor(1000), &Control::default()).unwrap_err();
    assert_eq!(error.code(), Code::FileExists);
    assert_eq!(place.read("out"), b"precious");
    assert_eq!(place.names(), ["out", "plain"]);
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_what_was_written() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let place = Place::new();
    place.write("plain", b"source");
    place.write("sealed", b"for all");
    fs::set_permissions(place.path("sealed"), fs::Permissions::from_mode(0o666)).unwrap();
    place.destination("other", false).unwrap().place().unwrap();
    place.encrypt("plain", "sealed", true, 1000, &Control::default()).unwrap();
    for entry in fs::read_dir(place.path("")).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if name != "plain" {
            assert_eq!(entry.metadata().unwrap().mode() & 0o777, 0o600, "{name}");
        }
    }
}

#[test]
fn a_long_name_has_a_temporary_one_too() {
    let place = Place::new();
    place.write("plain", b"source");
    for name in ["n".repeat(255), "\u{1f511}".repeat(63)] {
        place.encrypt("plain", &name, false, 1000, &Control::default()).unwrap();
        assert!(place.path(&name).is_file());
    }
}

#[test]
fn cancelling_midway_or_at_the_end_leaves_nothing() {
    let place = Place::new();
    place.write("plain", &bytes(8 * MIB));
    // The ninth turn is the end, after which the file is written to the disk and would get its name.
    for turn in [0, 1, 3, 8, 9] {
        let control = Arc::new(Control::default());
        let source = place.source("plain");
        let destination = Destination::create(place.path("out"), false, Some(&source)).unwrap();
        let transform = Interrupted { turn, control: Arc::clone(&control) };
        if turn == 0 {
            control.cancelled.store(true, Ordering::Relaxed);
        }
        let error = run(source, destination, transform, &control).unwrap_err();
        assert_eq!(error.code(), Code::Aborted);
        assert_eq!(control.progress.load(Ordering::Relaxed), (turn.min(8) * MIB) as u64);
        assert_eq!(place.names(), ["plain"]);
    }
}

#[test]
fn a_changed_or_truncated_message_leaves_nothing() {
    let place = Place::new();
    place.write("plain", &bytes(6 * MIB));
    place.encrypt("plain", "sealed", false, DEFAULT_FRAME_LENGTH, &Control::default()).unwrap();
    let sealed = place.read("sealed");
    place.write("opened", b"precious");
    let before = place.names();
    let refuse = |message: &[u8], code| {
        place.write("sealed", message);
        let error = place.decrypt("sealed", "opened", true).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
        assert_eq!(place.names(), before);
        assert_eq!(place.read("opened"), b"precious");
    };
    for length in [0, 1, 100, MIB, sealed.len() - 1] {
        refuse(&sealed[..length], Code::TruncatedMessage);
    }
    for offset in [300, MIB, 5 * MIB, sealed.len() - 1] {
        let mut changed = sealed.clone();
        changed[offset] ^= 1;
        refuse(&changed, decrypt(&changed).unwrap_err().code());
    }
    refuse(&[&sealed[..], b"more"].concat(), Code::MalformedMessage);
}

#[test]
fn a_destination_that_is_dropped_leaves_nothing() {
    let place = Place::new();
    place.write("plain", b"source");
    let destination = place.destination("out", false).unwrap();
    if cfg!(target_os = "linux") {
        assert_eq!(place.names(), ["plain"], "it has no name yet");
    }
    drop(destination);
    assert_eq!(place.names(), ["plain"]);
}

/// Copies, and fires the cancellation in one of its turns, of which `finish` is the last.
struct Interrupted {
    turn: usize,
    control: Arc<Control>,
}

impl Transform for Interrupted {
    fn update_length(&self, input_length: usize) -> usize {
        input_length
    }

    fn update(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        self.turn -= 1;
        if self.turn == 0 {
            self.control.cancelled.store(true, Ordering::Relaxed);
        }
        output.copy_from_slice(input);
        Ok(input.len())
    }

    fn finish_length(&self, _input_length: usize) -> usize {
        0
    }

    fn finish(self, _input: &[u8], _output: &mut [u8]) -> Result<usize> {
        if self.turn == 1 {
            self.control.cancelled.store(true, Ordering::Relaxed);
        }
        Ok(0)
    }
}

fn decrypt(message: &[u8]) -> Result<Vec<u8>> {
    support::decrypt(&support::client(1), &support::context(&[]), message)
}

/// Bytes without a period that a block could hide.
fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from((at ^ at >> 16) % 251).unwrap()).collect()
}
