//! The way from one file to the other. Of a long file, one thread reads and does the ciphers, and another writes.

mod blocks;

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use zeroize::Zeroizing;

use self::blocks::{Blocks, OneBlock, ring};
use super::destination::Destination;
use super::source::Source;
use crate::error::{Code, Error, Result};
use crate::message::Transform;
use crate::threads;

/// The most bytes of the source in one turn.
const BLOCK_LENGTH: usize = 1 << 20;
/// The fewest bytes of the source in one turn: a file may grow while it is read.
const SHORTEST_INPUT: usize = 1 << 14;
/// Up to this length in bytes, a second thread gains nothing.
const SHORT_LENGTH: u64 = 1 << 18;

/// What others see and say while [`run`] is under way.
#[derive(Debug, Default)]
pub struct Control {
    /// Bytes of the source read so far, its header among them.
    pub progress: AtomicU64,
    /// Set it, and the run ends with `Aborted` at the next block.
    pub cancelled: AtomicBool,
}

/// What a run has moved, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lengths {
    /// The length of the source, with a header that was read before.
    pub read: u64,
    /// The length of the destination, with the head.
    pub written: u64,
}

/// Writes all that the transform makes of the source, and puts the destination in place.
///
/// # Errors
/// What the transform says; `Aborted`, `DiskFull`, `File`, `FileExists`. Nothing is left behind.
pub fn run(
    source: Source,
    destination: Destination,
    transform: impl Transform,
    control: &Control,
) -> Result<Lengths> {
    let describe = |error: &io::Error| destination.unwritable(error);
    let lengths = transfer(source, &destination, transform, control, &describe)?;
    destination.sync()?;
    // That may have taken long.
    control.check()?;
    destination.place()?;
    Ok(lengths)
}

impl Control {
    fn check(&self) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Error::new(Code::Aborted, "the operation was aborted"));
        }
        Ok(())
    }
}

fn transfer(
    source: Source,
    sink: impl Write + Send,
    transform: impl Transform,
    control: &Control,
    describe: &dyn Fn(&io::Error) -> Error,
) -> Result<Lengths> {
    if source.length() <= SHORT_LENGTH {
        return on_this_thread(source, sink, transform, control, describe);
    }
    on_two_threads(source, sink, transform, control, describe)
}

/// Writes each block before the next is read: a short file takes less time than a thread takes to start.
fn on_this_thread(
    source: Source,
    sink: impl Write,
    transform: impl Transform,
    control: &Control,
    describe: &dyn Fn(&io::Error) -> Error,
) -> Result<Lengths> {
    let mut blocks = OneBlock::new(sink, describe);
    let read = produce(source, transform, control, &mut blocks)?;
    Ok(Lengths { read, written: blocks.written() })
}

fn on_two_threads(
    source: Source,
    sink: impl Write + Send,
    transform: impl Transform,
    control: &Control,
    describe: &dyn Fn(&io::Error) -> Error,
) -> Result<Lengths> {
    let (mut blocks, filled) = ring();
    thread::scope(|scope| {
        let writer = threads::builder("kms-envelope-write")
            .spawn_scoped(scope, || filled.write_to(sink))
            .map_err(|error| threads::unavailable(&error))?;
        let read = produce(source, transform, control, &mut blocks);
        // The writer ends when no further block can come.
        drop(blocks);
        // Where the writer has failed, that is why the reader has, too.
        let written = writer
            .join()
            .map_err(|_| Error::new(Code::Internal, "the writing thread has failed"))?
            .map_err(|error| describe(&error))?;
        Ok(Lengths { read: read?, written })
    })
}

/// Reads and transforms to the end of the source; returns its length.
fn produce(
    mut source: Source,
    mut transform: impl Transform,
    control: &Control,
    blocks: &mut impl Blocks,
) -> Result<u64> {
    let mut input = Zeroizing::new(vec![0; input_length(&source)]);
    let mut block = blocks.take()?;
    let head = transform.head();
    block.append(head.len(), |room| {
        room.copy_from_slice(head);
        Ok(head.len())
    })?;
    loop {
        control.check()?;
        let length = source.read(&mut input)?;
        control.progress.store(source.position(), Ordering::Relaxed);
        if length == 0 {
            break;
        }
        block.append(transform.update_length(length), |room| {
            transform.update(&input[..length], room)
        })?;
        // An empty one is kept: as a long frame gathers, only this block needs the room for it.
        if !block.is_empty() {
            blocks.give(block)?;
            block = blocks.take()?;
        }
    }
    block.append(transform.finish_length(0), |room| transform.finish(&[], room))?;
    blocks.give(block)?;
    Ok(source.position())
}

/// How many bytes are read in one turn: no more than there are, for all of the buffer is wiped in the end.
fn input_length(source: &Source) -> usize {
    let length = usize::try_from(source.length()).unwrap_or(BLOCK_LENGTH);
    length.clamp(SHORTEST_INPUT, BLOCK_LENGTH)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
