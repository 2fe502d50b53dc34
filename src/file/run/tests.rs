use std::fs::{File, OpenOptions};
use std::path::Path;

use super::super::destination::unwritable;
use super::blocks::BLOCKS;
use super::*;

struct Copy;

impl Transform for Copy {
    fn head(&self) -> &[u8] {
        b"head"
    }

    fn update_length(&self, input_length: usize) -> usize {
        input_length
    }

    fn update(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
        output.copy_from_slice(input);
        Ok(input.len())
    }

    fn finish_length(&self, _input_length: usize) -> usize {
        0
    }

    fn finish(self, _input: &[u8], _output: &mut [u8]) -> Result<usize> {
        Ok(0)
    }
}

fn copy(length: usize, sink: impl Write + Send) -> Result<Lengths> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("source");
    std::fs::write(&path, vec![5; length]).unwrap();
    let source = Source::open(&path).unwrap();
    let describe = |error: &io::Error| unwritable(&path, error);
    transfer(source, sink, Copy, &Control::default(), &describe)
}

#[test]
fn a_full_disk_ends_the_run_wherever_it_shows() {
    for blocks in [0, 1, BLOCKS, 5 * BLOCKS] {
        let full: File = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let error = copy(blocks * BLOCK_LENGTH, full).unwrap_err();
        assert_eq!(error.code(), Code::DiskFull, "{blocks} blocks");
    }
}

#[test]
fn the_blocks_arrive_in_order_and_whole() {
    let short = usize::try_from(SHORT_LENGTH).unwrap();
    for length in [0, 1, SHORTEST_INPUT + 1, short, short + 1, 5 * BLOCKS * BLOCK_LENGTH + 1] {
        let mut written = Vec::new();
        let lengths = copy(length, &mut written).unwrap();
        assert_eq!(lengths, Lengths { read: length as u64, written: length as u64 + 4 });
        assert_eq!(written, [b"head".as_slice(), &vec![5; length]].concat(), "{length} bytes");
    }
}

#[test]
fn what_is_appended_to_a_short_source_meanwhile_is_read_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("source");
    std::fs::write(&path, "before").unwrap();
    let source = Source::open(&path).unwrap();
    let length = 3 * SHORTEST_INPUT;
    std::fs::write(&path, vec![5; length]).unwrap();
    let mut written = Vec::new();
    let describe = |error: &io::Error| unwritable(&path, error);
    let lengths = transfer(source, &mut written, Copy, &Control::default(), &describe).unwrap();
    assert_eq!(lengths.read, length as u64);
    assert_eq!(written.len(), length + 4);
}

#[test]
fn an_abort_after_the_last_block_leaves_no_file() {
    struct AbortedAtItsEnd<'a>(&'a Control);
    impl Transform for AbortedAtItsEnd<'_> {
        fn head(&self) -> &[u8] {
            Copy.head()
        }
        fn update_length(&self, input_length: usize) -> usize {
            input_length
        }
        fn update(&mut self, input: &[u8], output: &mut [u8]) -> Result<usize> {
            Copy.update(input, output)
        }
        fn finish_length(&self, _input_length: usize) -> usize {
            0
        }
        fn finish(self, _input: &[u8], _output: &mut [u8]) -> Result<usize> {
            self.0.cancelled.store(true, Ordering::Relaxed);
            Ok(0)
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let (source, destination) = files_in(folder.path());
    let control = Control::default();
    let error = run(source, destination, AbortedAtItsEnd(&control), &control).unwrap_err();
    assert_eq!(error.code(), Code::Aborted);
    assert!(!folder.path().join("out").exists());
}

#[test]
fn a_panic_of_the_writer_is_an_error() {
    struct Panics;
    impl Write for Panics {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            panic!("on purpose");
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    assert_eq!(copy(BLOCK_LENGTH, Panics).unwrap_err().code(), Code::Internal);
}

#[test]
fn an_abort_is_seen_before_the_next_block_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (source, destination) = files_in(folder.path());
    let control = Control::default();
    control.cancelled.store(true, Ordering::Relaxed);
    assert_eq!(run(source, destination, Copy, &control).unwrap_err().code(), Code::Aborted);
    assert_eq!(control.progress.load(Ordering::Relaxed), 0);
}

/// A source with some text, and a destination beside it.
fn files_in(folder: &Path) -> (Source, Destination) {
    let path = folder.join("source");
    std::fs::write(&path, "text").unwrap();
    let source = Source::open(&path).unwrap();
    let destination = Destination::create(folder.join("out"), false, Some(&source)).unwrap();
    (source, destination)
}
