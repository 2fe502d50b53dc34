//! The buffers between what reads and what writes.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use zeroize::Zeroizing;

use crate::error::{Code, Error, Result};

/// How many blocks a ring has; the memory is theirs.
pub(super) const BLOCKS: usize = 4;

/// Where empty blocks come from, and full ones go to.
pub(super) trait Blocks {
    /// Returns an empty block; waits until there is one.
    fn take(&mut self) -> Result<Block>;

    /// Hands on a block, to be written after those before it.
    fn give(&mut self, block: Block) -> Result<()>;
}

/// A buffer that may hold plaintext: it is wiped at the end, and where it must grow.
#[derive(Default)]
pub(super) struct Block {
    bytes: Zeroizing<Vec<u8>>,
    filled: usize,
}

impl Block {
    /// Appends what `write` puts into `room` bytes, of which it returns how many it filled.
    pub(super) fn append(
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

    pub(super) fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Writes the block to `sink`, and empties it; returns its length in bytes.
    fn write_to(&mut self, sink: &mut impl Write) -> io::Result<u64> {
        sink.write_all(&self.bytes[..self.filled])?;
        Ok(std::mem::take(&mut self.filled) as u64)
    }
}

/// One block, which is written as soon as it is given.
pub(super) struct OneBlock<'a, W> {
    sink: W,
    describe: &'a dyn Fn(&io::Error) -> Error,
    block: Block,
    written: u64,
}

impl<'a, W: Write> OneBlock<'a, W> {
    /// `describe` says what a failed write to `sink` means.
    pub(super) fn new(sink: W, describe: &'a dyn Fn(&io::Error) -> Error) -> Self {
        Self { sink, describe, block: Block::default(), written: 0 }
    }

    /// How many bytes were written.
    pub(super) fn written(&self) -> u64 {
        self.written
    }
}

impl<W: Write> Blocks for OneBlock<'_, W> {
    fn take(&mut self) -> Result<Block> {
        Ok(std::mem::take(&mut self.block))
    }

    fn give(&mut self, mut block: Block) -> Result<()> {
        self.written += block.write_to(&mut self.sink).map_err(|error| (self.describe)(&error))?;
        self.block = block;
        Ok(())
    }
}

/// The reader's ends of the two channels that the blocks go round in.
///
/// There are `BLOCKS` blocks: each is with the reader, on its way in `full`, with the writer, or on its way
/// back in `empty`. So neither channel can overflow, and the reader waits when all are with the writer.
pub(super) struct Ring {
    full: SyncSender<Block>,
    empty: Receiver<Block>,
}

/// The writer's ends of the two channels.
pub(super) struct FilledBlocks {
    full: Receiver<Block>,
    empty: SyncSender<Block>,
}

/// Returns both ends of a ring of empty blocks.
pub(super) fn ring() -> (Ring, FilledBlocks) {
    let (full, to_write) = sync_channel(BLOCKS);
    let (emptied, empty) = sync_channel(BLOCKS);
    for _ in 0..BLOCKS {
        let _ = emptied.send(Block::default());
    }
    (Ring { full, empty }, FilledBlocks { full: to_write, empty: emptied })
}

impl Blocks for Ring {
    fn take(&mut self) -> Result<Block> {
        self.empty.recv().map_err(|_| writer_has_ended())
    }

    fn give(&mut self, block: Block) -> Result<()> {
        self.full.send(block).map_err(|_| writer_has_ended())
    }
}

impl FilledBlocks {
    /// Writes the blocks until the reader's end is dropped; returns their length in bytes.
    pub(super) fn write_to(self, mut sink: impl Write) -> io::Result<u64> {
        let Self { full, empty } = self;
        let mut written = 0;
        for mut block in full {
            written += block.write_to(&mut sink)?;
            // The reader may have ended; nobody needs the block then.
            let _ = empty.send(block);
        }
        Ok(written)
    }
}

fn writer_has_ended() -> Error {
    Error::new(Code::Internal, "the writing thread has ended")
}
