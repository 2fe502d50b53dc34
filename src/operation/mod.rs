//! One operation on one message: it is read, or written, or read and written anew.
//!
//! What memory, streams, files and ranges have in common: where the keys of a message come from,
//! whether they are there now or must be waited for, and which context a new message gets.

mod file;
mod header_reader;
mod start;
mod started;

pub use file::{FileOperation, FileStart, PreparedFile};
pub use header_reader::HeaderReader;
pub use start::{Operation, Reader, Start, Writer};
pub use started::Started;
