//! What the targets share: messages of known plaintext, and edits of them.

#[path = "../../tests/support/messages.rs"]
mod messages;

use std::sync::Arc;

use kms_envelope::client::{Client, Settings};
use kms_envelope::error::Code;
use kms_envelope::suite::{CommitmentPolicy, SUITES};
use libfuzzer_sys::arbitrary::{self, Arbitrary};

pub use messages::{
    context, cut, decrypt, decrypt_pieces, decrypt_ranges, encrypt, header, keyring,
};

/// A suite, by its place in the table, and a frame length.
#[derive(Arbitrary, Debug, Clone, Copy)]
pub struct Shape {
    pub suite: u8,
    pub frame_length: u16,
}

impl Shape {
    /// A client that writes messages of this shape.
    pub fn client(self) -> Client {
        let suite = &SUITES[usize::from(self.suite) % SUITES.len()];
        let commitment_policy = if suite.commits() {
            CommitmentPolicy::RequireEncryptAllowDecrypt
        } else {
            CommitmentPolicy::ForbidEncryptAllowDecrypt
        };
        let frame_length = u32::from(self.frame_length).max(1);
        let settings = Settings { suite, commitment_policy, frame_length, ..Settings::default() };
        Client::new(Arc::new(keyring()), settings).unwrap()
    }
}

/// A change of a message's body, frame by frame.
#[derive(Arbitrary, Debug)]
pub enum Edit {
    Swap(u8, u8),
    Drop(u8),
    Repeat(u8),
    /// In place of a frame, the one of that number of another message.
    Foreign(u8),
    Flip {
        frame: u8,
        at: u16,
        bits: u8,
    },
    Set {
        frame: u8,
        at: u16,
        value: u8,
    },
    Cut(u16),
    Append(u8),
}

/// Applies the edits to the body of `message`; `other` is where foreign frames come from.
pub fn edit(message: &[u8], other: &[u8], edits: &[Edit]) -> Vec<u8> {
    let (head, mut frames) = split(message);
    let (_, foreign) = split(other);
    for edit in edits {
        let count = frames.len();
        if count == 0 {
            break;
        }
        let at = |frame: &u8| usize::from(*frame) % count;
        match edit {
            Edit::Swap(a, b) => frames.swap(at(a), at(b)),
            Edit::Drop(frame) => drop(frames.remove(at(frame))),
            Edit::Repeat(frame) => frames.insert(at(frame), frames[at(frame)].clone()),
            Edit::Foreign(frame) => {
                if let Some(from) = foreign.get(at(frame)) {
                    frames[at(frame)].clone_from(from);
                }
            }
            Edit::Flip { frame, at: byte, bits } => {
                if let Some(byte) = pick(&mut frames[at(frame)], *byte) {
                    *byte ^= bits;
                }
            }
            Edit::Set { frame, at: byte, value } => {
                if let Some(byte) = pick(&mut frames[at(frame)], *byte) {
                    *byte = *value;
                }
            }
            Edit::Cut(length) => {
                if let Some(last) = frames.last_mut() {
                    last.truncate(last.len().saturating_sub(usize::from(*length)));
                }
            }
            Edit::Append(byte) => {
                if let Some(last) = frames.last_mut() {
                    last.push(*byte);
                }
            }
        }
    }
    [head.to_vec(), frames.concat()].concat()
}

fn pick(frame: &mut [u8], at: u16) -> Option<&mut u8> {
    let length = frame.len();
    frame.get_mut(usize::from(at).checked_rem(length)?)
}

/// The header and the frames of a genuine message; what follows the last is counted to it.
fn split(message: &[u8]) -> (&[u8], Vec<Vec<u8>>) {
    let header = header(message);
    let (head, body) = message.split_at(header.length);
    let size = header.division.frame_length() + 32;
    let last = body.chunks(size).position(|frame| frame.starts_with(&[0xff; 4])).unwrap();
    let (regular, rest) = body.split_at(last * size);
    let frames = regular.chunks(size).chain([rest]).map(<[u8]>::to_vec).collect();
    (head, frames)
}

/// In one piece and streamed, a message has one outcome; a stream may have released more before it.
pub fn outcome(client: &Client, message: &[u8], seed: u64) -> (Result<Vec<u8>, Code>, Vec<u8>) {
    let given = context(&[]);
    let whole = decrypt(client, &given, message).map_err(|error| error.code());
    let (released, ended) = decrypt_pieces(client, &given, cut(message, seed));
    let streamed = ended.map(|()| released.clone()).map_err(|error| error.code());
    assert_eq!(whole, streamed, "in one piece and streamed");
    (whole, released)
}
