//! AWS-LC by itself: seals and opens the frames of a message, without a message.

#![allow(dead_code, reason = "each benchmark uses its part")]

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

/// The plaintext length of a frame, in bytes.
pub const FRAME: usize = 64 * 1024;
/// What stands before and after the ciphertext of a frame, in bytes.
const HEAD: usize = 16;
const TAG: usize = 16;
/// As long as what a frame authenticates.
const AAD: [u8; 72] = [7; 72];

/// How long the frames of a plaintext are, in bytes.
pub fn sealed_length(length: usize) -> usize {
    length + length.div_ceil(FRAME).max(1) * (HEAD + TAG)
}

/// A key as a message has it.
pub fn key() -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &[1; 32]).unwrap())
}

/// Seals all frames, on so many threads.
pub fn seal(key: &LessSafeKey, plaintext: &[u8], output: &mut [u8], threads: usize) {
    let share = frames_of_each(plaintext.len(), threads);
    let inputs = plaintext.chunks(share * FRAME);
    let outputs = output.chunks_mut(share * (HEAD + FRAME + TAG));
    on_threads(inputs.zip(outputs).enumerate(), |(part, (input, output))| {
        let frames = input.chunks(FRAME).zip(output.chunks_mut(HEAD + FRAME + TAG));
        for (i, (plaintext, frame)) in frames.enumerate() {
            let (ciphertext, tag) = frame[HEAD..].split_at_mut(plaintext.len());
            let aad = Aad::from(&AAD);
            let nonce = nonce(part * share + i);
            key.seal_out_of_place_scatter(nonce, aad, plaintext, ciphertext, &[], tag).unwrap();
        }
    });
}

/// Opens all frames, on so many threads.
pub fn open(key: &LessSafeKey, sealed: &[u8], output: &mut [u8], threads: usize) {
    let share = frames_of_each(output.len(), threads);
    let inputs = sealed.chunks(share * (HEAD + FRAME + TAG));
    let outputs = output.chunks_mut(share * FRAME);
    on_threads(inputs.zip(outputs).enumerate(), |(part, (input, output))| {
        let frames = input.chunks(HEAD + FRAME + TAG).zip(output.chunks_mut(FRAME));
        for (i, (frame, plaintext)) in frames.enumerate() {
            let (ciphertext, tag) = frame[HEAD..].split_at(plaintext.len());
            let aad = Aad::from(&AAD);
            let nonce = nonce(part * share + i);
            key.open_separate_gather(nonce, aad, ciphertext, tag, plaintext).unwrap();
        }
    });
}

fn frames_of_each(length: usize, threads: usize) -> usize {
    length.div_ceil(FRAME).div_ceil(threads).max(1)
}

/// The calling thread does its part, too.
fn on_threads<T: Send>(mut parts: impl Iterator<Item = T>, work: impl Fn(T) + Sync) {
    let Some(own) = parts.next() else { return };
    std::thread::scope(|scope| {
        let work = &work;
        for part in parts {
            scope.spawn(move || work(part));
        }
        work(own);
    });
}

fn nonce(index: usize) -> Nonce {
    let mut bytes = [0; 12];
    bytes[4..].copy_from_slice(&(index as u64).to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}
