//! The way from one file to the other: reading and ciphers on one thread, writing on another.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use zeroize::Zeroizing;

use super::destination::Destination;
use super::source::Source;
use crate::error::{Code, Error, Result};
use crate::message::Transform;
use crate::threads;

/// Bytes of the source per turn.
const BLOCK_LENGTH: usize = 1 << 20;
/// How many blocks exist; the memory is theirs.
const BLOCKS: usize = 4;

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
    let (full, to_write) = sync_channel(BLOCKS);
    let (emptied, empty) = sync_channel(BLOCKS);
    for _ in 0..BLOCKS {
        let _ = emptied.send(Block::default());
    }
    thread::scope(|scope| {
        let writer = threads::builder("kms-envelope-write")
            .spawn_scoped(scope, || write(sink, to_write, emptied))
            .map_err(|error| threads::unavailable(&error))?;
        let read = produce(source, transform, control, Blocks { full, empty });
        // Where the writer has failed, that is why the reader has, too.
        let written = writer
            .join()
            .map_err(|_| internal("the writing thread has failed"))?
            .map_err(|error| describe(&error))?;
        Ok(Lengths { read: read?, written })
    })
}

/// Reads and transforms to the end of the source; returns its length.
fn produce(
    mut source: Source,
    mut transform: impl Transform,
    control: &Control,
    blocks: Blocks,
) -> Result<u64> {
    let mut input = Zeroizing::new(vec![0; BLOCK_LENGTH]);
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
        if block.filled > 0 {
            blocks.give(block)?;
            block = blocks.take()?;
        }
    }
    block.append(transform.finish_length(0), |room| transform.finish(&[], room))?;
    blocks.give(block)?;
    Ok(source.position())
}

fn write(
    mut sink: impl Write,
    blocks: Receiver<Block>,
    emptied: SyncSender<Block>,
) -> io::Result<u64> {
    let mut written = 0;
    for mut block in blocks {
        sink.write_all(&block.bytes[..block.filled])?;
        written += block.filled as u64;
        block.filled = 0;
        // The reader may have ended; nobody needs the block then.
        let _ = emptied.send(block);
    }
    Ok(written)
}

/// The reader's ends of the two channels that the blocks go round in.
///
/// There are `BLOCKS` blocks: each is with the reader, on its way in `full`, with the writer, or on its way
/// back in `empty`. So neither channel can overflow, and the reader waits when all are with the writer.
struct Blocks {
    full: SyncSender<Block>,
    empty: Receiver<Block>,
}

impl Blocks {
    fn take(&self) -> Result<Block> {
        self.empty.recv().map_err(|_| internal("the writing thread has ended"))
    }

    fn give(&self, block: Block) -> Result<()> {
        self.full.send(block).map_err(|_| internal("the writing thread has ended"))
    }
}

/// A buffer that may hold plaintext: it is wiped at the end, and where it must grow.
#[derive(Default)]
struct Block {
    bytes: Zeroizing<Vec<u8>>,
    filled: usize,
}

impl Block {
    fn append(
        &mut self,
        room: usize,
        write: impl FnOnce(&mut [u8]) -> Result<usize>,
    ) -> Result<()> {
        let needed = self.filled + room;
        if needed > self.bytes.len() {
            let mut grown = Zeroizing::new(vec![0; needed.max(2 * self.bytes.len())]);
            grown[..self.filled].copy_from_slice(&self.bytes[..self.filled]);
            self.bytes = grown;
        }
        self.filled += write(&mut self.bytes[self.filled..needed])?;
        Ok(())
    }
}

fn internal(problem: &str) -> Error {
    Error::new(Code::Internal, problem)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
